#include "support/passes.h"

namespace temper::testing {
namespace {

const Attributes kOne{{"scanned", std::int64_t{1}}};

std::vector<std::int64_t> ints(std::initializer_list<std::int64_t> values) { return values; }

/// map(x, y) of what `body` makes of a row and of y.
Graph mapped(const Fact& x, const Fact& row, const Fact& y, const std::function<ValueId(Builder&, ValueId, ValueId)>& body) {
  Builder inner;
  const ValueId in = inner.input("row", row);
  inner.output(body(inner, in, inner.input("y", y)));
  Builder b;
  const ValueId scanned = b.input("x", x);
  b.output(b.op("map", {scanned, b.input("y", y)}, kOne, {inner.graph}));
  return b.graph;
}

const Fact kRows = fact(DType::kFloat32, {-1, -1, 3});
const Fact kRow = fact(DType::kFloat32, {-1, 3});
const Fact kVector = fact(DType::kFloat32, {3});

TEST(HoistMapBodies, ResizesWholeBatches) {
  const Fact pictures = fact(DType::kFloat32, {-1, -1, -1, 3});
  const Graph graph = mapped(pictures, fact(DType::kFloat32, {-1, -1, 3}), kVector, [](Builder& b, ValueId row, ValueId y) {
    const ValueId large = b.op("resize_bilinear", {b.op("expand_dims", {row}), b.constant(i32({2}, {5, 4}))});
    return b.op("sub", {b.op("squeeze", {large}, {{"axes", ints({0})}}), y});
  });
  expect_ops(graph, {"constant", "resize_bilinear", "sub"});
}

TEST(HoistMapBodies, AlignsRanks) {
  const Graph graph = mapped(kVector, fact(DType::kFloat32, {}), kRow, [](Builder& b, ValueId row, ValueId y) { return b.op("mul", {row, y}); });
  expect_ops(graph, {"constant", "reshape", "mul"});
}

TEST(HoistMapBodies, KnowsOperatorsOfEveryKind) {
  using Body = std::function<ValueId(Builder&, ValueId, ValueId)>;
  const std::vector<std::pair<const char*, Body>> bodies = {
      {"softmax", [](Builder& b, ValueId row, ValueId) { return b.op("softmax", {row}); }},
      {"sum", [](Builder& b, ValueId row, ValueId) { return b.op("sum", {row}, {{"axes", ints({0})}}); }},
      {"split", [](Builder& b, ValueId row, ValueId) { return b.ops("split", {row}, {{"axis", std::int64_t{1}}, {"parts", std::int64_t{3}}})[1]; }},
      {"unpack", [](Builder& b, ValueId row, ValueId) { return b.ops("unpack", {row}, {{"axis", std::int64_t{-1}}, {"parts", std::int64_t{3}}})[2]; }},
      {"concat", [](Builder& b, ValueId row, ValueId y) { return b.op("concat", {row, b.op("expand_dims", {y})}, {{"axis", std::int64_t{0}}}); }},
      {"pack", [](Builder& b, ValueId row, ValueId) { return b.op("pack", {row, row}, {{"axis", std::int64_t{-1}}}); }},
      {"transpose", [](Builder& b, ValueId row, ValueId) { return b.op("transpose", {row}, {{"perm", ints({-1, 0})}}); }},
      {"slice", [](Builder& b, ValueId row, ValueId) { return b.op("slice", {row, b.constant(i32({2}, {1, 0})), b.constant(i32({2}, {-1, 2}))}); }},
      {"strided_slice", [](Builder& b, ValueId row, ValueId) {
         const ValueId one = b.constant(i64({1}, {1}));
         return b.op("strided_slice", {row, one, b.constant(i64({1}, {2})), one}, {{"shrink_axis_mask", std::int64_t{1}}});
       }},
      {"reshape", [](Builder& b, ValueId row, ValueId) { return b.op("reshape", {row, b.constant(i32({2}, {3, -1}))}); }},
      {"pad", [](Builder& b, ValueId row, ValueId) { return b.op("pad", {row, b.constant(i32({2, 2}, {1, 0, 0, 2}))}); }},
      {"tile", [](Builder& b, ValueId row, ValueId) { return b.op("tile", {row, b.constant(i32({2}, {2, 1}))}); }},
      {"gather", [](Builder& b, ValueId row, ValueId) { return b.op("gather", {row, b.constant(i32({2}, {2, 0}))}, {{"axis", std::int64_t{1}}}); }},
      {"gather of both", [](Builder& b, ValueId row, ValueId) { return b.op("gather", {row, b.op("arg_max", {row}, {{"axis", std::int64_t{0}}})}); }},
      {"gather by row", [](Builder& b, ValueId row, ValueId y) { return b.op("gather", {y, b.op("arg_max", {row}, {{"axis", std::int64_t{1}}})}); }},
      {"select by row", [](Builder& b, ValueId row, ValueId) {
         const ValueId first = b.ops("unpack", {row}, {{"axis", std::int64_t{1}}, {"parts", std::int64_t{3}}})[0];
         return b.op("select", {b.op("greater", {first, b.constant(f32({}, {0}))}), row, b.op("neg", {row})}, {{"by_row", true}});
       }},
      {"top_k", [](Builder& b, ValueId row, ValueId) { return b.ops("top_k", {row, b.constant(i32({}, {2}))})[0]; }},
      {"shape", [](Builder& b, ValueId row, ValueId) { return b.op("shape", {row}); }},
      {"common", [](Builder& b, ValueId, ValueId y) { return b.op("exp", {y}); }},
      {"matmul", [](Builder& b, ValueId row, ValueId) { return b.op("matmul", {row, row}, {{"transpose_b", true}}); }},
  };
  for (const auto& [name, body] : bodies) {
    SCOPED_TRACE(name);
    const auto left = op_names(expect_equivalent(mapped(kRows, kRow, kVector, body)));
    EXPECT_EQ(std::ranges::count(left, "map"), 0);
  }
}

TEST(HoistMapBodies, ChoosesOnceForAllRows) {
  const Graph graph = mapped(fact(DType::kFloat32, {-1, 2}), fact(DType::kFloat32, {2}), kVector, [](Builder& b, ValueId row, ValueId y) {
    Builder yes;
    yes.output(yes.op("nth_element", {yes.input("row", fact(DType::kFloat32, {2})), yes.constant(i32({}, {0}))}));
    Builder no;
    no.output(no.op("sum", {no.input("row", fact(DType::kFloat32, {2}))}, {{"axes", ints({0})}}));
    const ValueId large = b.op("greater", {b.op("max", {y}, {{"axes", ints({0})}}), b.constant(f32({}, {0}))});
    return b.op("if", {large, row}, {}, {yes.graph, no.graph});
  });
  const auto left = op_names(expect_equivalent(graph));
  EXPECT_EQ(left.back(), "if");
  EXPECT_EQ(std::ranges::count(left, "map"), 0);
}

TEST(HoistMapBodies, LeavesWhatNeedsOneRowAtATime) {
  const Graph graph = mapped(kRows, kRow, kVector, [](Builder& b, ValueId row, ValueId) { return b.op("nth_element", {row, b.constant(i32({}, {1}))}); });
  expect_ops(graph, {"map"});
}

TEST(InlineMap, TakesOneRow) {
  const Graph graph = mapped(fact(DType::kFloat32, {1, -1, 3}), kRow, kVector, [](Builder& b, ValueId row, ValueId) { return b.op("nth_element", {row, b.constant(i32({}, {1}))}); });
  expect_ops(graph, {"constant", "reshape", "constant", "nth_element", "constant", "reshape"});
}

TEST(RemoveDeadCaptures, KeepsWhatRegionsNeed) {
  const auto branch = [](std::string_view op) {
    Builder b;
    const ValueId x = b.input("x", {DType::kFloat32, {}, {}});
    b.input("unused", {DType::kFloat32, {}, {}});
    const ValueId again = b.input("again", {DType::kFloat32, {}, {}});
    const ValueId number = b.input("number", {DType::kFloat32, {}, {}});
    b.output(b.op("nth_element", {b.op(op, {x, again}), b.op("cast", {number}, {{"dtype", DType::kInt32}})})).output(b.op("exp", {x}), "dropped");
    return b.graph;
  };
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {4, -1}));
  const auto out = b.ops("if", {b.input("p", fact(DType::kBool, {})), x, b.op("neg", {x}), x, b.constant(f32({}, {1}))}, {}, {branch("add"), branch("mul")});
  b.output(out[0]);
  const Graph after = expect_equivalent(b.graph);
  ASSERT_EQ(op_names(after), (std::vector<std::string>{"if"}));
  const Node& node = after.node(after.order()[0]);
  EXPECT_EQ(node.inputs.size(), 2U);
  EXPECT_EQ(node.outputs.size(), 1U);
  EXPECT_EQ(describe(node.regions[0].fact(node.regions[0].inputs()[0].value)), "float32[4,?]");
}

TEST(RemoveDeadCaptures, DropsVariablesThatNothingNeeds) {
  const auto region = [](bool body) {
    Builder b;
    const ValueId i = b.input("i", fact(DType::kInt32, {}));
    const ValueId sum = b.input("sum", fact(DType::kFloat32, {2}));
    const ValueId dead = b.input("dead", fact(DType::kFloat32, {2}));
    const ValueId n = b.input("n", fact(DType::kInt32, {}));
    if (!body) return b.output(b.op("less", {i, n})).graph;
    b.output(b.op("add", {i, b.constant(i32({}, {1}))})).output(b.op("add", {sum, sum})).output(b.op("mul", {dead, sum}));
    return b.graph;
  };
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {2}));
  const ValueId n = b.op("cast", {b.op("truth", {x})}, {{"dtype", DType::kInt32}});
  b.output(b.ops("loop", {b.constant(i32({}, {0})), x, x, n}, {{"carried", std::int64_t{3}}}, {region(false), region(true)})[1]);
  const Graph after = expect_equivalent(b.graph);
  for (const NodeId id : after.order()) {
    if (after.node(id).op.name() != "loop") continue;
    EXPECT_EQ(after.node(id).outputs.size(), 2U);
  }
}

TEST(MergeBranches, ChoosesNumbersInstead) {
  const auto branch = [](float factor) {
    Builder b;
    const ValueId scaled = b.op("mul", {b.input("x", fact(DType::kFloat32, {-1})), b.op("exp", {b.constant(f32({}, {factor}))})});
    return b.output(b.op("relu", {scaled})).graph;
  };
  Builder b;
  b.output(b.op("if", {b.input("p", fact(DType::kBool, {})), b.input("x", fact(DType::kFloat32, {-1}))}, {}, {branch(1), branch(2)}));
  expect_ops(b.graph, {"constant", "constant", "select", "mul", "relu"});
}

TEST(MergeBranches, LeavesBranchesThatDiffer) {
  const auto branch = [](std::string_view op) {
    Builder b;
    return b.output(b.op(op, {b.input("x", fact(DType::kFloat32, {-1}))})).graph;
  };
  Builder b;
  b.output(b.op("if", {b.input("p", fact(DType::kBool, {})), b.input("x", fact(DType::kFloat32, {-1}))}, {}, {branch("exp"), branch("relu")}));
  expect_ops(b.graph, {"if"});
}

TEST(MergeBranches, DoesNotDivideWhereItWasNotAsked) {
  const auto branch = [](bool divides) {
    Builder b;
    const ValueId x = b.input("x", fact(DType::kInt32, {}));
    const ValueId y = b.input("y", fact(DType::kInt32, {}));
    return b.output(divides ? b.op("floor_div", {x, y}) : x).graph;
  };
  Builder b;
  const ValueId x = b.input("x", fact(DType::kInt32, {}));
  const ValueId y = b.input("y", fact(DType::kInt32, {}));
  const ValueId safe = b.op("not_equal", {y, b.constant(i32({}, {0}))});
  b.output(b.op("if", {safe, x, y}, {}, {branch(true), branch(false)}));
  EXPECT_EQ(op_names(expect_equivalent(b.graph)).back(), "if");
}

TEST(MergeViews, CancelsDimsOfOne) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {-1, 2}));
  const ValueId y = b.op("expand_dims", {b.op("expand_dims", {x}, {{"axis", std::int64_t{1}}})}, {{"axis", std::int64_t{-1}}});
  b.output(b.op("relu", {b.op("squeeze", {y}, {{"axes", ints({1, -1})}})}));
  b.output(b.op("squeeze", {y}, {{"axes", ints({1})}}), "other");
  expect_ops(b.graph, {"relu", "constant", "reshape"});
}

TEST(MergeViews, OneReshapeIsEnough) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {-1, 1, 2}));
  const ValueId flat = b.op("reshape", {b.op("squeeze", {x}, {{"axes", ints({1})}}), b.constant(i32({1}, {-1}))});
  b.output(b.op("reshape", {flat, b.constant(i32({2}, {2, -1}))}));
  expect_ops(b.graph, {"constant", "reshape"});
}

TEST(HoistDims, FindsWhereSizesComeFrom) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {-1, -1, 2}));
  const ValueId y = b.op("transpose", {b.op("expand_dims", {b.op("relu", {x})})}, {{"perm", ints({2, 0, 1, 3})}});
  const auto dims = b.ops("unpack", {b.op("shape", {y})}, {{"parts", std::int64_t{4}}});
  b.output(b.op("pack", {dims[0], dims[1], dims[2], dims[3]}));
  const Graph after = expect_equivalent(b.graph);
  const auto left = op_names(after);
  EXPECT_EQ(std::ranges::count(left, "shape"), 1);
  EXPECT_EQ(std::ranges::count(left, "relu") + std::ranges::count(left, "unpack"), 0);
}

}  // namespace
}  // namespace temper::testing
