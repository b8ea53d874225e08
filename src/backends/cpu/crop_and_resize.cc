#include "ops/image/crop_and_resize.h"

#include <limits>

#include "backends/cpu/families.h"
#include "backends/cpu/isa.h"
#include "base/threads.h"

namespace temper::cpu {
namespace {

/// The four pixels around a position, and how far it is from the first.
struct Corners {
  const float* top_left;
  const float* top_right;
  const float* bottom_left;
  const float* bottom_right;
  float across, down;
};

#define TEMPER_INTERPOLATION(name, ...)                                                                              \
  TEMPER_FOR_EACH_ISA void name(const Corners& corners, std::int64_t channels, float* __restrict out) {               \
    const float* const top_left = corners.top_left;                                                                  \
    const float* const top_right = corners.top_right;                                                                \
    const float* const bottom_left = corners.bottom_left;                                                            \
    const float* const bottom_right = corners.bottom_right;                                                          \
    const float across = corners.across;                                                                             \
    const float down = corners.down;                                                                                 \
    for (std::int64_t c = 0; c < channels; ++c) {                                                                    \
      const float top = top_left[c] + (top_right[c] - top_left[c]) * across;                                         \
      const float bottom = bottom_left[c] + (bottom_right[c] - bottom_left[c]) * across;                             \
      const float y = top + (bottom - top) * down;                                                                   \
      out[c] = __VA_ARGS__;                                                                                          \
    }                                                                                                                \
  }
TEMPER_INTERPOLATION(interpolate, y)
/// NaN is below every number.
TEMPER_INTERPOLATION(interpolate_greatest, y > out[c] ? y : out[c])

TEMPER_FOR_EACH_ISA void take_greatest(float value, std::int64_t channels, float* out) {
  for (std::int64_t c = 0; c < channels; ++c) out[c] = value > out[c] ? value : out[c];
}

/// Bilinear crops of float32 images, boxes in parallel; of each window of `pool` x `pool` pixels only the greatest is written.
class CropKernel final : public Kernel {
 public:
  CropKernel(const CropAndResize& op, std::int64_t height, std::int64_t width)
      : name_(op.pool > 1 ? "f32_crop_and_resize_max_pool" : "f32_crop_and_resize"), outside_(op.extrapolation_value), pool_(op.pool), height_(height), width_(width) {}

  std::string_view name() const override { return name_; }

  /// Where rows and columns are taken, for each thread.
  std::size_t workspace_bytes() const override {
    return static_cast<std::size_t>(thread_count()) * static_cast<std::size_t>(height_ + width_) * sizeof(CropTap);
  }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte> workspace) const override {
    const Shape crops = crops_shape(in);
    const Shape shape{crops[0], crops[1] / pool_, crops[2] / pool_, crops[3]};
    if (shape != out[0].shape()) throw ModelError(fmt::format("crops are {}, but {} was planned", shape, out[0]));
    if (out[0].elements() == 0) return;
    float* const to = out[0].mutable_data<float>().data();
    auto* const taps = reinterpret_cast<CropTap*>(workspace.data());
    const std::int64_t room = static_cast<std::int64_t>(workspace.size_bytes() / sizeof(CropTap)) / (height_ + width_);
    const std::int64_t parts = std::min<std::int64_t>(room, shape[0]);
    parallel_for(parts, 1, [&](std::int64_t first, std::int64_t last) {
      const std::int64_t size = shape.elements(1, 4);
      for (std::int64_t part = first; part < last; ++part) {
        const std::span<CropTap> rows(taps + part * (height_ + width_), static_cast<std::size_t>(height_));
        const std::span<CropTap> columns(rows.data() + height_, static_cast<std::size_t>(width_));
        for (std::int64_t n = shape[0] * part / parts; n < shape[0] * (part + 1) / parts; ++n) crop(in, n, rows, columns, to + n * size);
      }
    });
  }

 private:
  struct Source {
    const float* image;
    std::int64_t width, channels;

    const float* pixel(std::int64_t y, std::int64_t x) const { return image + (y * width + x) * channels; }
    Corners corners(const LinearTap& y, const LinearTap& x) const {
      return {pixel(y.lower, x.lower), pixel(y.lower, x.upper), pixel(y.upper, x.lower), pixel(y.upper, x.upper), x.lerp, y.lerp};
    }
  };

  void crop(Inputs in, std::int64_t n, std::span<CropTap> rows, std::span<CropTap> columns, float* to) const {
    const float* const box = in[1].data<float>().data() + 4 * n;
    const std::int64_t picture = in[2].data<std::int32_t>()[static_cast<std::size_t>(n)];
    const Source source{in[0].data<float>().data() + picture * in[0].shape().elements(1, 4), in[0].dim(2), in[0].dim(3)};
    place_crop(box[0], box[2], in[0].dim(1), rows);
    place_crop(box[1], box[3], in[0].dim(2), columns);
    const auto pool = static_cast<std::size_t>(pool_);
    for (std::size_t y = 0; y + pool <= rows.size(); y += pool) {
      for (std::size_t x = 0; x + pool <= columns.size(); x += pool, to += source.channels) {
        if (pool == 1) write_pixel(source, rows[y], columns[x], to);
        else write_greatest(source, rows.subspan(y, pool), columns.subspan(x, pool), to);
      }
    }
  }

  void write_pixel(const Source& source, const CropTap& row, const CropTap& column, float* to) const {
    if (row.inside && column.inside) interpolate(source.corners(row.linear, column.linear), source.channels, to);
    else std::fill_n(to, source.channels, outside_);
  }

  void write_greatest(const Source& source, std::span<const CropTap> rows, std::span<const CropTap> columns, float* to) const {
    std::fill_n(to, source.channels, std::numeric_limits<float>::lowest());
    for (const CropTap& row : rows) {
      for (const CropTap& column : columns) {
        if (row.inside && column.inside) interpolate_greatest(source.corners(row.linear, column.linear), source.channels, to);
        else take_greatest(outside_, source.channels, to);
      }
    }
  }

  std::string_view name_;
  float outside_;
  std::int64_t pool_;
  std::int64_t height_, width_;
};

}  // namespace

std::optional<Prepared> prepare_crop_and_resize(const Node& node, std::span<const Fact> in) {
  const auto* crop = node.op.as<CropAndResize>();
  if (crop == nullptr) return std::nullopt;
  if (in[0].dtype != DType::kFloat32) return Refusal{fmt::format("{} is not handled", in[0].dtype), true};
  if (crop->method != CropMethod::kBilinear) return Refusal{"only bilinear crops are handled", true};
  if (!in[3].constant) return Refusal{"the crops' size is not known beforehand"};
  const auto size = in[3].constant->to_int64s();
  if (size.size() != 2 || size[0] <= 0 || size[1] <= 0) return Refusal{"there is nothing to compute"};
  return std::make_unique<CropKernel>(*crop, size[0], size[1]);
}

}  // namespace temper::cpu
