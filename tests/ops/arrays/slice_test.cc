#include "ops/harness.h"
#include "ops/registry.h"

namespace temper::testing {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

Attributes masks(std::int64_t begin, std::int64_t end, std::int64_t ellipsis = 0, std::int64_t new_axis = 0, std::int64_t shrink = 0) {
  return {{"begin_mask", begin}, {"end_mask", end}, {"ellipsis_mask", ellipsis}, {"new_axis_mask", new_axis}, {"shrink_axis_mask", shrink}};
}

const Tensor kRow = i32({5}, {0, 1, 2, 3, 4});
const Tensor kGrid = i32({2, 3}, {0, 1, 2, 3, 4, 5});

OpCase row(const std::string& name, std::int64_t begin, std::int64_t end, std::int64_t stride, const Attributes& attributes, const Tensor& want) {
  return {name, "strided_slice", attributes, {kRow, i64({1}, {begin}), i64({1}, {end}), i64({1}, {stride})}, {want}};
}

TEST(StridedSlice, TakesRanges) {
  check(row("inside", 1, 4, 1, {}, i32({3}, {1, 2, 3})));
  check(row("steps", 0, 5, 2, {}, i32({3}, {0, 2, 4})));
  check(row("from the end", -3, -1, 1, {}, i32({2}, {2, 3})));
  check(row("backwards", 4, 0, -2, {}, i32({2}, {4, 2})));
  check(row("all backwards", 0, 0, -1, masks(1, 1), i32({5}, {4, 3, 2, 1, 0})));
  check(row("crossed", 3, 1, 1, {}, i32({0}, {})));
  check(row("crossed backwards", 1, 3, -1, {}, i32({0}, {})));
  check(row("clamped", -99, 99, 1, {}, i32({5}, {0, 1, 2, 3, 4})));
  check(row("clamped backwards", 99, -99, -2, {}, i32({3}, {4, 2, 0})));
  check(row("extremes", kLeast, kMost, kMost, {}, i32({1}, {0})));
  check(row("extremes backwards", kMost, kLeast, kLeast, {}, i32({1}, {4})));
  check(row("picked", -1, 0, 1, masks(0, 0, 0, 0, 1), i32({}, {4})));
  check(row("picked, masks ignored", 2, 0, 1, masks(1, 1, 0, 0, 1), i32({}, {2})));
}

TEST(StridedSlice, FollowsMasks) {
  const auto grid = [](const std::string& name, std::initializer_list<std::int32_t> begin, std::initializer_list<std::int32_t> end,
                       const Attributes& attributes, const Tensor& want) {
    const Shape count{static_cast<std::int64_t>(begin.size())};
    Tensor ones(DType::kInt32, count);
    std::ranges::fill(ones.mutable_data<std::int32_t>(), 1);
    check({name, "strided_slice", attributes, {kGrid, i32(count, begin), i32(count, end), ones}, {want}});
  };
  grid("rows alone", {1}, {2}, {}, i32({1, 3}, {3, 4, 5}));
  grid("no entries", {}, {}, {}, kGrid);
  grid("ellipsis, last column", {0, 2}, {0, 3}, masks(0, 0, 1), i32({2, 1}, {2, 5}));
  grid("ellipsis of nothing", {0, 0, 1}, {2, 0, 3}, masks(0, 0, 2), i32({2, 2}, {1, 2, 4, 5}));
  grid("new axis", {0, 1}, {0, 2}, masks(0, 0, 0, 1), i32({1, 1, 3}, {3, 4, 5}));
  grid("new axis before shrinking", {0, 1}, {1, 2}, masks(0, 0, 0, 1, 1), i32({1, 1, 3}, {3, 4, 5}));
  grid("new axis and shrunk", {0, 1, 0}, {0, 2, 0}, masks(0, 4, 0, 1, 2), i32({1, 3}, {3, 4, 5}));
  grid("ellipsis and shrunk", {0, -1}, {0, 0}, masks(0, 0, 1, 0, 2), i32({2}, {2, 5}));
}

TEST(StridedSlice, RefusesWhatIsOutside) {
  check_refused(row("no stride", 0, 1, 0, {}, kRow), "is 0");
  check_refused(row("picked outside", 5, 6, 1, masks(0, 0, 0, 0, 1), kRow), "outside dimension 0");
  check_refused(row("picked far outside", kLeast, 6, 1, masks(0, 0, 0, 0, 1), kRow), "outside dimension 0");
  check_refused(row("picked backwards", 1, 0, -1, masks(0, 0, 0, 0, 1), kRow), "one element is picked");
  check_refused({"entries", "strided_slice", {}, {kRow, i32({2}, {0, 0}), i32({2}, {1, 1}), i32({2}, {1, 1})}, {}}, "2 dimensions");
  check_refused({"lengths", "strided_slice", {}, {kRow, i32({1}, {0}), i32({2}, {1, 1}), i32({1}, {1})}, {}}, "entries");
  check_refused({"ellipses", "strided_slice", masks(0, 0, 3), {kRow, i32({2}, {0, 0}), i32({2}, {1, 1}), i32({2}, {1, 1})}, {}}, "ellipsis");
}

TEST(StridedSlice, InfersFromPartOfTheSpecification) {
  const Fact entries{DType::kInt32, Shape{2}, {}};
  const Fact ones = Fact::of(i32({2}, {1, 1}));
  const Fact x{DType::kFloat32, ShapeFact({Dim(), 4, 5}), {}};
  const Op op = op_registry().make("strided_slice", masks(2, 2, 0, 0, 1));
  EXPECT_EQ(op.infer(Facts{x, entries, entries, ones}, {})[0].shape, ShapeFact(Shape{4, 5}));
  const Op plain = op_registry().make("strided_slice", masks(1, 1));
  EXPECT_EQ(plain.infer(Facts{x, ones, Fact::of(i32({2}, {9, 3})), ones}, {})[0].shape, ShapeFact({Dim(), 2, 5}));
}

TEST(Slice, TakesABlock) {
  check({"inside", "slice", {}, {kGrid, i32({2}, {0, 1}), i32({2}, {2, 2})}, {i32({2, 2}, {1, 2, 4, 5})}});
  check({"to the end", "slice", {}, {kGrid, i32({2}, {1, 0}), i32({2}, {-1, -1})}, {i32({1, 3}, {3, 4, 5})}});
  check({"nothing", "slice", {}, {kGrid, i32({2}, {2, 0}), i32({2}, {-1, 3})}, {i32({0, 3}, {})}});
  check({"scalar", "slice", {}, {f32({}, {1}), i32({0}, {}), i32({0}, {})}, {f32({}, {1})}});
  check_refused({"long", "slice", {}, {kRow, i32({1}, {1}), i32({1}, {5})}, {}}, "takes 5 from 1");
  check_refused({"negative", "slice", {}, {kRow, i32({1}, {-1}), i32({1}, {1})}, {}}, "begins at -1");
  check_refused({"entries", "slice", {}, {kRow, i32({2}, {1, 1}), i32({2}, {1, 1})}, {}}, "length of a slice");
}

}  // namespace
}  // namespace temper::testing
