#pragma once
#include "ir/attribute.h"
#include "ops/definition.h"

namespace temper {

enum class ResampleMode : std::uint8_t { kNearest, kLinear, kCubic };
template <>
struct EnumNames<ResampleMode> {
  static constexpr std::array<std::string_view, 3> kNames = {"nearest", "linear", "cubic"};
};

/// Which input position output i along an axis is taken from; `scale` is output over input.
///     half_pixel            (i + 0.5) / scale - 0.5
///     half_pixel_symmetric  likewise, around the middle of the input where scale does not give a whole number of outputs
///     pytorch_half_pixel    likewise, but 0 for a single output
///     asymmetric            i / scale
///     align_corners         i * (in - 1) / (in * scale - 1)
///     tf_half_pixel_for_nn  (i + 0.5) / scale
///     tf_crop_and_resize    evenly from region's start * (in - 1) to its end * (in - 1)
enum class ResampleGrid : std::uint8_t {
  kHalfPixel, kHalfPixelSymmetric, kPytorchHalfPixel, kAsymmetric, kAlignCorners, kTfHalfPixelForNn, kTfCropAndResize
};
template <>
struct EnumNames<ResampleGrid> {
  static constexpr std::array<std::string_view, 7> kNames = {"half_pixel",    "half_pixel_symmetric", "pytorch_half_pixel", "asymmetric",
                                                             "align_corners", "tf_half_pixel_for_nn", "tf_crop_and_resize"};
};

enum class ResampleRounding : std::uint8_t { kRoundPreferFloor, kRoundPreferCeil, kFloor, kCeil };
template <>
struct EnumNames<ResampleRounding> {
  static constexpr std::array<std::string_view, 4> kNames = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
};

/// x sampled anew along each of its axes, as ONNX's Resize (version 19) says: nearest, linear or cubic interpolation, one axis after the other;
/// places beyond the ends count as the end. Inputs: x; sizes, the result's dims; scales (float32), one for each axis; and, where the grid is
/// tf_crop_and_resize, the region (float32): each axis' start, then each axis' end, in parts of the dim.
/// `exclude_outside`: weights beyond the ends are 0 and the others sum to 1. `antialias`: filters are made wider where a dim shrinks.
/// What a region has beyond the ends is `extrapolation`. Numbers; integers are interpolated as float32 and cut off at the point.
struct Resample {
  static constexpr std::string_view kName = "resample";

  ResampleMode mode = ResampleMode::kNearest;
  ResampleGrid grid = ResampleGrid::kHalfPixel;
  ResampleRounding rounding = ResampleRounding::kRoundPreferFloor;
  float cubic_a = -0.75F;
  bool exclude_outside = false;
  bool antialias = false;
  float extrapolation = 0.0F;

  static void fields(auto& self, auto&& field) {
    field("mode", self.mode);
    field("grid", self.grid);
    field("rounding", self.rounding);
    field("cubic_a", self.cubic_a);
    field("exclude_outside", self.exclude_outside);
    field("antialias", self.antialias);
    field("extrapolation", self.extrapolation);
  }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
