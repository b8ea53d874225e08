#include "backends/cpu/backend.h"
#include "backends/harness.h"

namespace temper::testing {
namespace {

Tensor picture(DType dtype, const Shape& shape) {
  if (dtype == DType::kFloat32) return random_f32(shape);
  Tensor tensor(dtype, shape);
  std::mt19937 random(1);
  for (std::byte& x : tensor.mutable_bytes()) x = static_cast<std::byte>(random());
  return tensor;
}

void check_resize(std::string_view op, DType dtype) {
  for (const bool align : {false, true}) {
    for (const bool half : {false, true}) {
      if (align && half) continue;
      const auto check = [&](const Shape& shape, std::int32_t height, std::int32_t width) {
        SCOPED_TRACE(fmt::format("align {} half {} to {} {}", align, half, height, width));
        expect_agrees(cpu_backend(), op, {{"align_corners", align}, {"half_pixel_centers", half}}, {picture(dtype, shape), i32({2}, {height, width})}, 0);
      };
      for (const std::int64_t channels : {1, 2, 3, 4, 5, 33}) {
        check({2, 7, 9, channels}, 5, 4);
        check({2, 7, 9, channels}, 15, 22);
        check({1, 1, 1, channels}, 3, 5);
        check({1, 6, 5, channels}, 6, 5);
        check({1, 6, 5, channels}, 1, 1);
      }
      check({1, 480, 640, 3}, 300, 300);
      check({3, 100, 100, 3}, 231, 199);
    }
  }
}

TEST(CpuResize, BilinearIsTheDefinition) {
  check_resize("resize_bilinear", DType::kFloat32);
  check_resize("resize_bilinear", DType::kUInt8);
}

TEST(CpuResize, NearestIsTheDefinition) {
  check_resize("resize_nearest_neighbor", DType::kFloat32);
  check_resize("resize_nearest_neighbor", DType::kUInt8);
  check_resize("resize_nearest_neighbor", DType::kFloat64);
}

TEST(CpuResize, Refuses) {
  expect_refused(cpu_backend(), "resize_bilinear", {}, Tensors{Tensor::zeros(DType::kInt32, {1, 2, 2, 1}), i32({2}, {3, 3})}, "int32");
  expect_refused(cpu_backend(), "resize_bilinear", {}, Tensors{random_f32({1, 2, 2, 1}), i32({2}, {3, 3})}, "not known");
}

}  // namespace
}  // namespace temper::testing
