#include "import/import.h"

#include "import/onnx/import_model.h"
#include "import/tensorflow/import_graph_def.h"
#include "import/tensorflow/read_graph_def.h"

namespace temper {
namespace {

auto with_onnx(const std::filesystem::path& path, auto&& body) {
  return in_context([&] { return path.string(); },
                    [&] {
                      onnx::ModelFile file = onnx::read_onnx(path);
                      return body(file);
                    });
}

auto with_graph_def(const std::filesystem::path& path, auto&& body) {
  return in_context([&] { return path.string(); },
                    [&] {
                      const tensorflow::GraphFile file = tensorflow::read_graph_def(path);
                      return body(file);
                    });
}

}  // namespace

Graph import_model(const std::filesystem::path& path, const ImportOptions& options) {
  if (onnx::is_onnx_model(FileSource(path))) {
    return with_onnx(path, [&](onnx::ModelFile& file) { return onnx::import_onnx(file, options); });
  }
  return with_graph_def(path, [&](const tensorflow::GraphFile& file) {
    return tensorflow::import_graph_def(file, options);
  });
}

ModelSummary summarise_model(const std::filesystem::path& path, const ImportOptions& options) {
  if (onnx::is_onnx_model(FileSource(path))) {
    return with_onnx(path, [&](onnx::ModelFile& file) { return onnx::summarise_onnx(file, options); });
  }
  return with_graph_def(path, [&](const tensorflow::GraphFile& file) {
    ModelSummary summary = tensorflow::summarise_graph_def(file, options);
    summary.format = fmt::format("TensorFlow graph ({})", file.text ? "text" : "binary");
    const int producer = file.graph->versions().producer();
    summary.producer = producer == 0 ? "unknown" : fmt::format("GraphDef version {}", producer);
    return summary;
  });
}

}  // namespace temper
