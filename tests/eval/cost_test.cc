#include "eval/cost.h"

#include <gtest/gtest.h>

#include "ops/nn/conv_transpose.h"
#include "ops/registry.h"

namespace temper {
namespace {

TEST(Cost, PeakIsWhatIsAliveAtOnce) {
  Graph graph;
  const ValueId x = graph.add_input("x", {DType::kFloat32, Shape{256}, {}});
  const Op relu = op_registry().make("relu", {});
  const ValueId a = graph.node(graph.add_node(relu, {x}, "a")).outputs[0];
  const ValueId b = graph.node(graph.add_node(relu, {a}, "b")).outputs[0];
  const ValueId sum = graph.node(graph.add_node(op_registry().make("add", {}), {a, b}, "sum")).outputs[0];
  graph.add_output("sum", sum);
  const GraphCost cost = estimate_cost(graph);
  EXPECT_EQ(cost.peak_activation_bytes, 3 * 1024U);
  EXPECT_EQ(cost.unsized_values, 0U);
  EXPECT_EQ(cost.flops, 0);
}

double flops_of(Op op, const std::vector<Fact>& facts) {
  Graph graph;
  std::vector<ValueId> inputs;
  for (const Fact& fact : facts) inputs.push_back(graph.add_input("x" + std::to_string(inputs.size()), fact));
  graph.add_output("y", graph.node(graph.add_node(std::move(op), inputs, "y")).outputs[0]);
  return estimate_cost(graph).flops;
}

Conv same_conv(std::int64_t groups) {
  Conv conv;
  conv.padding = Padding::kSame;
  conv.groups = groups;
  return conv;
}

ConvTranspose doubling() {
  ConvTranspose conv;
  conv.strides = {2, 2};
  conv.padding = Padding::kSame;
  return conv;
}

TEST(Cost, Convolutions) {
  const Fact x{DType::kFloat32, Shape{1, 8, 8, 4}, {}};
  const Fact filter{DType::kFloat32, Shape{3, 3, 4, 16}, {}};
  EXPECT_EQ(flops_of(same_conv(1), {x, filter}), 2.0 * 8 * 8 * 16 * 3 * 3 * 4);
  EXPECT_EQ(flops_of(same_conv(4), {x, {DType::kFloat32, Shape{3, 3, 1, 4}, {}}}), 2.0 * 8 * 8 * 4 * 3 * 3);
  const Fact sizes = Fact::of(Tensor::vector<std::int32_t>(std::vector<std::int32_t>{1, 16, 16, 2}));
  EXPECT_EQ(flops_of(doubling(), {sizes, {DType::kFloat32, Shape{3, 3, 2, 4}, {}}, x}), 2.0 * 8 * 8 * 4 * 3 * 3 * 2);
}

TEST(Cost, CountsWhatItCannotSize) {
  Graph graph;
  const ValueId x = graph.add_input("x", {DType::kFloat32, ShapeFact::of_rank(2), {}});
  const ValueId y = graph.node(graph.add_node(op_registry().make("relu", {}), {x}, "y")).outputs[0];
  graph.add_output("y", y);
  EXPECT_EQ(estimate_cost(graph).unsized_values, 1U);
  EXPECT_EQ(estimate_cost(graph).peak_activation_bytes, 0U);
}

}  // namespace
}  // namespace temper
