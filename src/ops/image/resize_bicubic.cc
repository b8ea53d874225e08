#include <array>
#include <cmath>

#include "ops/image/resize.h"

namespace temper {
namespace {

constexpr std::size_t kSteps = 1024;

/// The cubic kernel at distances t / kSteps and 1 + t / kSteps, computed in the mixed precision that TensorFlow's table has.
class CubicTable {
 public:
  explicit CubicTable(double a) {
    for (std::size_t i = 0; i <= kSteps; ++i) {
      auto x = static_cast<float>(static_cast<double>(i) / kSteps);
      near_[i] = static_cast<float>(((a + 2) * x - (a + 3)) * x * x + 1);
      x += 1;
      far_[i] = static_cast<float>(((a * x - 5 * a) * x + 8 * a) * x - 4 * a);
    }
  }

  /// Weights of the pixels at -1, 0, 1 and 2 for a position `step` / kSteps past that at 0.
  std::array<float, 4> weights(std::size_t step) const {
    return {far_[step], near_[step], near_[kSteps - step], far_[kSteps - step]};
  }

 private:
  std::array<float, kSteps + 1> near_{};
  std::array<float, kSteps + 1> far_{};
};

struct CubicTap {
  std::array<std::int64_t, 4> source;
  std::array<float, 4> weight;
};

/// Takes weights beyond the border away and makes the rest sum to 1.
void renormalise(CubicTap& tap, std::int64_t base) {
  for (std::size_t k = 0; k < 4; ++k) {
    if (tap.source[k] != base - 1 + static_cast<std::int64_t>(k)) tap.weight[k] = 0;
  }
  const float sum = tap.weight[0] + tap.weight[1] + tap.weight[2] + tap.weight[3];
  if (std::abs(sum) < 1000 * std::numeric_limits<float>::min()) return;
  const float factor = 1 / sum;
  for (float& weight : tap.weight) weight *= factor;
}

std::vector<CubicTap> cubic_taps(const ResizeGrid& grid, std::int64_t in, std::int64_t out) {
  const CubicTable table(grid.half_pixel_centers ? -0.5 : -0.75);
  const float scale = grid.scale(in, out);
  std::vector<CubicTap> taps(static_cast<std::size_t>(out));
  for (std::int64_t i = 0; i < out; ++i) {
    CubicTap& tap = taps[static_cast<std::size_t>(i)];
    const float position = grid.position(i, scale);
    const auto base = static_cast<std::int64_t>(std::floor(position));
    const float past = position - static_cast<float>(base);
    tap.weight = table.weights(static_cast<std::size_t>(std::lrint(past * static_cast<float>(kSteps))));
    for (std::int64_t k = 0; k < 4; ++k) {
      tap.source[static_cast<std::size_t>(k)] = std::clamp<std::int64_t>(base - 1 + k, 0, in - 1);
    }
    if (grid.half_pixel_centers) renormalise(tap, base);
  }
  return taps;
}

float weighted_sum(const std::array<float, 4>& weight, float a, float b, float c, float d) {
  return a * weight[0] + b * weight[1] + c * weight[2] + d * weight[3];
}

/// Rows are summed first, then columns.
void interpolate_row(const std::array<const float*, 4>& rows, const CubicTap& row, std::span<const CubicTap> columns,
                     std::int64_t channels, std::span<float> scratch, float* out) {
  for (std::size_t i = 0; i < scratch.size(); ++i) {
    scratch[i] = weighted_sum(row.weight, rows[0][i], rows[1][i], rows[2][i], rows[3][i]);
  }
  for (const CubicTap& column : columns) {
    const auto at = [&](std::size_t k) { return scratch.data() + column.source[k] * channels; };
    for (std::int64_t c = 0; c < channels; ++c) {
      *out++ = weighted_sum(column.weight, at(0)[c], at(1)[c], at(2)[c], at(3)[c]);
    }
  }
}

}  // namespace

Tensors ResizeBicubic::reference(Inputs in) const {
  check_grid(*this);
  const Shape shape = resized_shape(in);
  Tensor out(DType::kFloat32, shape);
  if (out.elements() == 0) return {std::move(out)};
  const Tensor image = to_float32(in[0]);
  const std::int64_t channels = shape[3];
  const std::int64_t in_row = image.dim(2) * channels;
  const auto rows = cubic_taps(*this, image.dim(1), shape[1]);
  const auto columns = cubic_taps(*this, image.dim(2), shape[2]);
  std::vector<float> scratch(static_cast<std::size_t>(in_row));
  float* to = out.mutable_data<float>().data();
  for (std::int64_t b = 0; b < shape[0]; ++b) {
    const float* const picture = image.data<float>().data() + b * image.dim(1) * in_row;
    for (const CubicTap& row : rows) {
      std::array<const float*, 4> sources{};
      for (std::size_t k = 0; k < 4; ++k) sources[k] = picture + row.source[k] * in_row;
      interpolate_row(sources, row, columns, channels, scratch, to);
      to += shape[2] * channels;
    }
  }
  return {std::move(out)};
}
REGISTER_OP(ResizeBicubic);

}  // namespace temper
