#include "ops/image/resize.h"

#include <cmath>

namespace temper {
namespace {

/// Positions along an axis are int32 in the kernels that define these operators.
constexpr std::int64_t kMaxSide = std::int64_t{1} << 31;

void check_size(const std::vector<std::int64_t>& size) {
  require(size.size() == 2 && size[0] > 0 && size[1] > 0, "an image is resized to {}, not to a positive height and width",
          size);
}

}  // namespace

Facts infer_resized(std::span<const Fact> in, DType dtype) {
  require_inputs(in, 2);
  require(is_number(in[0].dtype), "needs an image of numbers, got {}", in[0].dtype);
  require(is_integer(in[1].dtype), "the size is {}, not integers", in[1].dtype);
  require_rank(in[0], 4, "an image");
  require_rank(in[1], 1, "the size");
  ShapeFact shape = ShapeFact::of_rank(4);
  if (in[0].shape.rank_known()) {
    shape.set(0, in[0].shape[0]);
    shape.set(3, in[0].shape[3]);
  }
  if (in[1].constant) {
    const auto size = in[1].constant->to_int64s();
    check_size(size);
    shape.set(1, size[0]);
    shape.set(2, size[1]);
  }
  return {{dtype, shape, {}}};
}

Shape resized_shape(Inputs in) {
  require_inputs(in, 2);
  require(is_number(in[0].dtype()), "needs an image of numbers, got {}", in[0].dtype());
  require_rank(in[0], 4, "an image");
  require_rank(in[1], 1, "the size");
  const auto size = in[1].to_int64s();
  check_size(size);
  const Shape shape{in[0].dim(0), size[0], size[1], in[0].dim(3)};
  require(in[0].dim(0) == 0 || (in[0].dim(1) > 0 && in[0].dim(2) > 0), "the image {} is empty", in[0]);
  for (const std::int64_t side : {in[0].dim(1), in[0].dim(2), size[0], size[1]}) {
    require(side < kMaxSide, "an image of side {} is too large", side);
  }
  return shape;
}

void check_grid(const ResizeGrid& grid) {
  require(!grid.align_corners || !grid.half_pixel_centers, "align_corners and half_pixel_centers exclude each other");
}

Tensor to_float32(const Tensor& image) {
  if (image.dtype() == DType::kFloat32) return image;
  Tensor out(DType::kFloat32, image.shape());
  const auto to = out.mutable_data<float>();
  visit_numbers(image.dtype(), [&]<class T>(Type<T>) {
    std::ranges::transform(image.data<T>(), to.begin(), [](T v) { return static_cast<float>(v); });
  });
  return out;
}

std::vector<LinearTap> linear_taps(const ResizeGrid& grid, std::int64_t in, std::int64_t out) {
  const float scale = grid.scale(in, out);
  std::vector<LinearTap> taps(static_cast<std::size_t>(out));
  for (std::int64_t i = 0; i < out; ++i) {
    const float position = grid.position(i, scale);
    const float floor = std::floor(position);
    LinearTap& tap = taps[static_cast<std::size_t>(i)];
    tap.upper = std::min(static_cast<std::int64_t>(std::ceil(position)), in - 1);
    tap.lower = std::min(std::max(static_cast<std::int64_t>(floor), std::int64_t{0}), tap.upper);
    tap.lerp = position - floor;
  }
  return taps;
}

}  // namespace temper
