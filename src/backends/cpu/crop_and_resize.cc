#include "ops/image/crop_and_resize.h"

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

TEMPER_FOR_EACH_ISA void interpolate(const Corners& corners, std::int64_t channels, float* __restrict out) {
  const float* const top_left = corners.top_left;
  const float* const top_right = corners.top_right;
  const float* const bottom_left = corners.bottom_left;
  const float* const bottom_right = corners.bottom_right;
  const float across = corners.across;
  const float down = corners.down;
  for (std::int64_t c = 0; c < channels; ++c) {
    const float top = top_left[c] + (top_right[c] - top_left[c]) * across;
    const float bottom = bottom_left[c] + (bottom_right[c] - bottom_left[c]) * across;
    out[c] = top + (bottom - top) * down;
  }
}

/// Bilinear crops of float32 images, boxes in parallel.
class CropKernel final : public Kernel {
 public:
  CropKernel(float outside, std::int64_t height, std::int64_t width) : outside_(outside), height_(height), width_(width) {}

  std::string_view name() const override { return "f32_crop_and_resize"; }

  /// Where rows and columns are taken, for each thread.
  std::size_t workspace_bytes() const override {
    return static_cast<std::size_t>(thread_count()) * static_cast<std::size_t>(height_ + width_) * sizeof(CropTap);
  }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte> workspace) const override {
    const Shape shape = crops_shape(in);
    if (shape != out[0].shape()) throw ModelError(fmt::format("crops are {}, but {} was planned", shape, out[0]));
    if (out[0].elements() == 0) return;
    float* const to = out[0].mutable_data<float>().data();
    auto* const taps = reinterpret_cast<CropTap*>(workspace.data());
    const std::int64_t parts = std::min<std::int64_t>(static_cast<std::int64_t>(workspace.size_bytes() / sizeof(CropTap)) / (height_ + width_), shape[0]);
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
  void crop(Inputs in, std::int64_t n, std::span<CropTap> rows, std::span<CropTap> columns, float* to) const {
    const std::int64_t width = in[0].dim(2);
    const std::int64_t channels = in[0].dim(3);
    const float* const box = in[1].data<float>().data() + 4 * n;
    const std::int64_t source = in[2].data<std::int32_t>()[static_cast<std::size_t>(n)];
    const float* const image = in[0].data<float>().data() + source * in[0].shape().elements(1, 4);
    const auto pixel = [&](std::int64_t y, std::int64_t x) { return image + (y * width + x) * channels; };
    place_crop(box[0], box[2], in[0].dim(1), rows);
    place_crop(box[1], box[3], width, columns);
    for (const CropTap& row : rows) {
      for (const CropTap& column : columns) {
        if (row.inside && column.inside) {
          const LinearTap& y = row.linear;
          const LinearTap& x = column.linear;
          interpolate({pixel(y.lower, x.lower), pixel(y.lower, x.upper), pixel(y.upper, x.lower), pixel(y.upper, x.upper),
                       x.lerp, y.lerp},
                      channels, to);
        } else {
          std::fill_n(to, channels, outside_);
        }
        to += channels;
      }
    }
  }

  float outside_;
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
  return std::make_unique<CropKernel>(crop->extrapolation_value, size[0], size[1]);
}

}  // namespace temper::cpu
