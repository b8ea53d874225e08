#include <limits>

#include "ops/harness.h"

namespace temper::testing {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Relu, KeepsWhatIsPositive) {
  check({"edges", "relu", {}, {f32({4}, {-1, 0, 2, kNaN})}, {f32({4}, {0, 0, 2, kNaN})}});
  check({"empty", "relu", {}, {f32({0, 3}, {})}, {f32({0, 3}, {})}});
  check({"integers", "relu", {}, {i32({}, {-5})}, {i32({}, {0})}});
}

TEST(Relu6, KeepsWhatIsWithinSix) {
  check({"edges", "relu6", {}, {f32({5}, {-1, 3, 7, kNaN, kInfinity})}, {f32({5}, {0, 3, 6, kNaN, 6})}});
}

TEST(LeakyRelu, ScalesWhatIsNegative) {
  check({"scaled", "leaky_relu", {{"alpha", 0.5}}, {f32({2}, {-4, 4})}, {f32({2}, {-2, 4})}});
  check({"steep", "leaky_relu", {{"alpha", 1.5}}, {f32({3}, {-4, 4, kNaN})}, {f32({3}, {-6, 4, kNaN})}});
  const auto half = [](float x) { return tensor_of<Half>({1}, {Half(x)}); };
  check({"alpha as float16", "leaky_relu", {{"alpha", 0.1}}, {half(-3)}, {half(-3 * static_cast<float>(Half(0.1F)))}});
  check_refused({"integers", "leaky_relu", {}, {i32({1}, {1})}, {}}, "needs a float input");
  check_refused({"two inputs", "leaky_relu", {}, {f32({1}, {1}), f32({1}, {1})}, {}}, "takes 1 inputs, got 2");
}

TEST(Activations, AreWhatTheirFormulasSay) {
  const Tensor x = f32({6}, {-200, -1, 0, 2, 200, kNaN});
  check({"elu", "elu", {}, {x}, {f32({6}, {-1, -0.63212056F, 0, 2, 200, kNaN})}, 1e-7});
  check({"elu of alpha", "elu", {{"alpha", 2.0}}, {x}, {f32({6}, {-2, -1.2642411F, 0, 2, 200, kNaN})}, 2e-7});
  check({"selu", "selu", {}, {x}, {f32({6}, {-1.7580993F, -1.1113307F, 0, 2.101402F, 210.14020F, kNaN})}, 1e-6, 1e-7});
  check(
      {"softplus", "softplus", {}, {x}, {f32({6}, {0, 0.31326169F, 0.69314718F, 2.1269280F, 200, kNaN})}, 1e-7, 2e-7});
  check({"softsign", "softsign", {}, {x}, {f32({6}, {-200 / 201.0F, -0.5, 0, 2 / 3.0F, 200 / 201.0F, kNaN})}, 1e-7});
  check({"sigmoid", "sigmoid", {}, {x}, {f32({6}, {0, 0.26894142F, 0.5, 0.88079708F, 1, kNaN})}, 1e-7});
  check({"hard_sigmoid", "hard_sigmoid", {}, {x}, {f32({6}, {0, 1 / 3.0F, 0.5, 5 / 6.0F, 1, kNaN})}, 1e-7});
  check({"silu", "silu", {}, {x}, {f32({6}, {0, -0.26894142F, 0, 1.7615942F, 200, kNaN})}, 1e-7, 1e-7});
  check({"gelu", "gelu", {}, {x}, {f32({6}, {0, -0.15865526F, 0, 1.9544997F, 200, kNaN})}, 1e-7, 1e-7});
  check({"gelu_tanh", "gelu_tanh", {}, {x}, {f32({6}, {0, -0.15880801F, 0, 1.9545977F, 200, kNaN})}, 1e-7, 1e-7});
  check({"silu of nothing", "silu", {}, {f32({0, 2}, {})}, {f32({0, 2}, {})}});
  check({"mish", "mish", {}, {f32({4}, {0, -1, 2, 200})}, {f32({4}, {0, -0.30340147F, 1.9439590F, 200})}, 1e-6, 1e-6});
  check_refused({"gelu of integers", "gelu", {}, {i32({1}, {1})}, {}}, "needs a float input");
  check({"sigmoid of infinities", "sigmoid", {}, {f32({2}, {-kInfinity, kInfinity})}, {f32({2}, {0, 1})}});
}

}  // namespace
}  // namespace temper::testing
