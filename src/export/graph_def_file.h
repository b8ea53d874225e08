#pragma once
#include <filesystem>

#include "import/tensorflow/read_graph_def.h"

namespace temper {

/// Writes a GraphDef with the contents that it leaves in other files; nodes are written one by one, so that no more than the largest is held. Throws ModelError where
/// it passes 2 GB, contents cannot be read, or the file cannot be written, which is then as it was.
void write_graph_def(const tensorflow::GraphFile& graph, const std::filesystem::path& path, bool text);

}  // namespace temper
