#include "ops/image/resize.h"

namespace temper {
namespace {

/// One row of output from the two rows of input around it.
void interpolate_row(const float* top_row, const float* bottom_row, float y_lerp, std::span<const LinearTap> columns,
                     std::int64_t channels, float* out) {
  for (const LinearTap& column : columns) {
    const float* const top_left = top_row + column.lower * channels;
    const float* const top_right = top_row + column.upper * channels;
    const float* const bottom_left = bottom_row + column.lower * channels;
    const float* const bottom_right = bottom_row + column.upper * channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      const float top = top_left[c] + (top_right[c] - top_left[c]) * column.lerp;
      const float bottom = bottom_left[c] + (bottom_right[c] - bottom_left[c]) * column.lerp;
      *out++ = top + (bottom - top) * y_lerp;
    }
  }
}

}  // namespace

Tensors ResizeBilinear::reference(Inputs in) const {
  check_grid(*this);
  const Shape shape = resized_shape(in);
  Tensor out(DType::kFloat32, shape);
  if (out.elements() == 0) return {std::move(out)};
  const Tensor image = to_float32(in[0]);
  const std::int64_t channels = shape[3];
  const std::int64_t in_row = image.dim(2) * channels;
  const auto rows = linear_taps(*this, image.dim(1), shape[1]);
  const auto columns = linear_taps(*this, image.dim(2), shape[2]);
  float* to = out.mutable_data<float>().data();
  for (std::int64_t b = 0; b < shape[0]; ++b) {
    const float* const picture = image.data<float>().data() + b * image.dim(1) * in_row;
    for (const LinearTap& row : rows) {
      interpolate_row(picture + row.lower * in_row, picture + row.upper * in_row, row.lerp, columns, channels, to);
      to += shape[2] * channels;
    }
  }
  return {std::move(out)};
}
REGISTER_OP(ResizeBilinear);

}  // namespace temper
