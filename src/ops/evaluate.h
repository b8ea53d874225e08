#pragma once
#include "ir/graph.h"

namespace temper {

/// Runs `graph` on its operators' reference kernels, one node after another: the definition of what a graph means.
/// `inputs` are in the order of graph.inputs(), results in that of graph.outputs(). Throws ModelError, naming the node.
Tensors evaluate(const Graph& graph, Inputs inputs);

/// One node on tensors, likewise.
Tensors evaluate_node(const Node& node, Inputs inputs);

}  // namespace temper
