#include <cmath>

#include "ops/image/resize.h"

namespace temper {
namespace {

/// The input pixels [first, end) that an output pixel covers along an axis, and how much of the first and the last.
struct Cover {
  std::int64_t first;
  std::int64_t end;
  float first_share;
  float last_share;
};

/// How much of pixel i lies in [from, to), which is `length` long.
float share(std::int64_t i, float from, float to, float length) {
  const auto low = static_cast<float>(i);
  const auto high = static_cast<float>(i + 1);
  if (low < from) return high > to ? length : high - from;
  return high > to ? to - low : 1.0F;
}

std::vector<Cover> covers(float scale, std::int64_t out) {
  std::vector<Cover> all;
  for (std::int64_t i = 0; i < out; ++i) {
    const float from = static_cast<float>(i) * scale;
    const float to = static_cast<float>(i + 1) * scale;
    const auto first = static_cast<std::int64_t>(std::floor(from));
    const auto end = static_cast<std::int64_t>(std::ceil(to));
    all.push_back({first, end, share(first, from, to, scale), share(end - 1, from, to, scale)});
  }
  return all;
}

/// The sum along one row of input. Pixels past the border repeat the last.
float sum_row(const float* row, const Cover& cover, std::int64_t width, std::int64_t channels) {
  const auto at = [&](std::int64_t x) { return row[std::clamp<std::int64_t>(x, 0, width - 1) * channels]; };
  float sum = at(cover.first) * cover.first_share;
  if (cover.first + 1 == cover.end) return sum;
  for (std::int64_t x = cover.first + 1; x < cover.end - 1; ++x) sum += at(x);
  return sum + at(cover.end - 1) * cover.last_share;
}

}  // namespace

Tensors ResizeArea::reference(Inputs in) const {
  const Shape shape = resized_shape(in);
  Tensor out(DType::kFloat32, shape);
  if (out.elements() == 0) return {std::move(out)};
  const Tensor image = to_float32(in[0]);
  const ResizeGrid grid{align_corners, false};
  const float y_scale = grid.scale(image.dim(1), shape[1]);
  const float x_scale = grid.scale(image.dim(2), shape[2]);
  const auto factor = static_cast<float>(1.0 / (y_scale * x_scale));
  const auto columns = covers(x_scale, shape[2]);
  const std::int64_t channels = shape[3];
  const std::int64_t in_row = image.dim(2) * channels;
  float* to = out.mutable_data<float>().data();
  for (std::int64_t b = 0; b < shape[0]; ++b) {
    const float* const picture = image.data<float>().data() + b * image.dim(1) * in_row;
    for (const Cover& row : covers(y_scale, shape[1])) {
      for (const Cover& column : columns) {
        for (std::int64_t c = 0; c < channels; ++c) {
          float sum = 0;
          for (std::int64_t y = row.first; y < row.end; ++y) {
            const float weight = y == row.first ? row.first_share : y == row.end - 1 ? row.last_share : 1.0F;
            const std::int64_t inside = std::clamp<std::int64_t>(y, 0, image.dim(1) - 1);
            sum += sum_row(picture + inside * in_row + c, column, image.dim(2), channels) * weight;
          }
          *to++ = sum * factor;
        }
      }
    }
  }
  return {std::move(out)};
}
REGISTER_OP(ResizeArea);

}  // namespace temper
