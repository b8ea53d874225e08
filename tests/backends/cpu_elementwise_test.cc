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

const Tensor& edges() {
  static const Tensor tensor = f32({24}, {0,    -0.0F, 1,    -1,     6.5F,   kInf,  -kInf, kNaN,   88.7F,  -87.3F, 100,   -100,
                                          1e-7F, -1e-7F, 0.5F, -0.624F, 0.626F, 2.5F, 3.5F,  1e-40F, 1e-38F, 3e38F, -3e38F, -3});
  return tensor;
}

/// `count` numbers from low to high.
Tensor ramp(float low, float high, std::int64_t count) {
  Tensor tensor(DType::kFloat32, {count});
  for (std::int64_t i = 0; i < count; ++i) {
    tensor.mutable_data<float>()[static_cast<std::size_t>(i)] = low + (high - low) * static_cast<float>(i) / static_cast<float>(count - 1);
  }
  return tensor;
}

void agrees_everywhere(std::string_view op, const Attributes& attributes, double tolerance) {
  if (!op_registry().contains(op)) return;
  agrees(op, attributes, {edges()}, tolerance);
  agrees(op, attributes, {ramp(-90, 89, 20011)}, tolerance);
  agrees(op, attributes, {ramp(-2, 2, 20011)}, tolerance);
  agrees(op, attributes, {random_f32({1000, 133})}, tolerance);
  agrees(op, attributes, {random_f32({0, 3})});
  agrees(op, attributes, {random_f32({})}, tolerance);
}

TEST(CpuUnary, IsTheDefinition) {
  for (const char* op : {"relu", "relu6", "neg", "abs", "square", "sqrt", "rsqrt", "reciprocal", "sign", "floor", "ceil", "round", "softsign",
                         "hard_swish", "hard_sigmoid", "is_nan", "is_inf", "is_finite", "sin", "cos", "tan", "asin", "acos", "atan", "sinh",
                         "cosh", "asinh", "acosh", "atanh", "erfc"}) {
    agrees_everywhere(op, {}, 0);
  }
  agrees_everywhere("leaky_relu", {{"alpha", 0.3}}, 0);
}

TEST(CpuUnary, IsTheDefinitionToRounding) {
  for (const char* op : {"exp", "expm1", "log", "log1p", "tanh", "erf", "sigmoid", "silu", "softplus", "selu", "gelu", "gelu_tanh", "mish"}) {
    agrees_everywhere(op, {}, 1e-6);
  }
  agrees_everywhere("elu", {{"alpha", 1.5}}, 1e-6);
}

/// Absolute tolerances hide what happens to small numbers.
TEST(CpuUnary, KeepsTheDigitsOfSmallNumbers) {
  const Backend* const backends[] = {&cpu_backend()};
  const Tensor x = f32({8}, {1e-7F, -1e-7F, 3e-6F, -1e-5F, 1e-4F, -1e-3F, 1e-20F, 1.0001F});
  for (const char* op : {"expm1", "log1p", "tanh", "erf"}) {
    const Node node = node_of(op, {});
    const Selection selection = select_kernel(node, facts_of(Tensors{x}, false), backends);
    ASSERT_NE(selection.kernel, nullptr);
    EXPECT_TRUE(near(run(*selection.kernel, node, Tensors{x})[0], evaluate_node(node, Tensors{x})[0], 0, 1e-6)) << op;
  }
}

TEST(CpuUnary, TakesIntegersAndBools) {
  constexpr std::int32_t kLow = std::numeric_limits<std::int32_t>::lowest();
  for (const char* op : {"neg", "abs", "square", "relu", "sign"}) agrees(op, {}, {i32({5}, {0, 3, -3, kLow, kLow + 1})});
  for (const char* op : {"neg", "square"}) agrees(op, {}, {i64({3}, {0, 5000000000, std::numeric_limits<std::int64_t>::lowest()})});
  agrees("logical_not", {}, {boolean({3}, {true, false, true})});
  expect_refused(cpu_backend(), "exp", {}, Tensors{f64({1}, {1})}, "float64 is not handled");
}

/// Shapes that meet in every way: whole, scalar, rows, columns, short and long.
const std::vector<std::pair<Shape, Shape>>& meetings() {
  static const std::vector<std::pair<Shape, Shape>> pairs{
      {{300, 400}, {300, 400}}, {{17, 19}, {}},  {{1}, {17, 19}},     {{5, 16}, {16}},      {{5, 1, 16}, {1, 7, 16}}, {{2, 3, 32}, {2, 3, 1}},
      {{700, 3}, {3}},          {{700, 4}, {700, 1}}, {{1, 3}, {700, 1}}, {{2, 50, 3}, {2, 1, 3}}, {{}, {}},             {{1, 1}, {1}},
      {{0, 4}, {4}},            {{70, 2, 3}, {70, 1, 3}}, {{2, 1, 300}, {2, 3, 1}}, {{100, 1, 4}, {1, 90, 4}}, {{5}, {5}}, {{900, 100}, {900, 1}},
      {{3, 1}, {1, 200}}};
  return pairs;
}

TEST(CpuBinary, IsTheDefinition) {
  for (const char* op : {"add", "sub", "mul", "div", "maximum", "minimum", "squared_difference", "mul_no_nan", "div_no_nan", "floor_div",
                         "floor_mod", "pow", "atan2", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}) {
    for (const auto& [x, y] : meetings()) agrees(op, {}, {random_f32(x), random_f32(y, 2)});
    agrees(op, {}, {f32({8}, {1, kNaN, kInf, 0, -0.0F, kNaN, 2, 3}), f32({8}, {kNaN, 1, -kInf, -0.0F, 0, kNaN, 2, 0})});
  }
}

template <class T>
Tensor random_integers(const Shape& shape, unsigned seed, std::int64_t low, std::int64_t high) {
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<std::int64_t> number(low, high);
  Tensor tensor(dtype_of<T>, shape);
  for (T& x : tensor.mutable_data<T>()) x = static_cast<T>(number(random));
  return tensor;
}

template <class T>
void check_integers() {
  for (const char* op : {"add", "sub", "mul", "maximum", "minimum", "squared_difference", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}) {
    for (const auto& [x, y] : meetings()) {
      agrees(op, {}, {random_integers<T>(x, 1, std::numeric_limits<T>::lowest(), std::numeric_limits<T>::max()), random_integers<T>(y, 2, -3, 3)});
    }
  }
  for (const char* op : {"div", "floor_div", "floor_mod"}) {
    agrees(op, {}, {random_integers<T>({40, 7}, 1, -20, 20), random_integers<T>({7}, 2, 1, 5)});
    agrees(op, {}, {Tensor::scalar<T>(std::numeric_limits<T>::lowest()), tensor_of<T>({4}, {-1, 3, -3, 1})});
    const Backend* const backends[] = {&cpu_backend()};
    const Tensors in{tensor_of<T>({2}, {1, 2}), tensor_of<T>({2}, {1, 0})};
    const Selection selection = select_kernel(node_of(op, {}), facts_of(in, false), backends);
    ASSERT_NE(selection.kernel, nullptr);
    EXPECT_THROW(run(*selection.kernel, node_of(op, {}), in), ModelError);
  }
}

TEST(CpuBinary, IsTheDefinitionOnIntegers) {
  check_integers<std::int32_t>();
  check_integers<std::int64_t>();
}

TEST(CpuBinary, IsTheDefinitionOnBools) {
  for (const char* op : {"logical_and", "logical_or", "equal", "not_equal"}) {
    agrees(op, {}, {boolean({2, 2}, {true, true, false, false}), boolean({2}, {true, false})});
  }
}

TEST(CpuBinary, Refuses) {
  expect_refused(cpu_backend(), "add", {}, Tensors{f64({1}, {1}), f64({1}, {1})}, "float64 is not handled");
  expect_refused(cpu_backend(), "equal", {{"mismatch_differs", true}}, Tensors{f32({2}, {1, 2}), f32({3}, {1, 2, 3})}, "do not fit");
}

TEST(CpuAddN, IsTheDefinition) {
  agrees("add_n", {}, {random_f32({300, 41}), random_f32({300, 41}, 2), random_f32({300, 41}, 3)});
  agrees("add_n", {}, {i32({2}, {1, 2}), i32({2}, {3, 4})});
  agrees("add_n", {}, {random_f32({0}), random_f32({0})});
}

TEST(CpuSelect, IsTheDefinition) {
  const auto condition = [](const Shape& shape) {
    Tensor tensor(DType::kBool, shape);
    for (bool even = false; bool& x : tensor.mutable_data<bool>()) x = (even = !even);
    return tensor;
  };
  agrees("select", {}, {condition({301, 40}), random_f32({301, 40}), random_f32({301, 40}, 2)});
  agrees("select", {}, {condition({301, 1}), random_f32({301, 4}), random_f32({4}, 2)});
  agrees("select", {}, {condition({3}), random_f32({40, 3}), random_f32({}, 2)});
  agrees("select", {}, {condition({}), random_f32({40, 3}), random_f32({40, 3}, 2)});
  agrees("select", {}, {condition({0}), random_f32({0}), random_f32({1}, 2)});
  agrees("select", {}, {condition({3}), i64({3}, {1, 2, 3}), i64({3}, {4, 5, 6})});
  agrees("select", {}, {condition({3}), condition({1}), condition({3})});
  agrees("select", {{"by_row", true}}, {condition({5}), random_f32({5, 7}), random_f32({5, 7}, 2)});
  agrees("select", {{"by_row", true}}, {condition({}), random_f32({5, 7}), random_f32({5, 7}, 2)});
}

TEST(CpuCast, IsTheDefinition) {
  const Tensor numbers = f32({12}, {0, 1, -1, 2.5F, 255, 256, -0.5F, kNaN, kInf, -kInf, 3e9F, 1e20F});
  const Tensors sources{numbers,
                        random_f32({70001}),
                        Tensor::from<double>({3}, std::vector<double>{1.5, 1e300, -0.1}),
                        u8({4}, {0, 1, 128, 255}),
                        i8({3}, {-128, 0, 127}),
                        i32({5}, {0, 1, -1, 16777217, 300}),
                        i64({5}, {0, 1, -1, 5000000000, 16777217}),
                        boolean({2}, {true, false})};
  const Backend* const backends[] = {&cpu_backend()};
  int taken = 0;
  for (const Tensor& x : sources) {
    for (const DType to : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16, DType::kInt32, DType::kInt64, DType::kUInt8, DType::kBool}) {
      const Node node = node_of("cast", {{"dtype", to}});
      const Selection selection = select_kernel(node, facts_of(Tensors{x}, false), backends);
      if (selection.kernel == nullptr) continue;
      ++taken;
      EXPECT_TRUE(near(run(*selection.kernel, node, Tensors{x})[0], evaluate_node(node, Tensors{x})[0])) << fmt::format("{} to {}", x, to);
    }
  }
  EXPECT_GT(taken, 20);
  for (const DType half : {DType::kFloat16, DType::kBFloat16}) {
    agrees("cast", {{"dtype", DType::kFloat32}}, {evaluate_node(node_of("cast", {{"dtype", half}}), Tensors{numbers})[0]});
  }
  expect_refused(cpu_backend(), "cast", {{"dtype", DType::kFloat16}, {"truncate", true}}, Tensors{numbers}, "truncation");
}

}  // namespace
}  // namespace temper::testing
