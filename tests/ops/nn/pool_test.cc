#include <limits>

#include "ops/harness.h"

namespace temper::testing {
namespace {

using Ints = std::vector<std::int64_t>;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kLowest = std::numeric_limits<float>::lowest();

const Ints kTwo{2, 2};

TEST(MaxPool, TakesTheLargest) {
  const Tensor x = f32({1, 3, 3, 1}, {1, 2, 3, 4, 9, 6, 7, 8, 5});
  check({"valid", "max_pool", {{"kernel", kTwo}}, {x}, {f32({1, 2, 2, 1}, {9, 9, 9, 9})}});
  check({"same",
         "max_pool",
         {{"kernel", kTwo}, {"strides", kTwo}, {"padding", "same"}},
         {x},
         {f32({1, 2, 2, 1}, {9, 6, 8, 5})}});
  check({"explicit",
         "max_pool",
         {{"kernel", kTwo}, {"strides", kTwo}, {"padding", "explicit"}, {"pads", Ints{1, 0, 1, 0}}},
         {x},
         {f32({1, 2, 2, 1}, {1, 3, 7, 9})}});
  check({"dilated", "max_pool", {{"kernel", kTwo}, {"dilations", kTwo}}, {x}, {f32({1, 1, 1, 1}, {7})}});
  check({"channels", "max_pool", {{"kernel", Ints{2}}}, {f32({1, 2, 2}, {1, 4, 3, 2})}, {f32({1, 1, 2}, {3, 4})}});
  check({"3d",
         "max_pool",
         {{"kernel", Ints{1, 2, 2}}},
         {u8({1, 1, 2, 2, 1}, {1, 200, 3, 4})},
         {u8({1, 1, 1, 1, 1}, {200})}});
}

TEST(MaxPool, PassesOverNaN) {
  const Tensor x = f32({1, 6, 1}, {1, kNaN, kNaN, kNaN, -kInfinity, -kInfinity});
  check(
      {"edges", "max_pool", {{"kernel", Ints{2}}, {"strides", Ints{2}}}, {x}, {f32({1, 3, 1}, {1, kLowest, kLowest})}});
}

TEST(MaxPool, WorksOnNothing) {
  check({"batch", "max_pool", {{"kernel", kTwo}}, {f32({0, 3, 3, 2}, {})}, {f32({0, 2, 2, 2}, {})}});
  check({"channels", "max_pool", {{"kernel", kTwo}}, {f32({1, 3, 3, 0}, {})}, {f32({1, 2, 2, 0}, {})}});
  check({"small", "max_pool", {{"kernel", Ints{3, 3}}}, {f32({1, 2, 2, 1}, {1, 2, 3, 4})}, {f32({1, 0, 0, 1}, {})}});
}

TEST(MaxPool, RefusesWhatDoesNotFit) {
  const Tensor x = f32({1, 2, 1}, {1, 2});
  check_refused({"kernel", "max_pool", {}, {x}, {}}, "1 to 3 numbers");
  check_refused({"zero", "max_pool", {{"kernel", Ints{0}}}, {x}, {}}, "reads nothing");
  check_refused({"large", "max_pool", {{"kernel", Ints{std::numeric_limits<std::int64_t>::max()}}}, {x}, {}},
                "too large");
  check_refused({"rank", "max_pool", {{"kernel", kTwo}}, {x}, {}}, "needs 4 dimensions");
  check_refused({"bool", "max_pool", {{"kernel", Ints{1}}}, {boolean({1, 1, 1}, {true})}, {}}, "needs a number");
}

TEST(AvgPool, CountsWhatLiesInside) {
  const Tensor x = f32({1, 3, 1}, {2, 4, 9});
  check({"valid", "avg_pool", {{"kernel", Ints{2}}}, {x}, {f32({1, 2, 1}, {3, 6.5})}});
  check({"same", "avg_pool", {{"kernel", Ints{3}}, {"padding", "same"}}, {x}, {f32({1, 3, 1}, {3, 5, 6.5})}});
  const Attributes padded{
      {"kernel", Ints{3}}, {"padding", "explicit"}, {"pads", Ints{1, 1}}, {"count_include_pad", true}};
  check({"with_padding", "avg_pool", padded, {x}, {f32({1, 3, 1}, {2, 5, 13.0F / 3})}});
  check({"outside",
         "avg_pool",
         {{"kernel", Ints{1}}, {"padding", "explicit"}, {"pads", Ints{1, 0}}},
         {x},
         {f32({1, 4, 1}, {0, 2, 4, 9})}});
  check({"empty", "avg_pool", {{"kernel", Ints{2}}}, {f32({1, 3, 0}, {})}, {f32({1, 2, 0}, {})}});
  check_refused({"integers", "avg_pool", {{"kernel", Ints{2}}}, {i32({1, 3, 1}, {2, 4, 9})}, {}},
                "needs a float input");
}

TEST(MaxPoolWithArgmax, SaysWhere) {
  const Tensor x = f32({2, 1, 4, 1}, {5, 5, 1, 7, kNaN, 2, 3, kNaN});
  const Attributes attributes{{"kernel", Ints{1, 2}}, {"strides", Ints{1, 2}}};
  const Tensor largest = f32({2, 1, 2, 1}, {5, 7, kNaN, 3});
  check({"image", "max_pool_with_argmax", attributes, {x}, {largest, i64({2, 1, 2, 1}, {0, 3, 0, 2})}});
  Attributes batch = attributes;
  batch.emplace_back("include_batch_in_index", true);
  batch.emplace_back("index_dtype", DType::kInt32);
  check({"batch", "max_pool_with_argmax", batch, {x}, {largest, i32({2, 1, 2, 1}, {0, 3, 4, 6})}});
  check({"channels",
         "max_pool_with_argmax",
         {{"kernel", Ints{1, 2}}},
         {f32({1, 1, 2, 2}, {1, 4, 3, 2})},
         {f32({1, 1, 1, 2}, {3, 4}), i64({1, 1, 1, 2}, {2, 1})}});
}

TEST(ChannelMaxPool, TakesTheLargestOfNeighbours) {
  const Attributes by_two{{"size", std::int64_t{2}}};
  check({"pairs", "channel_max_pool", by_two, {i32({2, 4}, {1, 2, 4, 3, -1, -2, 0, 9})}, {i32({2, 2}, {2, 4, -1, 9})}});
  check_refused({"odd", "channel_max_pool", by_two, {f32({1, 3}, {1, 2, 3})}, {}}, "not a multiple");
}

TEST(MaxPoolBy, TakesItsWindowAsInput) {
  const Tensor x = f32({1, 1, 4, 1}, {1, 2, 4, 3});
  const Tensor window = i32({4}, {1, 1, 2, 1});
  check({"pairs", "max_pool_by", {}, {x, window, window}, {f32({1, 1, 2, 1}, {2, 4})}});
  check_refused({"channels", "max_pool_by", {}, {x, i32({4}, {1, 1, 1, 2}), window}, {}}, "must be 1 along");
}

}  // namespace
}  // namespace temper::testing
