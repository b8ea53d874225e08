#include <limits>
#include <random>

#include "ops/harness.h"
#include "ops/registry.h"

namespace temper::testing {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Tensor k_of(std::int32_t k) { return Tensor::scalar(k); }

TEST(TopK, TakesTheLargestFirst) {
  const Tensor x = f32({2, 4}, {1, 3, 2, 3, -1, -4, -0.5, 0});
  check({"two", "top_k", {}, {x, k_of(2)}, {f32({2, 2}, {3, 3, 0, -0.5}), i32({2, 2}, {1, 3, 3, 2})}});
  check({"one", "top_k", {}, {x, k_of(1)}, {f32({2, 1}, {3, 0}), i32({2, 1}, {1, 3})}});
  check({"all",
         "top_k",
         {},
         {x, k_of(4)},
         {f32({2, 4}, {3, 3, 2, 1, 0, -0.5, -1, -4}), i32({2, 4}, {1, 3, 2, 0, 3, 2, 0, 1})}});
  check({"none", "top_k", {}, {x, k_of(0)}, {f32({2, 0}, {}), i32({2, 0}, {})}});
  check({"rows", "top_k", {}, {f32({0, 3}, {}), k_of(2)}, {f32({0, 2}, {}), i32({0, 2}, {})}});
  check({"vector",
         "top_k",
         {{"index_dtype", DType::kInt64}},
         {f32({3}, {1, 2, 3}), tensor_of<std::int16_t>({}, {2})},
         {f32({2}, {3, 2}), i64({2}, {2, 1})}});
}

TEST(TopK, OrdersEdges) {
  check({"nan_last",
         "top_k",
         {},
         {f32({5}, {kNaN, 1, kInfinity, -kInfinity, kNaN}), k_of(5)},
         {f32({5}, {kInfinity, 1, -kInfinity, kNaN, kNaN}), i32({5}, {2, 1, 3, 0, 4})}});
  check({"one_of_nan", "top_k", {}, {f32({2}, {kNaN, -kInfinity}), k_of(1)}, {f32({1}, {-kInfinity}), i32({1}, {1})}});
  check({"zeros",
         "top_k",
         {},
         {f32({3}, {-0.0F, 0, -0.0F}), k_of(3)},
         {f32({3}, {-0.0F, 0, -0.0F}), i32({3}, {0, 1, 2})}});
}

TEST(TopK, TakesOtherTypes) {
  constexpr auto kSmall = std::numeric_limits<std::int32_t>::min();
  constexpr auto kLarge = std::numeric_limits<std::int32_t>::max();
  check({"int32",
         "top_k",
         {},
         {i32({4}, {kSmall, -1, kLarge, 0}), k_of(4)},
         {i32({4}, {kLarge, 0, -1, kSmall}), i32({4}, {2, 3, 1, 0})}});
  check({"int64",
         "top_k",
         {},
         {i64({3}, {1, std::int64_t{1} << 40, 1}), k_of(3)},
         {i64({3}, {std::int64_t{1} << 40, 1, 1}), i32({3}, {1, 0, 2})}});
  check({"uint8", "top_k", {}, {u8({3}, {1, 255, 128}), k_of(2)}, {u8({2}, {255, 128}), i32({2}, {1, 2})}});
  check({"uint32",
         "top_k",
         {},
         {tensor_of<std::uint32_t>({2}, {1, 0xffffffffU}), k_of(2)},
         {tensor_of<std::uint32_t>({2}, {0xffffffffU, 1}), i32({2}, {1, 0})}});
  check({"float64", "top_k", {}, {f64({3}, {1, 3, 3}), k_of(3)}, {f64({3}, {3, 3, 1}), i32({3}, {1, 2, 0})}});
  check({"float16",
         "top_k",
         {},
         {tensor_of<Half>({2}, {Half(-2), Half(-1)}), k_of(2)},
         {tensor_of<Half>({2}, {Half(-1), Half(-2)}), i32({2}, {1, 0})}});
}

TEST(TopK, AgreesWithASortedRow) {
  std::mt19937 random(7);
  const std::int64_t count = 1917;
  Tensor x(DType::kFloat32, Shape{count});
  for (float& v : x.mutable_data<float>()) v = static_cast<float>(random() % 500) - 250;
  std::vector<std::int32_t> order(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int32_t>(i);
  const auto data = x.data<float>();
  std::ranges::stable_sort(
      order, [&](auto i, auto j) { return data[static_cast<std::size_t>(i)] > data[static_cast<std::size_t>(j)]; });
  for (const std::int32_t k : {2, 100, 1916, 1917}) {
    const Op op = op_registry().make("top_k", {});
    const Tensors out = op.reference(std::vector{x, k_of(k)}, {});
    EXPECT_TRUE(std::ranges::equal(out[1].data<std::int32_t>(), std::span(order).first(static_cast<std::size_t>(k))))
        << k;
  }
}

TEST(TopK, RefusesWhatDoesNotFit) {
  const Tensor x = f32({2}, {1, 2});
  check_refused({"many", "top_k", {}, {x, k_of(3)}, {}}, "k is 3, but there are 2");
  check_refused({"negative", "top_k", {}, {x, k_of(-1)}, {}}, "must not be negative");
  check_refused({"scalar", "top_k", {}, {f32({}, {1}), k_of(1)}, {}}, "at least 1 dimension");
  check_refused({"index", "top_k", {{"index_dtype", DType::kFloat32}}, {x, k_of(1)}, {}}, "not supported");
}

TEST(NthElement, IsWhatSortingWouldPutThere) {
  const Tensor x = f32({2, 3}, {3, 1, 2, kNaN, 5, 4});
  check({"second", "nth_element", {}, {x, k_of(1)}, {f32({2}, {2, 5})}});
  check({"largest", "nth_element", {{"reverse", true}}, {x, k_of(0)}, {f32({2}, {3, 5})}});
  check({"no_rows", "nth_element", {}, {f32({0, 2}, {}), k_of(0)}, {f32({0}, {})}});
  check_refused({"beyond", "nth_element", {}, {x, k_of(3)}, {}}, "n is 3");
}

TEST(InTopK, ComparesWithTheTarget) {
  const Tensor x = f32({5, 3}, {1, 3, 3, 1, kNaN, 0, 2, 1, 0, 2, 1, 0, 3, 2, 1});
  const Tensor targets = i32({5}, {1, 0, 3, -1, 2});
  check({"one", "in_top_k", {}, {x, targets, k_of(1)}, {boolean({5}, {true, false, false, false, false})}});
  check({"three", "in_top_k", {}, {x, targets, k_of(3)}, {boolean({5}, {true, false, false, false, true})}});
  check({"none", "in_top_k", {}, {f32({0, 3}, {}), i64({0}, {}), k_of(1)}, {boolean({0}, {})}});
  check_refused({"rows", "in_top_k", {}, {x, i32({1}, {0}), k_of(1)}, {}}, "number of rows");
}

}  // namespace
}  // namespace temper::testing
