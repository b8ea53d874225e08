#include "ops/harness.h"
#include "ops/registry.h"

namespace temper::testing {
namespace {

using Ints = std::vector<std::int64_t>;

Tensor words(const Shape& shape, std::vector<std::string> values) { return Tensor::strings(shape, std::move(values)); }

Fact unknown(DType dtype, std::vector<Dim> dims) { return {dtype, ShapeFact(std::move(dims)), {}}; }

ShapeFact inferred(std::string_view op, const Attributes& attributes, const Facts& in) {
  return op_registry().make(op, attributes).infer(in, {})[0].shape;
}

TEST(Reshape, KeepsElementsInOrder) {
  check({"plain", "reshape", {}, {f32({2, 3}, {1, 2, 3, 4, 5, 6}), i32({2}, {3, 2})}, {f32({3, 2}, {1, 2, 3, 4, 5, 6})}});
  check({"rest", "reshape", {}, {i64({6}, {1, 2, 3, 4, 5, 6}), i64({3}, {1, -1, 2})}, {i64({1, 3, 2}, {1, 2, 3, 4, 5, 6})}});
  check({"to scalar", "reshape", {}, {f32({1, 1}, {7}), i32({0}, {})}, {f32({}, {7})}});
  check({"scalar shape", "reshape", {}, {f32({1, 2}, {7, 8}), i32({}, {-1})}, {f32({2}, {7, 8})}});
  check({"strings", "reshape", {}, {words({2}, {"a", "b"}), i32({2}, {2, 1})}, {words({2, 1}, {"a", "b"})}});
}

TEST(Reshape, TakesEmptyShapes) {
  check({"rest of nothing", "reshape", {}, {f32({0, 3}, {}), i32({2}, {-1, 3})}, {f32({0, 3}, {})}});
  check({"zeros cancel", "reshape", {}, {f32({0, 3}, {}), i32({2}, {-1, 0})}, {f32({3, 0}, {})}});
}

TEST(Reshape, RefusesWhatDoesNotFit) {
  check_refused({"count", "reshape", {}, {f32({3}, {1, 2, 3}), i32({1}, {2})}, {}}, "cannot take shape");
  check_refused({"rest", "reshape", {}, {f32({3}, {1, 2, 3}), i32({2}, {2, -1})}, {}}, "cannot take shape");
  check_refused({"two", "reshape", {}, {f32({4}, {1, 2, 3, 4}), i32({2}, {-1, -1})}, {}}, "more than one -1");
  check_refused({"negative", "reshape", {}, {f32({1}, {1}), i32({1}, {-2})}, {}}, "negative");
  check_refused({"huge", "reshape", {}, {f32({1}, {1}), i64({2}, {std::int64_t{1} << 40, std::int64_t{1} << 40})}, {}}, "too large");
}

TEST(Reshape, InfersWhatIsKnown) {
  const Fact shape = Fact::of(i32({2}, {-1, 4}));
  EXPECT_EQ(inferred("reshape", {}, {unknown(DType::kFloat32, {Dim(), 4}), shape}), ShapeFact(std::vector<Dim>{Dim(), 4}));
  EXPECT_EQ(inferred("reshape", {}, {unknown(DType::kFloat32, {6, 4}), shape}), ShapeFact(Shape{6, 4}));
}

TEST(ExpandDims, PutsInADim) {
  check({"front", "expand_dims", {{"axis", std::int64_t{0}}}, {f32({2}, {1, 2})}, {f32({1, 2}, {1, 2})}});
  check({"back", "expand_dims", {{"axis", std::int64_t{-1}}}, {f32({2}, {1, 2})}, {f32({2, 1}, {1, 2})}});
  check({"at run time", "expand_dims_at", {}, {f32({2}, {1, 2}), i32({1}, {1})}, {f32({2, 1}, {1, 2})}});
  check_refused({"outside", "expand_dims", {{"axis", std::int64_t{2}}}, {f32({}, {1})}, {}}, "outside");
}

TEST(Squeeze, TakesDimsOfOneAway) {
  check({"all", "squeeze", {}, {f32({1, 2, 1}, {1, 2})}, {f32({2}, {1, 2})}});
  check({"one", "squeeze", {{"axes", Ints{-1}}}, {f32({1, 2, 1}, {1, 2})}, {f32({1, 2}, {1, 2})}});
  check_refused({"of two", "squeeze", {{"axes", Ints{1}}}, {f32({1, 2, 1}, {1, 2})}, {}}, "cannot be squeezed");
  check_refused({"outside", "squeeze", {{"axes", Ints{0}}}, {f32({}, {1})}, {}}, "outside");
}

TEST(EnsureShape, ChecksDims) {
  check({"fits", "ensure_shape", {{"shape", Ints{-1, 2}}}, {f32({1, 2}, {1, 2})}, {f32({1, 2}, {1, 2})}});
  check_refused({"rank", "ensure_shape", {{"shape", Ints{-1}}}, {f32({1, 2}, {1, 2})}, {}}, "should be");
}

TEST(Shape, GivesDims) {
  check({"int32", "shape", {}, {f32({2, 0, 3}, {})}, {i32({3}, {2, 0, 3})}});
  check({"int64", "shape", {{"dtype", DType::kInt64}}, {f32({}, {1})}, {i64({0}, {})}});
  check({"size", "size", {}, {f32({2, 3}, {1, 2, 3, 4, 5, 6})}, {i32({}, {6})}});
  check({"rank", "rank", {}, {f32({2, 0, 3}, {})}, {i32({}, {3})}});
}

TEST(Shape, IsConstantWhereDimsAreKnown) {
  const Facts facts = op_registry().make("shape", {}).infer(Facts{unknown(DType::kFloat32, {1, 5})}, {});
  ASSERT_TRUE(facts[0].constant.has_value());
  EXPECT_TRUE(near(*facts[0].constant, i32({2}, {1, 5})));
  EXPECT_FALSE(op_registry().make("shape", {}).infer(Facts{unknown(DType::kFloat32, {Dim(), 5})}, {})[0].constant.has_value());
  EXPECT_TRUE(op_registry().make("rank", {}).infer(Facts{unknown(DType::kFloat32, {Dim(), 5})}, {})[0].constant.has_value());
}

TEST(Transpose, MovesDims) {
  check({"matrix", "transpose", {{"perm", Ints{1, 0}}}, {f32({2, 3}, {1, 2, 3, 4, 5, 6})}, {f32({3, 2}, {1, 4, 2, 5, 3, 6})}});
  check({"negative", "transpose", {{"perm", Ints{-1, 0}}}, {u8({1, 2}, {1, 2})}, {u8({2, 1}, {1, 2})}});
  check({"channels", "transpose", {{"perm", Ints{0, 3, 1, 2}}}, {i64({1, 2, 1, 2}, {1, 2, 3, 4})}, {i64({1, 2, 2, 1}, {1, 3, 2, 4})}});
  check({"strings", "transpose", {{"perm", Ints{1, 0}}}, {words({2, 2}, {"a", "b", "c", "d"})}, {words({2, 2}, {"a", "c", "b", "d"})}});
  check({"empty", "transpose", {{"perm", Ints{1, 0}}}, {f32({0, 3}, {})}, {f32({3, 0}, {})}});
  check({"scalar", "transpose", {}, {f32({}, {3})}, {f32({}, {3})}});
  check({"at run time", "transpose_by", {}, {i32({1, 2}, {1, 2}), i32({2}, {1, 0})}, {i32({2, 1}, {1, 2})}});
  check_refused({"twice", "transpose", {{"perm", Ints{0, 0}}}, {f32({1, 1}, {1})}, {}}, "comes twice");
  check_refused({"rank", "transpose", {{"perm", Ints{0}}}, {f32({1, 1}, {1})}, {}}, "dimensions");
}

TEST(Transpose, TurnsTilesOfAllSizes) {
  for (const std::int64_t rows : {1, 7, 16, 33}) {
    for (const std::int64_t columns : {1, 15, 16, 40}) {
      Tensor x(DType::kInt32, Shape{rows, columns});
      Tensor y(DType::kInt32, Shape{columns, rows});
      for (std::int64_t i = 0; i < rows * columns; ++i) {
        x.mutable_data<std::int32_t>()[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i);
        y.mutable_data<std::int32_t>()[static_cast<std::size_t>(i % columns * rows + i / columns)] = static_cast<std::int32_t>(i);
      }
      check({fmt::format("{} by {}", rows, columns), "transpose", {{"perm", Ints{1, 0}}}, {x}, {y}});
    }
  }
}

}  // namespace
}  // namespace temper::testing
