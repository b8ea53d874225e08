#include <limits>

#include "backends/cpu/backend.h"
#include "backends/harness.h"

namespace temper::testing {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

void agrees(std::string_view op, const Attributes& attributes, const Tensors& inputs, double tolerance = 0) {
  SCOPED_TRACE(op);
  expect_agrees(cpu_backend(), op, attributes, inputs, tolerance);
}

template <class T>
Tensor random_integers(const Shape& shape) {
  std::mt19937 random(1);
  Tensor tensor(dtype_of<T>, shape);
  for (T& x : tensor.mutable_data<T>()) x = static_cast<T>(static_cast<std::int32_t>(random()));
  return tensor;
}

void for_each_axes(auto&& check) {
  const auto at = [&](const Shape& shape, const Ints& axes) {
    SCOPED_TRACE(fmt::format("{} over {}", shape, axes));
    check(shape, axes);
  };
  for (const Ints& axes : {Ints{}, Ints{0}, Ints{1}, Ints{2}, Ints{-1, 0}, Ints{1, 2}, Ints{0, 1}, Ints{0, 1, 2}}) {
    at({3, 5, 37}, axes);
    at({6, 1, 3}, axes);
  }
  at({2, 7, 7, 1024}, {1, 2});
  at({3, 4, 5, 6}, {0, 2});
  at({3, 4, 5, 6}, {1, 3});
  at({70000}, {0});
  at({300, 1001}, {1});
  at({1001, 300}, {0});
  at({0, 3}, {0});
  at({0, 3}, {1});
  at({3, 0}, {1});
  at({}, {});
}

TEST(CpuReduce, AgreesOnFloats) {
  for (const char* op : {"sum", "mean", "max", "min", "euclidean_norm", "prod"}) {
    for_each_axes([&](const Shape& shape, const Ints& axes) {
      agrees(op, {{"axes", axes}}, {random_f32(shape)}, 1e-6);
      agrees(op, {{"axes", axes}, {"keep_dims", true}}, {random_f32(shape)}, 1e-6);
    });
    agrees(op, {{"axes", Ints{1}}}, {f32({5, 2}, {1, kNaN, kNaN, 1, kInf, -kInf, -kInf, 2, -0.0F, 0})});
    agrees(op, {}, {random_f32({4, 5, 6}), i32({2}, {0, -1})}, 1e-6);
  }
}

TEST(CpuReduce, IsTheDefinitionOnIntegers) {
  for (const char* op : {"sum", "mean", "max", "min", "prod"}) {
    for_each_axes([&](const Shape& shape, const Ints& axes) {
      agrees(op, {{"axes", axes}}, {random_integers<std::int32_t>(shape)});
      agrees(op, {{"axes", axes}}, {random_integers<std::int64_t>(shape)});
    });
  }
}

TEST(CpuReduce, IsTheDefinitionOnBools) {
  for (const char* op : {"all", "any"}) {
    for_each_axes([&](const Shape& shape, const Ints& axes) {
      for (const unsigned one_in : {2U, 40U}) {
        std::mt19937 random(3);
        Tensor tensor(DType::kBool, shape);
        for (bool& x : tensor.mutable_data<bool>()) x = (random() % one_in == 0) == (op == std::string_view("any"));
        agrees(op, {{"axes", axes}}, {tensor});
      }
    });
  }
}

TEST(CpuArgExtreme, IsTheDefinition) {
  for (const char* op : {"arg_max", "arg_min"}) {
    for (const DType dtype : {DType::kInt32, DType::kInt64}) {
      const auto check = [&](const Tensor& x, std::int64_t axis) { agrees(op, {{"axis", axis}, {"dtype", dtype}}, {x}); };
      for (const std::int64_t axis : {0, 1, -1}) {
        check(random_f32({5, 7, 3}), axis);
        check(random_f32({2, 30, 300}), axis);
      }
      check(random_f32({1000}), 0);
      check(random_f32({3000, 2}), 1);
      check(f32({6, 3}, {kNaN, 1, 2, kNaN, kNaN, kNaN, -kInf, -kInf, -kInf, 2, 2, 1, kInf, kInf, 0, -0.0F, 0, -1}), 1);
      check(f32({3, 4}, {kNaN, 1, 2, kNaN, kNaN, kNaN, -kInf, -kInf, -kInf, 2, 2, 1}), 0);
    }
  }
  expect_refused(cpu_backend(), "arg_max", {}, Tensors{i32({1}, {1})}, "int32");
}

TEST(CpuTopK, IsTheDefinition) {
  const auto check = [](const Tensor& x, std::int32_t k, DType dtype = DType::kInt32) {
    SCOPED_TRACE(k);
    agrees("top_k", {{"index_dtype", dtype}}, {x, Tensor::scalar(k)});
  };
  Tensor ties = random_f32({3, 1000});
  for (float& x : ties.mutable_data<float>()) x = std::round(x * 3);
  Tensor numbers(DType::kInt32, {4, 900});
  std::mt19937 random(1);
  for (std::int32_t& x : numbers.mutable_data<std::int32_t>()) x = static_cast<std::int32_t>(random());
  for (const std::int32_t k : {1, 2, 5, 100, 499, 500, 501, 900}) {
    check(random_f32({3, 1000}), k);
    check(ties, k, DType::kInt64);
    check(numbers, k, DType::kInt16);
  }
  check(f32({8}, {kNaN, 1, -kInf, kInf, kNaN, -0.0F, 0, 1}), 8);
  check(f32({8}, {kNaN, 1, -kInf, kInf, kNaN, -0.0F, 0, 1}), 3);
  check(i32({3}, {std::numeric_limits<std::int32_t>::lowest(), 0, std::numeric_limits<std::int32_t>::max()}), 3);
  Tensor rising(DType::kFloat32, {1, 5000});
  for (std::size_t i = 0; i < 5000; ++i) rising.mutable_data<float>()[i] = static_cast<float>(i);
  check(rising, 7);
  expect_refused(cpu_backend(), "top_k", {}, Tensors{f64({1}, {1}), i32({}, {1})}, "float64");
}

TEST(CpuScan, IsTheDefinition) {
  for (const char* op : {"cumsum", "cumprod"}) {
    for (const bool exclusive : {false, true}) {
      for (const bool reverse : {false, true}) {
        for (const std::int64_t axis : {0, 1, -1}) {
          const Attributes attributes{{"axis", axis}, {"exclusive", exclusive}, {"reverse", reverse}};
          agrees(op, attributes, {random_f32({4, 9, 130})});
          agrees(op, attributes, {random_integers<std::int32_t>({4, 9, 3})});
          agrees(op, attributes, {random_integers<std::int64_t>({4, 9, 3})});
          agrees(op, attributes, {random_f32({0, 3})});
        }
      }
    }
  }
}

}  // namespace
}  // namespace temper::testing
