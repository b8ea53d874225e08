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
  explicit CropKernel(float outside) : outside_(outside) {}

  std::string_view name() const override { return "f32_crop_and_resize"; }

  Tensors run(Inputs in) override {
    const Shape shape = crops_shape(in);
    Tensor out(DType::kFloat32, shape);
    if (out.elements() == 0) return {std::move(out)};
    float* const to = out.mutable_data<float>().data();
    parallel_for(shape[0], 1, [&](std::int64_t begin, std::int64_t end) {
      std::vector<CropTap> rows(static_cast<std::size_t>(shape[1]));
      std::vector<CropTap> columns(static_cast<std::size_t>(shape[2]));
      const std::int64_t size = shape.elements(1, 4);
      for (std::int64_t n = begin; n < end; ++n) crop(in, n, rows, columns, to + n * size);
    });
    return {std::move(out)};
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
};

}  // namespace

std::optional<Prepared> prepare_crop_and_resize(const Node& node, std::span<const Fact> in) {
  const auto* crop = node.op.as<CropAndResize>();
  if (crop == nullptr) return std::nullopt;
  if (in[0].dtype != DType::kFloat32) return Refusal{fmt::format("{} is not handled", in[0].dtype), true};
  if (crop->method != CropMethod::kBilinear) return Refusal{"only bilinear crops are handled", true};
  return std::make_unique<CropKernel>(crop->extrapolation_value);
}

}  // namespace temper::cpu
