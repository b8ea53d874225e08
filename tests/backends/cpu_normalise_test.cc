#include "backends/cpu/backend.h"
#include "backends/harness.h"

namespace temper::testing {
namespace {

Tensor positive(const Shape& shape, unsigned seed) {
  Tensor tensor = random_f32(shape, seed);
  for (float& x : tensor.mutable_data<float>()) x = x * x + 0.01F;
  return tensor;
}

TEST(CpuBatchNorm, Agrees) {
  for (const Shape& x : {Shape{2, 5, 7, 33}, Shape{1}, Shape{300, 400}}) {
    const Shape channels{x[x.rank() - 1]};
    expect_agrees(cpu_backend(), "batch_norm", {{"epsilon", 0.01}},
                  {random_f32(x), random_f32(channels, 2), random_f32(channels, 3), random_f32(channels, 4), positive(channels, 5)}, 1e-6);
  }
  const Tensors empty(5, random_f32({0}));
  expect_refused(cpu_backend(), "batch_norm", {}, empty, "nothing to compute");
}

TEST(CpuLocalResponseNorm, Agrees) {
  for (const double beta : {0.5, 0.75, 1.0}) {
    for (const std::int64_t radius : {0, 1, 2, 5, 40}) {
      for (const Shape& x : {Shape{3, 4, 33}, Shape{1}, Shape{200, 96}, Shape{5, 3}}) {
        expect_agrees(cpu_backend(), "local_response_norm", {{"depth_radius", radius}, {"bias", 1.5}, {"alpha", 0.3}, {"beta", beta}}, {random_f32(x)}, 2e-6);
      }
    }
  }
  expect_refused(cpu_backend(), "local_response_norm", {{"bias", -1.0}}, Tensors{random_f32({3})}, "above 0");
}

TEST(CpuSpaceBatch, IsTheDefinition) {
  const auto check = [](const Shape& space, const Tensor& block, const Tensor& sides) {
    const Tensor x = random_f32(space);
    const Tensors in{x, block, sides};
    expect_agrees(cpu_backend(), "space_to_batch", {}, in, 0);
    expect_agrees(cpu_backend(), "batch_to_space", {}, {evaluate_node(node_of("space_to_batch", {}), in)[0], block, sides}, 0);
  };
  check({2, 4, 6, 3}, i32({2}, {2, 3}), i32({2, 2}, {0, 0, 0, 0}));
  check({1, 5, 7, 4}, i32({2}, {2, 2}), i32({2, 2}, {1, 0, 0, 1}));
  check({1, 5, 7, 4}, i32({2}, {4, 4}), i32({2, 2}, {4, 3, 5, 4}));
  check({1, 1, 1, 40}, i32({2}, {3, 3}), i32({2, 2}, {5, 3, 1, 1}));
  check({3, 6}, i32({1}, {3}), i32({1, 2}, {0, 0}));
  check({1, 65, 65, 16}, i32({2}, {6, 6}), i32({2, 2}, {6, 7, 6, 7}));
}

}  // namespace
}  // namespace temper::testing
