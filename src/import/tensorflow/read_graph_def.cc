#include "import/tensorflow/read_graph_def.h"

#include "base/error.h"
#include "import/tensorflow/read_message.h"

namespace temper::tensorflow {
namespace {

GraphFile parse(std::shared_ptr<const ByteSource> source, std::size_t large_bytes) {
  GraphFile file{std::make_unique<GraphDef>(), looks_like_text(sample_of(*source)), {}};
  read_message(*file.graph, Root::kGraph, std::move(source), large_bytes, "a TensorFlow graph", file.contents);
  require(file.graph->node_size() > 0, "holds no nodes, so it is not a TensorFlow graph");
  return file;
}

}  // namespace

GraphFile read_graph_def(const std::filesystem::path& path) { return parse(std::make_shared<const FileSource>(path), kLargeContentBytes); }

GraphFile parse_graph_def(std::string_view bytes, std::size_t large_bytes) {
  return parse(std::make_shared<const MemorySource>(std::as_bytes(std::span(bytes))), large_bytes);
}

}  // namespace temper::tensorflow
