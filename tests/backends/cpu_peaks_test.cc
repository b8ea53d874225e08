#include <limits>

#include "backends/cpu/backend.h"
#include "backends/harness.h"

namespace temper::testing {
namespace {

TEST(CpuPeaks, Agrees) {
  for (const std::int64_t rows : {1, 2, 3, 5}) {
    for (const std::int64_t columns : {1, 2, 3, 4, 7}) {
      const Attributes kernel{{"kernel", std::vector<std::int64_t>{rows, columns}}};
      for (const Shape& shape : {Shape{1, 1, 1, 1}, Shape{2, 7, 9, 3}, Shape{1, 2, 3, 20}, Shape{3, 64, 64, 17}}) {
        expect_agrees(cpu_backend(), "peaks", kernel, {random_f32(shape)}, 0);
      }
    }
  }
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  expect_agrees(cpu_backend(), "peaks", {}, {f32({1, 2, 4, 1}, {nan, 1, -inf, -inf, 0, nan, -inf, inf})}, 0);
  expect_refused(cpu_backend(), "peaks", {}, Tensors{random_f32({1, 0, 3, 1})}, "nothing to compute");
}

}  // namespace
}  // namespace temper::testing
