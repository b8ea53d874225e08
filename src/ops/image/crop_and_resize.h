#pragma once
#include <array>

#include "ops/definition.h"
#include "ops/image/resize.h"

namespace temper {

enum class CropMethod { kBilinear, kNearest };
template <>
struct EnumNames<CropMethod> {
  static constexpr std::array<std::string_view, 2> kNames{"bilinear", "nearest"};
};

/// Crops of images, each resized to one size. Inputs: images [batch, height, width, channels]; boxes [n, 4] as (y1, x1, y2,
/// x2) in units of (height - 1, width - 1); the image of each box, int32 [n]; the crop size, int32 [2]. Output: float32
/// [n, crop height, crop width, channels].
/// A crop's corners are on the box's: pixel i of an axis is at y1 * (in - 1) + i * ((y2 - y1) * (in - 1) / (out - 1)), a single
/// one at the box's middle. Boxes may be flipped. Positions outside the image give `extrapolation_value`. With `pool` above 1, the output
/// is what max_pool makes of the crops with that kernel and stride: [n, crop height / pool, crop width / pool, channels].
struct CropAndResize {
  static constexpr std::string_view kName = "crop_and_resize";

  CropMethod method = CropMethod::kBilinear;
  float extrapolation_value = 0;
  std::int64_t pool = 1;

  static void fields(auto& self, auto&& field) {
    field("method", self.method);
    field("extrapolation_value", self.extrapolation_value);
    field("pool", self.pool);
  }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// The shape of the crops before they are pooled. Throws ModelError where inputs do not fit.
Shape crops_shape(Inputs in);

/// Where a crop's pixel lies along an axis: between two pixels of the image, or outside.
struct CropTap {
  LinearTap linear;
  std::int64_t nearest = 0;
  bool inside = false;
};
/// The taps of a crop's pixels along an axis of `in` pixels, for a box from `from` to `to`.
void place_crop(float from, float to, std::int64_t in, std::span<CropTap> taps);

}  // namespace temper
