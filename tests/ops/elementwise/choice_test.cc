#include <limits>

#include "ops/harness.h"

namespace temper::testing {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr auto kLowest = std::numeric_limits<std::int32_t>::min();

Attributes to(DType dtype) { return {{"dtype", dtype}}; }

TEST(Select, BroadcastsAllThree) {
  const Tensor x = f32({2, 2}, {1, 2, 3, 4});
  const Tensor y = f32({2, 2}, {5, 6, 7, 8});
  check({"same", "select", {}, {boolean({2, 2}, {true, false, false, true}), x, y}, {f32({2, 2}, {1, 6, 7, 4})}});
  check({"scalar", "select", {}, {boolean({}, {false}), x, y}, {y}});
  check({"row", "select", {}, {boolean({2}, {true, false}), x, y}, {f32({2, 2}, {1, 6, 3, 8})}});
  check({"column", "select", {}, {boolean({2, 1}, {true, false}), x, f32({}, {0})}, {f32({2, 2}, {1, 2, 0, 0})}});
  check({"grown",
         "select",
         {},
         {boolean({2, 1}, {true, false}), i64({}, {1}), i64({3}, {4, 5, 6})},
         {i64({2, 3}, {1, 1, 1, 4, 5, 6})}});
  check({"empty", "select", {}, {boolean({0, 1}, {}), f32({1, 2}, {1, 2}), f32({2}, {3, 4})}, {f32({0, 2}, {})}});
  check({"strings",
         "select",
         {},
         {boolean({2}, {true, false}), Tensor::strings({}, {"a"}), Tensor::strings({2}, {"b", "c"})},
         {Tensor::strings({2}, {"a", "c"})}});
  check_refused({"no bool", "select", {}, {i32({}, {1}), x, y}, {}}, "needs a bool condition");
  check_refused({"types", "select", {}, {boolean({}, {true}), x, i32({}, {1})}, {}}, "different types");
}

TEST(Select, ChoosesRows) {
  const Attributes by_row{{"by_row", true}};
  const Tensor x = f32({2, 1, 2}, {1, 2, 3, 4});
  const Tensor y = f32({2, 1, 2}, {5, 6, 7, 8});
  check({"rows", "select", by_row, {boolean({2}, {true, false}), x, y}, {f32({2, 1, 2}, {1, 2, 7, 8})}});
  check({"scalar", "select", by_row, {boolean({}, {true}), x, y}, {x}});
  check({"same", "select", by_row, {boolean({2}, {false, true}), u8({2}, {1, 2}), u8({2}, {3, 4})}, {u8({2}, {3, 2})}});
  check_refused({"few", "select", by_row, {boolean({1}, {true}), x, y}, {}}, "1 conditions for");
  check_refused({"shapes", "select", by_row, {boolean({2}, {true, true}), x, f32({}, {1})}, {}}, "does not choose");
  check_refused({"scalars", "select", by_row, {boolean({1}, {true}), f32({}, {1}), f32({}, {1})}, {}},
                "does not choose");
}

TEST(Cast, ConvertsNumbers) {
  check({"to int32", "cast", to(DType::kInt32), {f32({3}, {2.9F, -2.9F, 0.5F})}, {i32({3}, {2, -2, 0})}});
  check({"to bool",
         "cast",
         to(DType::kBool),
         {f32({4}, {0, -0.0F, 0.1F, kNaN})},
         {boolean({4}, {false, false, true, true})}});
  check({"of bool", "cast", to(DType::kFloat32), {boolean({2}, {true, false})}, {f32({2}, {1, 0})}});
  check({"low bits", "cast", to(DType::kUInt8), {i32({3}, {256, -1, 300})}, {u8({3}, {0, 255, 44})}});
  check({"half",
         "cast",
         to(DType::kFloat16),
         {f32({2}, {1e6F, 0.1F})},
         {tensor_of<Half>({2}, {Half(kInfinity), Half(0.1F)})}});
  check({"itself", "cast", to(DType::kString), {Tensor::strings({1}, {"a"})}, {Tensor::strings({1}, {"a"})}});
  check({"empty", "cast", to(DType::kFloat32), {u8({0, 3}, {})}, {f32({0, 3}, {})}});
  check_refused({"string", "cast", to(DType::kInt32), {Tensor::strings({1}, {"1"})}, {}},
                "string cannot be cast to int32");
}

TEST(Cast, AnswersAsX86WhereFloatsDoNotFit) {
  const Tensor x = f32({8}, {kNaN, kInfinity, -kInfinity, 3e9F, -3e9F, 300, -300, 1e20F});
  check({"int32",
         "cast",
         to(DType::kInt32),
         {x},
         {i32({8}, {kLowest, kLowest, kLowest, kLowest, kLowest, 300, -300, kLowest})}});
  check({"int8", "cast", to(DType::kInt8), {x}, {i8({8}, {0, 0, 0, 0, 0, 44, -44, 0})}});
  check({"uint8", "cast", to(DType::kUInt8), {x}, {u8({8}, {0, 0, 0, 0, 0, 44, 212, 0})}});
  constexpr auto kLowest64 = std::numeric_limits<std::int64_t>::min();
  check({"int64",
         "cast",
         to(DType::kInt64),
         {x},
         {i64({8}, {kLowest64, kLowest64, kLowest64, 3000000000, -3000000000, 300, -300, kLowest64})}});
  check({"uint64",
         "cast",
         to(DType::kUInt64),
         {f64({4}, {1e19, -1, 1.8e19, 2e19})},
         {tensor_of<std::uint64_t>({4}, {10000000000000000000U, ~0UL, 18000000000000000000U, 1UL << 63})}});
}

TEST(Cast, TruncatesWhereAsked) {
  const Attributes cut{{"dtype", DType::kFloat16}, {"truncate", true}};
  check({"half",
         "cast",
         cut,
         {f32({4}, {1.0009F, -1.0009F, 65535, kNaN})},
         {tensor_of<Half>({4}, {Half(1), Half(-1), Half(65504), Half(kNaN)})}});
  check({"double",
         "cast",
         {{"dtype", DType::kFloat32}, {"truncate", true}},
         {f64({1}, {0.1})},
         {f32({1}, {0.0999999940F})}});
  check({"brain",
         "cast",
         {{"dtype", DType::kBFloat16}, {"truncate", true}},
         {f32({1}, {1.0066F})},
         {tensor_of<BFloat16>({1}, {BFloat16(1)})}});
}

TEST(Bitcast, ReadsTheSameBytes) {
  check({"same size", "bitcast", to(DType::kInt32), {f32({1}, {1})}, {i32({1}, {0x3f800000})}});
  check(
      {"smaller", "bitcast", to(DType::kUInt8), {i32({1, 2}, {1, 0x0203})}, {u8({1, 2, 4}, {1, 0, 0, 0, 3, 2, 0, 0})}});
  check({"larger", "bitcast", to(DType::kInt32), {u8({1, 4}, {1, 2, 0, 0})}, {i32({1}, {0x0201})}});
  check({"empty", "bitcast", to(DType::kInt32), {u8({0, 4}, {})}, {i32({0}, {})}});
  check_refused({"misfit", "bitcast", to(DType::kInt32), {u8({3}, {1, 2, 3})}, {}}, "its last dimension is not 4");
  check_refused({"scalar", "bitcast", to(DType::kInt32), {u8({}, {1})}, {}}, "its last dimension is not 4");
  check_refused({"bools", "bitcast", to(DType::kBool), {u8({1}, {1})}, {}}, "only numbers can");
}

TEST(Bucketize, CountsBoundariesNotAbove) {
  const Attributes bounds{{"boundaries", std::vector<double>{0, 10, 100}}};
  check({"floats", "bucketize", bounds, {f32({2, 3}, {-5, 0, 1, 10, kNaN, 100})}, {i32({2, 3}, {0, 1, 1, 2, 3, 3})}});
  check({"integers", "bucketize", bounds, {i64({2}, {9, 10})}, {i32({2}, {1, 2})}});
  check({"none", "bucketize", {}, {f32({1}, {1})}, {i32({1}, {0})}});
  check_refused({"unsorted", "bucketize", {{"boundaries", std::vector<double>{1, 0}}}, {f32({1}, {1})}, {}},
                "do not ascend");
}

}  // namespace
}  // namespace temper::testing
