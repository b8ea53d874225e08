#pragma once
#include <cstddef>
#include <optional>

#include "ir/graph.h"

namespace temper {

/// What one run of a graph takes, as far as its shapes are known.
struct GraphCost {
  double flops = 0;  ///< of convolutions and matrix products; a multiplication and an addition are two
  std::size_t uncounted_products = 0;     ///< convolutions and matrix products of unknown shape
  std::size_t peak_activation_bytes = 0;  ///< most bytes alive at once when nodes run in order, constants left out
  std::size_t unsized_values = 0;         ///< values of unknown size, which peak_activation_bytes leaves out
  bool has_regions = false;               ///< bodies of loops and branches are counted once each
};

GraphCost estimate_cost(const Graph& graph);

/// 2 x multiplications of a node that is a convolution or matrix product; none where they cannot be counted (open
/// shapes, einsum), 0 of any other node.
std::optional<double> product_flops(const Graph& graph, const Node& node);

}  // namespace temper
