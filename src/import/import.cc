#include "import/import.h"

#include <algorithm>
#include <array>

#include "import/keras/import_keras.h"
#include "import/keras/open_model.h"
#include "import/onnx/import_model.h"
#include "import/tensorflow/import_graph_def.h"
#include "import/tensorflow/locate.h"
#include "import/tensorflow/meta_graph.h"
#include "import/tensorflow/read_graph_def.h"

namespace temper {
namespace {

using Path = std::filesystem::path;

Graph import_tensorflow(const Path& path, const ImportOptions& options) {
  const auto files = tensorflow::locate(path);
  if (files.kind == tensorflow::FileKind::kGraph) return tensorflow::import_graph_def(tensorflow::read_graph_def(files.file), options);
  return tensorflow::import_meta_graph(files, options);
}

ModelSummary summarise_tensorflow(const Path& path, const ImportOptions& options) {
  const auto files = tensorflow::locate(path);
  if (files.kind != tensorflow::FileKind::kGraph) return tensorflow::summarise_meta_graph(files, options);
  const auto file = tensorflow::read_graph_def(files.file);
  ModelSummary summary = tensorflow::summarise_graph_def(file, options);
  summary.format = fmt::format("TensorFlow graph ({})", file.text ? "text" : "binary");
  const int producer = file.graph->versions().producer();
  summary.producer = producer == 0 ? "unknown" : fmt::format("GraphDef version {}", producer);
  return summary;
}

bool recognises_onnx(const Path& path) { return std::filesystem::is_regular_file(path) && onnx::is_onnx_model(FileSource(path)); }

Graph import_onnx(const Path& path, const ImportOptions& options) {
  onnx::ModelFile file = onnx::read_onnx(path);
  return onnx::import_onnx(file, options);
}

ModelSummary summarise_onnx(const Path& path, const ImportOptions& options) {
  onnx::ModelFile file = onnx::read_onnx(path);
  return onnx::summarise_onnx(file, options);
}

/// A family of formats, known by content.
struct Format {
  bool (*recognises)(const Path& path);
  Graph (*import)(const Path& path, const ImportOptions& options);
  ModelSummary (*summarise)(const Path& path, const ImportOptions& options);
};

/// The first that recognises a path reads it. What no one knows is TensorFlow's to refuse: its graphs begin with anything.
constexpr std::array kFormats{
    Format{keras::recognises, keras::import_keras, keras::summarise_keras},
    Format{recognises_onnx, import_onnx, summarise_onnx},
    Format{[](const Path&) { return true; }, import_tensorflow, summarise_tensorflow},
};

const Format& format_of(const Path& path) {
  return *std::ranges::find_if(kFormats, [&](const Format& format) { return format.recognises(path); });
}

}  // namespace

Graph import_model(const Path& path, const ImportOptions& options) {
  return in_context([&] { return path.string(); }, [&] { return format_of(path).import(path, options); });
}

ModelSummary summarise_model(const Path& path, const ImportOptions& options) {
  return in_context([&] { return path.string(); }, [&] { return format_of(path).summarise(path, options); });
}

}  // namespace temper
