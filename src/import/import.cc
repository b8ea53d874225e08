#include "import/import.h"

#include "import/tensorflow/import_graph_def.h"
#include "import/tensorflow/locate.h"
#include "import/tensorflow/meta_graph.h"
#include "import/tensorflow/read_graph_def.h"

namespace temper {
namespace {

Graph import_tensorflow(const std::filesystem::path& path, const ImportOptions& options) {
  const auto files = tensorflow::locate(path);
  if (files.kind == tensorflow::FileKind::kGraph) return tensorflow::import_graph_def(tensorflow::read_graph_def(files.file), options);
  return tensorflow::import_meta_graph(files, options);
}

ModelSummary summarise_tensorflow(const std::filesystem::path& path, const ImportOptions& options) {
  const auto files = tensorflow::locate(path);
  if (files.kind != tensorflow::FileKind::kGraph) return tensorflow::summarise_meta_graph(files, options);
  const auto file = tensorflow::read_graph_def(files.file);
  ModelSummary summary = tensorflow::summarise_graph_def(file, options);
  summary.format = fmt::format("TensorFlow graph ({})", file.text ? "text" : "binary");
  const int producer = file.graph->versions().producer();
  summary.producer = producer == 0 ? "unknown" : fmt::format("GraphDef version {}", producer);
  return summary;
}

}  // namespace

Graph import_model(const std::filesystem::path& path, const ImportOptions& options) {
  return in_context([&] { return path.string(); }, [&] { return import_tensorflow(path, options); });
}

ModelSummary summarise_model(const std::filesystem::path& path, const ImportOptions& options) {
  return in_context([&] { return path.string(); }, [&] { return summarise_tensorflow(path, options); });
}

}  // namespace temper
