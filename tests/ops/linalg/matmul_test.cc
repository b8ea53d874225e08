#include "ops/harness.h"

namespace temper::testing {
namespace {

Tensor half(std::initializer_list<float> values, const Shape& shape) {
  Tensor tensor(DType::kFloat16, shape);
  std::ranges::transform(values, tensor.mutable_data<Half>().begin(), [](float x) { return Half(x); });
  return tensor;
}

TEST(MatMul, Multiplies) {
  const Tensor a = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor b = f32({3, 2}, {1, 10, 100, 1000, 10000, 100000});
  const Tensor product = f32({2, 2}, {30201, 302010, 60504, 605040});
  check({"plain", "matmul", {}, {a, b}, {product}});
  check({"left", "matmul", {{"transpose_a", true}}, {f32({3, 2}, {1, 4, 2, 5, 3, 6}), b}, {product}});
  check({"right", "matmul", {{"transpose_b", true}}, {a, f32({2, 3}, {1, 100, 10000, 10, 1000, 100000})}, {product}});
  check({"both",
         "matmul",
         {{"transpose_a", true}, {"transpose_b", true}},
         {f32({1, 2}, {2, 3}), f32({1, 1}, {5})},
         {f32({2, 1}, {10, 15})}});
  check({"wide",
         "matmul",
         {},
         {f32({2, 1}, {1, 2}), f32({1, 5}, {1, 2, 3, 4, 5})},
         {f32({2, 5}, {1, 2, 3, 4, 5, 2, 4, 6, 8, 10})}});
  check({"wide_right",
         "matmul",
         {{"transpose_b", true}},
         {f32({2, 1}, {1, 2}), f32({5, 1}, {1, 2, 3, 4, 5})},
         {f32({2, 5}, {1, 2, 3, 4, 5, 2, 4, 6, 8, 10})}});
}

/// Larger than the kernel's tiles in every direction.
TEST(MatMul, GoesOverTiles) {
  const std::int64_t m = 5, k = 7, n = 300;
  Tensor a(DType::kInt32, Shape{m, k});
  Tensor b(DType::kInt32, Shape{k, n});
  Tensor expected = Tensor::zeros(DType::kInt32, Shape{m, n});
  for (std::int64_t i = 0; i < m * k; ++i)
    a.mutable_data<std::int32_t>()[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i % 11 - 5);
  for (std::int64_t i = 0; i < k * n; ++i)
    b.mutable_data<std::int32_t>()[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i % 13 - 6);
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      for (std::int64_t p = 0; p < k; ++p) {
        expected.mutable_data<std::int32_t>()[static_cast<std::size_t>(i * n + j)] +=
            static_cast<std::int32_t>(((i * k + p) % 11 - 5) * ((p * n + j) % 13 - 6));
      }
    }
  }
  check({"plain", "matmul", {}, {a, b}, {expected}});
}

TEST(MatMul, BroadcastsBatches) {
  const Tensor a = f32({2, 1, 1, 2}, {1, 2, 3, 4});
  const Tensor b = f32({3, 2, 1}, {1, 0, 0, 1, 1, 1});
  check({"outer", "matmul", {}, {a, b}, {f32({2, 3, 1, 1}, {1, 2, 3, 3, 4, 7})}});
  check({"shared", "matmul", {}, {f32({2, 1, 1}, {2, 3}), f32({1, 1}, {5})}, {f32({2, 1, 1}, {10, 15})}});
}

TEST(MatMul, AddsAndActivates) {
  const Tensor a = f32({1, 1}, {2});
  const Tensor b = f32({1, 2}, {1, -1});
  check({"bias",
         "matmul",
         {{"has_bias", true}, {"activation", "relu"}},
         {a, b, f32({2}, {1, 1})},
         {f32({1, 2}, {3, 0})}});
  check({"residual", "matmul", {{"has_residual", true}}, {a, b, f32({1, 2}, {5, 5})}, {f32({1, 2}, {7, 3})}});
  check({"integers",
         "matmul",
         {{"has_bias", true}, {"activation", "relu6"}},
         {i32({1, 1}, {2}), i32({1, 2}, {1, -1}), i32({2}, {1, 1})},
         {i32({1, 2}, {3, 0})}});
  check({"half",
         "matmul",
         {{"has_bias", true}},
         {half({2}, {1, 1}), half({3}, {1, 1}), half({0.5}, {1})},
         {half({6.5}, {1, 1})}});
}

TEST(MatMul, WrapsIntegersAround) {
  check({"int8", "matmul", {}, {i8({1, 2}, {100, 100}), i8({2, 1}, {2, 1})}, {i8({1, 1}, {44})}});
  check({"uint16",
         "matmul",
         {},
         {tensor_of<std::uint16_t>({1, 1}, {65535}), tensor_of<std::uint16_t>({1, 1}, {65535})},
         {tensor_of<std::uint16_t>({1, 1}, {1})}});
  check({"int64", "matmul", {}, {i64({1, 1}, {std::int64_t{1} << 62}), i64({1, 1}, {4})}, {i64({1, 1}, {0})}});
}

TEST(MatMul, WorksOnNothing) {
  check({"inner",
         "matmul",
         {{"has_bias", true}},
         {f32({2, 0}, {}), f32({0, 1}, {}), f32({1}, {3})},
         {f32({2, 1}, {3, 3})}});
  check({"rows", "matmul", {}, {f32({0, 2}, {}), f32({2, 3}, {1, 1, 1, 1, 1, 1})}, {f32({0, 3}, {})}});
  check({"batch", "matmul", {}, {f32({0, 1, 1}, {}), f32({1, 1}, {1})}, {f32({0, 1, 1}, {})}});
}

TEST(MatMul, RefusesWhatDoesNotFit) {
  const Tensor a = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  check_refused({"inner", "matmul", {}, {a, a}, {}}, "the inner dimension");
  check_refused({"vector", "matmul", {}, {a, f32({3}, {1, 2, 3})}, {}}, "needs matrices");
  check_refused({"types", "matmul", {}, {a, f64({3, 1}, {1, 2, 3})}, {}}, "different types");
  check_refused({"batch", "matmul", {}, {f32({2, 1, 1}, {1, 1}), f32({3, 1, 1}, {1, 1, 1})}, {}}, "do not broadcast");
  check_refused({"bias", "matmul", {{"has_bias", true}, {"transpose_b", true}}, {a, a, f32({3}, {1, 1, 1})}, {}},
                "bias needs 2");
  check_refused({"activation", "matmul", {{"activation", "relu"}}, {u8({1, 1}, {1}), u8({1, 1}, {1})}, {}},
                "not supported");
}

TEST(Cross, IsPerpendicular) {
  check({"rows",
         "cross",
         {},
         {f32({2, 3}, {1, 2, 3, 1, 0, 0}), f32({2, 3}, {4, 5, 7, 0, 1, 0})},
         {f32({2, 3}, {-1, 5, -3, 0, 0, 1})}});
  check({"wraps", "cross", {}, {i8({3}, {100, 0, 0}), i8({3}, {0, 2, 0})}, {i8({3}, {0, 0, -56})}});
  check({"empty", "cross", {}, {f32({0, 3}, {}), f32({0, 3}, {})}, {f32({0, 3}, {})}});
  check_refused({"length", "cross", {}, {f32({2}, {1, 2}), f32({2}, {1, 2})}, {}}, "the last dim");
}

}  // namespace
}  // namespace temper::testing
