#pragma once
#include <vector>

#include "engine/session.h"

namespace temper {

/// One tensor per input of the graph, in its order, each of its dtype. A name may end in ":0", and be empty where the graph
/// has one input. Throws ModelError, naming the input, where one is missing, unknown, given twice or does not fit.
Tensors bind_inputs(const Graph& graph, const std::vector<NamedTensor>& given);

/// The same numbers in another dtype. Throws ModelError, naming the first, where a number would be lost; rounding to a
/// shorter float is no loss.
Tensor converted(const Tensor& tensor, DType dtype);

}  // namespace temper
