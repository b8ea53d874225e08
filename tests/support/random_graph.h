#pragma once
#include <cstdint>

#include "ir/graph.h"

namespace temper::testing {

/// A valid graph of about `node_count` nodes drawn from a seed: layers of networks (convolutions, products, pools, norms,
/// activations, residuals), movements (transposes, reshapes, pads, slices, splits, concatenations), reductions, groups that
/// mean something together, branches, and duplicates. Some dims of inputs are not known. With random_inputs (unknown dims are
/// 3) it computes numbers of moderate size, so that answers may be compared to rounding.
Graph random_graph(std::uint64_t seed, std::size_t node_count);

}  // namespace temper::testing
