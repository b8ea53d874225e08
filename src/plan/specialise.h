#pragma once
#include <span>

#include "ir/graph.h"

namespace temper {

/// What is known of each value of a graph, by index, once its inputs are of these facts. What depends on constants and shapes alone is
/// evaluated: it is a constant then, and the nodes that made it need not run.
Facts specialise(const Graph& graph, std::span<const Fact> inputs);

/// The nodes that have to run under these facts for the graph's outputs, producers first.
std::vector<NodeId> live_nodes(const Graph& graph, const Facts& facts);

}  // namespace temper
