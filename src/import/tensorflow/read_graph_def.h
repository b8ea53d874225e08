#pragma once
#include <filesystem>
#include <memory>
#include <string_view>

#include "import/tensorflow/proto/graph.pb.h"

namespace temper::tensorflow {

struct GraphFile {
  std::unique_ptr<GraphDef> graph;
  bool text = false;
};

/// Reads a GraphDef, binary or text, holding its content once. Throws ModelError where the file is empty, above 2 GB, not
/// a GraphDef, or without nodes; the message says which, and for text at what line.
GraphFile read_graph_def(const std::filesystem::path& path);

/// The same from bytes in memory.
GraphFile parse_graph_def(std::string_view bytes);

}  // namespace temper::tensorflow
