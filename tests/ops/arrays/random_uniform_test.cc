#include "ops/harness.h"
#include "ops/registry.h"

namespace temper::testing {
namespace {

Tensors draw(const Attributes& attributes, const Tensor& shape) {
  return op_registry().make("random_uniform", attributes).reference(std::span(&shape, 1), {});
}

TEST(RandomUniform, DrawsFromZeroToOne) {
  const Tensor drawn = draw({{"seed", std::int64_t{7}}}, i32({2}, {100, 10}))[0];
  double sum = 0;
  for (const float x : drawn.data<float>()) {
    EXPECT_GE(x, 0);
    EXPECT_LT(x, 1);
    sum += x;
  }
  EXPECT_NEAR(sum / 1000, 0.5, 0.05);
}

TEST(RandomUniform, FollowsItsSeeds) {
  const Tensor shape = i64({1}, {8});
  EXPECT_TRUE(identical(draw({{"seed", std::int64_t{1}}}, shape)[0], draw({{"seed", std::int64_t{1}}}, shape)[0]));
  EXPECT_FALSE(identical(draw({{"seed", std::int64_t{1}}}, shape)[0], draw({{"seed", std::int64_t{2}}}, shape)[0]));
}

TEST(RandomUniform, ChecksItsShape) {
  check({"half", "random_uniform", {{"dtype", DType::kFloat16}}, {i32({2}, {3, 0})}, {}});
  check({"scalar", "random_uniform", {}, {i32({0}, {})}, {}});
  check_refused({"negative", "random_uniform", {}, {i32({1}, {-1})}, {}}, "negative");
  check_refused({"floats", "random_uniform", {}, {f32({1}, {1})}, {}}, "integers");
  check_refused({"of integers", "random_uniform", {{"dtype", DType::kInt32}}, {i32({1}, {1})}, {}}, "floats");
}

}  // namespace
}  // namespace temper::testing
