#include "support/passes.h"

namespace temper::testing {
namespace {

TEST(RemoveSameShapes, TracesSizes) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {-1, -1, 2}));
  const ValueId y = b.op("exp", {x});
  b.output(b.op("slice", {y, b.constant(i32({3}, {0, 0, 0})), b.op("shape", {x})}));
  b.output(b.op("reshape", {y, b.op("shape", {x})}), "reshaped");
  expect_ops(b.graph, {"exp"});
}

TEST(RemoveSameShapes, LeavesPartsAndOtherShapes) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {-1, 3}));
  b.output(b.op("slice", {x, b.constant(i32({2}, {1, 0})), b.constant(i32({2}, {-1, -1}))}));
  b.output(b.op("reshape", {x, b.constant(i32({2}, {3, -1}))}), "reshaped");
  const auto left = op_names(expect_equivalent(b.graph));
  EXPECT_EQ(std::ranges::count(left, "slice") + std::ranges::count(left, "reshape"), 2);
}

TEST(HoistDims, ShapesAreThoseOfInputs) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {-1, -1, 2}));
  const ValueId y = b.op("mul", {b.op("exp", {x}), b.constant(f32({2}, {2, 3}))});
  b.output(b.op("neg", {b.op("shape", {y})}));
  b.output(b.op("neg", {b.op("shape", {b.op("transpose", {x}, {{"perm", std::vector<std::int64_t>{1, 0, 2}}})})}),
           "turned");
  expect_ops(b.graph, {"shape", "neg", "transpose", "shape", "neg"});
}

TEST(HoistDims, SizesThatMayBeMinusOneSayNothing) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {-1}));
  const ValueId size = b.op("select", {b.op("truth", {x}), b.constant(i32({}, {-1})), b.constant(i32({}, {0}))});
  const ValueId part = b.op("slice", {x, b.constant(i32({1}, {1})), b.op("pack", {size})});
  const ValueId one = b.constant(i32({1}, {1}));
  b.output(b.op("strided_slice", {b.op("shape", {part}), b.constant(i32({1}, {0})), one, one},
                {{"shrink_axis_mask", std::int64_t{1}}}));
  EXPECT_EQ(op_names(expect_equivalent(b.graph)).back(), "strided_slice");
}

TEST(RemoveNeutralOperands, TakesAwayWhatChangesNoBit) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {-1, 2}));
  const ValueId i = b.input("i", fact(DType::kInt32, {3, 2}));
  b.output(b.op("exp", {b.op("div", {b.op("mul", {b.constant(f32({}, {1})), x}), b.constant(f32({1}, {1}))})}));
  b.output(b.op("neg", {b.op("add", {i, b.constant(i32({3, 2}, {0, 0, 0, 0, 0, 0}))})}), "i");
  expect_ops(b.graph, {"exp", "neg"});
}

TEST(RemoveNeutralOperands, LeavesWhatChangesAZeroOrAShape) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {-1, 2}));
  b.output(b.op("add", {x, b.constant(f32({}, {0}))}));
  b.output(b.op("mul", {x, b.constant(f32({1, 1, 1}, {1}))}), "rank");
  b.output(b.op("sub", {b.constant(f32({}, {0})), x}), "turned");
  const auto left = op_names(expect_equivalent(b.graph));
  EXPECT_EQ(std::ranges::count(left, "add") + std::ranges::count(left, "mul") + std::ranges::count(left, "sub"), 3);
}

TEST(LowerSingleParts, AreChangesOfDims) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {-1, 1, 2}));
  const ValueId part = b.op("unpack", {b.op("split", {b.op("exp", {x})})}, {{"axis", std::int64_t{1}}});
  b.output(b.op("neg", {part})).output(b.op("pack", {b.op("concat", {b.op("sin", {x})})}), "packed");
  expect_ops(b.graph, {"exp", "constant", "reshape", "neg", "sin", "constant", "reshape"});
}

struct Pictures : Builder {
  explicit Pictures(std::int64_t size = -1) : x(input("x", fact(DType::kUInt8, {-1, size, size, 3}))) {
    scaled = op("sub", {op("mul", {constant(f32({}, {0.01F})), op("cast", {x}, {{"dtype", DType::kFloat32}})}),
                        constant(f32({3}, {1, 2, 3}))});
  }
  ValueId resized(ValueId value, std::int32_t size) {
    return op("resize_bilinear", {value, constant(i32({2}, {size, size}))});
  }
  ValueId x, scaled;
};

TEST(HoistResizes, NormalisesAfterwards) {
  Pictures b;
  b.output(b.resized(b.scaled, 2));
  expect_ops(b.graph, {"constant", "constant", "resize_bilinear", "mul", "constant", "sub"});
}

TEST(HoistResizes, NormalisesBeforeWhereThatIsLess) {
  Pictures b(3);
  b.output(b.resized(b.scaled, 7));
  EXPECT_EQ(op_names(expect_equivalent(b.graph)).back(), "resize_bilinear");
  Pictures used;
  used.output(used.resized(used.scaled, 2)).output(used.scaled, "scaled");
  const auto left = op_names(expect_equivalent(used.graph));
  EXPECT_EQ(std::ranges::count(left, "sub"), 1);
}

TEST(RemoveDeadLoops, GiveWhatTheyBeginWith) {
  const auto region = [](bool body) {
    Builder b;
    const ValueId x = b.input("x", fact(DType::kFloat32, {2}));
    return b.output(body ? b.op("exp", {x}) : b.op("less", {b.constant(i32({}, {1})), b.constant(i32({}, {1}))})).graph;
  };
  Builder b;
  b.output(b.op("relu", {b.op("loop", {b.input("x", fact(DType::kFloat32, {2}))}, {{"carried", std::int64_t{1}}},
                              {region(false), region(true)})}));
  expect_ops(b.graph, {"relu"});
}

}  // namespace
}  // namespace temper::testing
