#include "ops/evaluate.h"
#include "support/graphs.h"
#include "support/tensors.h"

namespace temper::testing {
namespace {

/// map(x, y) { row of x + y }, and the shape of the sum.
Graph sums(const Fact& x, const Fact& y, const Fact& row) {
  Builder body;
  const ValueId sum = body.op("add", {body.input("row", row), body.input("y", y)});
  body.output(sum).output(body.op("shape", {sum}), "shape");
  Builder b;
  const ValueId in = b.input("x", x);
  const auto out = b.ops("map", {in, b.input("y", y)}, {{"scanned", std::int64_t{1}}}, {body.graph});
  b.output(out[0]).output(out[1], "shapes");
  return b.graph;
}

TEST(Map, RunsItsRegionForEachRow) {
  const Graph graph = sums(fact(DType::kFloat32, {-1, 2}), fact(DType::kFloat32, {1}), fact(DType::kFloat32, {2}));
  const Tensors out = evaluate(graph, Tensors{f32({3, 2}, {1, 2, 3, 4, 5, 6}), f32({1}, {10})});
  EXPECT_TRUE(near(out[0], f32({3, 2}, {11, 12, 13, 14, 15, 16})));
  EXPECT_TRUE(near(out[1], i32({3, 1}, {2, 2, 2})));
}

TEST(Map, OfNoRowsHasTheShapeOfWhatZerosGive) {
  const Graph graph = sums(fact(DType::kFloat32, {-1, -1}), fact(DType::kFloat32, {-1}), fact(DType::kFloat32, {-1}));
  const Tensors out = evaluate(graph, Tensors{Tensor::zeros(DType::kFloat32, {0, 1}), f32({3}, {1, 2, 3})});
  EXPECT_EQ(out[0].shape(), (Shape{0, 3}));
  EXPECT_EQ(out[1].shape(), (Shape{0, 1}));
}

TEST(Map, InfersRowsAndWhatTheRegionGives) {
  const Graph graph = sums(fact(DType::kFloat32, {5, 2}), fact(DType::kFloat32, {1}), fact(DType::kFloat32, {2}));
  EXPECT_EQ(describe(graph.fact(graph.outputs()[0].value)), "float32[5,2]");
  EXPECT_EQ(describe(graph.fact(graph.outputs()[1].value)), "int32[5,1]");
}

Graph of_two(const Fact& x, const Fact& y) {
  Builder body;
  const ValueId row = body.input("a", fact(DType::kInt32, {-1}));
  body.input("b", fact(DType::kInt32, {-1}));
  body.output(row);
  Builder b;
  const ValueId in = b.input("x", x);
  b.output(b.op("map", {in, b.input("y", y)}, {{"scanned", std::int64_t{2}}}, {body.graph}));
  return b.graph;
}

TEST(Map, RefusesRowsThatDiffer) {
  EXPECT_THROW(of_two(fact(DType::kInt32, {2, 1}), fact(DType::kInt32, {3, 1})), ModelError);
  EXPECT_THROW(of_two(fact(DType::kInt32, {}), fact(DType::kInt32, {3, 1})), ModelError);
  const Graph graph = of_two(fact(DType::kInt32, {-1, 1}), fact(DType::kInt32, {-1, 1}));
  EXPECT_THROW(evaluate(graph, Tensors{i32({2, 1}, {1, 2}), i32({1, 1}, {1})}), ModelError);
}

TEST(Map, RefusesTurnsOfDifferentShapes) {
  Builder body;
  body.output(body.op(
      "range", {body.constant(i32({}, {0})), body.input("row", fact(DType::kInt32, {})), body.constant(i32({}, {1}))}));
  Builder b;
  b.output(b.op("map", {b.input("x", fact(DType::kInt32, {-1}))}, {}, {body.graph}));
  EXPECT_THROW(evaluate(b.graph, Tensors{i32({2}, {1, 2})}), ModelError);
  EXPECT_TRUE(near(evaluate(b.graph, Tensors{i32({2}, {2, 2})})[0], i32({2, 2}, {0, 1, 0, 1})));
}

}  // namespace
}  // namespace temper::testing
