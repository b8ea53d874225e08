#include "support/passes.h"

namespace temper::testing {
namespace {

const std::string kSame = "same";

Tensor numbers(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  Tensor tensor(DType::kFloat32, shape);
  for (float& x : tensor.mutable_data<float>()) x = std::uniform_real_distribution<float>(0.1F, 2)(random);
  return tensor;
}

struct ConvGraph : Builder {
  explicit ConvGraph(std::int64_t groups = 1) {
    x = input("x", fact(DType::kFloat32, {1, 5, -1, 4}));
    y = op("conv", {x, constant(numbers({3, 3, 4 / groups, 8}, 1))}, {{"padding", kSame}, {"groups", groups}});
  }
  ValueId norm(ValueId value, std::int64_t channels) {
    return op("batch_norm", {value, constant(numbers({channels}, 2)), constant(numbers({channels}, 3)),
                             constant(numbers({channels}, 4)), constant(numbers({channels}, 5))});
  }
  ValueId x, y;
};

TEST(Fuse, BatchNormAndActivationVanishInConvolutions) {
  for (const std::int64_t groups : {1, 2, 4}) {
    for (const char* activation : {"relu", "relu6", "sigmoid", "leaky_relu"}) {
      ConvGraph g(groups);
      g.output(g.op(activation, {g.norm(g.y, 8)}));
      expect_ops(g.graph, {"constant", "constant", "conv"});
    }
  }
}

TEST(Fuse, BatchNormVanishesInProductsAndTransposedConvolutions) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {-1, 4}));
  const ValueId product = b.op("matmul", {x, b.constant(numbers({3, 4}, 1))}, {{"transpose_b", true}});
  b.output(b.op("relu", {b.op("mul", {b.op("add", {product, b.constant(numbers({3}, 2))}), b.constant(numbers({1, 3}, 3))})}));
  expect_ops(b.graph, {"constant", "constant", "matmul"});

  Builder t;
  const ValueId y = t.input("x", fact(DType::kFloat32, {1, 4, 4, 6}));
  const ValueId up = t.op("conv_transpose", {t.constant(i32({4}, {1, 5, 5, 4})), t.constant(numbers({2, 2, 2, 6}, 1)), y}, {{"groups", std::int64_t{2}}});
  t.output(t.op("add", {t.op("mul", {up, t.constant(numbers({4}, 2))}), t.constant(numbers({4}, 3))}));
  expect_ops(t.graph, {"constant", "constant", "constant", "conv_transpose"});
}

}  // namespace
}  // namespace temper::testing
