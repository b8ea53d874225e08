#include "backends/cpu/backend.h"
#include "backends/harness.h"

namespace temper::testing {
namespace {

TEST(CpuNormalise, Agrees) {
  for (const std::int64_t columns : {1, 2, 15, 16, 17, 48, 768, 5000}) {
    const Tensor scale = random_f32({columns});
    expect_agrees(cpu_backend(), "layer_norm", {}, {random_f32({7, columns}), scale, random_f32({columns})}, 2e-5);
    expect_agrees(cpu_backend(), "l2_normalise", {}, {random_f32({2, 3, columns})}, 2e-6);
  }
  expect_agrees(cpu_backend(), "layer_norm", {}, {random_f32({40000, 8}), random_f32({8}), random_f32({8})}, 2e-5);
  expect_refused(cpu_backend(), "l2_normalise", {}, Tensors{f64({1}, {1})}, "float64");
  expect_refused(cpu_backend(), "l2_normalise", {}, Tensors{random_f32({0, 3})}, "nothing to compute");
}

}  // namespace
}  // namespace temper::testing
