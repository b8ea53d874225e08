#pragma once
#include <filesystem>
#include <memory>
#include <string_view>

#include "import/tensorflow/contents.h"
#include "import/tensorflow/proto/graph.pb.h"

namespace temper::tensorflow {

struct GraphFile {
  std::unique_ptr<GraphDef> graph;
  bool text = false;
  /// What the graph leaves in the file; only of binary ones.
  Contents contents = {};
};

/// Reads a GraphDef, binary or text. Large contents of a binary one stay in the file, which is read again when they are asked for. Throws ModelError where the file is empty, above 2 GB, not
/// a GraphDef, or without nodes; the message says which, and for text at what line.
GraphFile read_graph_def(const std::filesystem::path& path);

/// The same from bytes in memory, which have to live as long as the result, and where contents of more than
/// `large_bytes` stay.
GraphFile parse_graph_def(std::string_view bytes, std::size_t large_bytes = kLargeContentBytes);

}  // namespace temper::tensorflow
