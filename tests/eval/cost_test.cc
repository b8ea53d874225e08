#include "eval/cost.h"

#include <gtest/gtest.h>

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
