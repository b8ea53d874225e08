#include "eval/cost.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ir/constant.h"
#include "ops/nn/conv.h"
#include "ops/nn/conv_transpose.h"

namespace temper {
namespace {

std::optional<double> elements_of(const Fact& fact) {
  const Dim elements = fact.shape.elements();
  if (!elements.known()) return std::nullopt;
  return static_cast<double>(elements.value());
}

std::optional<double> last_dim_of(const Fact& fact) {
  if (!fact.shape.rank_known() || fact.shape.rank() == 0) return std::nullopt;
  const Dim last = fact.shape.dims().back();
  if (!last.known() || last.is(0)) return std::nullopt;
  return static_cast<double>(last.value());
}

/// Each element of `spread` (the output; the input of a transposed convolution) meets the filter's elements of its
/// channel.
std::optional<double> convolution_flops(const Fact& spread, const Fact& filter) {
  const auto points = elements_of(spread);
  const auto channels = last_dim_of(spread);
  const auto weights = elements_of(filter);
  if (!points || !channels || !weights) return std::nullopt;
  return 2 * *points * *weights / *channels;
}

/// Elements of the matrices in the last two dims.
std::optional<double> matrix_elements(const Fact& fact) {
  if (!fact.shape.rank_known() || fact.shape.rank() < 2) return std::nullopt;
  const auto& dims = fact.shape.dims();
  const Dim product = map_dims([](auto a, auto b) { return a * b; }, dims[dims.size() - 2], dims[dims.size() - 1]);
  if (!product.known()) return std::nullopt;
  return static_cast<double>(product.value());
}

/// With a = M K, b = K N and c = M N the inner dim is sqrt(a b / c), whichever operand is transposed.
std::optional<double> matmul_flops(const Fact& left, const Fact& right, const Fact& out) {
  const auto a = matrix_elements(left);
  const auto b = matrix_elements(right);
  const auto c = matrix_elements(out);
  const auto points = elements_of(out);
  if (!a || !b || !c || !points) return std::nullopt;
  return *c == 0 ? 0 : 2 * *points * std::round(std::sqrt(*a * *b / *c));
}

std::size_t size_bytes_of(const Fact& fact) {
  const Dim elements = fact.shape.elements();
  return elements.known() ? static_cast<std::size_t>(elements.value()) * size_of(fact.dtype) : 0;
}

std::size_t peak_bytes(const Graph& graph, const std::vector<NodeId>& order) {
  std::vector<std::size_t> last_use(graph.value_count(), 0);
  for (std::size_t step = 0; step < order.size(); ++step) {
    for (const ValueId input : graph.node(order[step]).inputs) last_use[index(input)] = step;
  }
  for (const Port& output : graph.outputs()) last_use[index(output.value)] = order.size();
  std::size_t alive = 0;
  for (const Port& input : graph.inputs()) alive += size_bytes_of(graph.fact(input.value));
  std::size_t peak = alive;
  std::vector<std::vector<ValueId>> ending(order.size() + 1);
  const auto ends = [&](ValueId value, std::size_t made) {
    ending[std::max(last_use[index(value)], made)].push_back(value);
  };
  for (const Port& input : graph.inputs()) ends(input.value, 0);
  for (std::size_t step = 0; step < order.size(); ++step) {
    const Node& node = graph.node(order[step]);
    if (node.op.as<Constant>() == nullptr) {
      for (const ValueId output : node.outputs) {
        alive += size_bytes_of(graph.fact(output));
        ends(output, step);
      }
    }
    peak = std::max(peak, alive);
    for (const ValueId value : ending[step]) alive -= size_bytes_of(graph.fact(value));
  }
  return peak;
}

}  // namespace

std::optional<double> product_flops(const Graph& graph, const Node& node) {
  const auto input = [&](std::size_t i) -> const Fact& { return graph.fact(node.inputs.at(i)); };
  const auto output = [&]() -> const Fact& { return graph.fact(node.outputs.at(0)); };
  if (node.op.as<Conv>() != nullptr) return convolution_flops(output(), input(1));
  if (node.op.as<ConvTranspose>() != nullptr) return convolution_flops(input(2), input(1));
  if (node.op.name() == "matmul") return matmul_flops(input(0), input(1), output());
  if (node.op.name() == "einsum") return std::nullopt;
  return 0.0;
}

GraphCost estimate_cost(const Graph& graph) {
  GraphCost cost;
  const auto order = graph.order();
  for (const NodeId id : order) {
    const Node& node = graph.node(id);
    const auto flops = product_flops(graph, node);
    cost.flops += flops.value_or(0);
    if (!flops.has_value()) ++cost.uncounted_products;
    for (const ValueId output : node.outputs) {
      const Fact& fact = graph.fact(output);
      if (!fact.shape.elements().known() && size_of(fact.dtype) > 0) ++cost.unsized_values;
    }
    for (const Graph& region : node.regions) {
      const GraphCost inner = estimate_cost(region);
      cost.flops += inner.flops;
      cost.uncounted_products += inner.uncounted_products;
      cost.unsized_values += inner.unsized_values;
      cost.peak_activation_bytes = std::max(cost.peak_activation_bytes, inner.peak_activation_bytes);
      cost.has_regions = true;
    }
  }
  cost.peak_activation_bytes += peak_bytes(graph, order);
  return cost;
}

}  // namespace temper
