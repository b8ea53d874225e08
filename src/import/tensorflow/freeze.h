#pragma once
#include <string>
#include <vector>

#include "import/tensorflow/source_graph.h"
#include "import/tensorflow/variables.h"

namespace temper::tensorflow {

/// A GraphDef that is what `ends` depend on, with constants for variables:
///     w = VariableV2(); y = MatMul(x, Identity(w))                  =>  w = Const(); y = MatMul(x, Identity(w))
///     w = VarHandleOp(); y = PartitionedCall(x, w) { ReadVariableOp(w) ... }  =>  w = Const(); y = PartitionedCall(x, w) { Identity(w) ... }
/// Names are kept. Functions take tensors where they took handles; one that is called both ways or with other types becomes several. Nodes that `cut` flags are
/// kept without what they depend on. Left out are control edges from what is left out, devices, colocation, and what serves gradients.
/// `graph` is the message that `source` is of; `contents` gains those of the variables. Throws ModelError where a variable has no value, naming all that have none, and where one
/// is changed or used otherwise than read.
GraphDef freeze(GraphDef& graph, SourceGraph& source, const std::vector<SourceEdge>& ends, const std::vector<bool>& cut, Contents& contents, Variables& variables);

}  // namespace temper::tensorflow
