#pragma once
#include "ops/definition.h"

/// Resizing of images [batch, height, width, channels] to `size`, a tensor of 2 positive integers (height, width).
///
/// Output pixel i along an axis is taken from input position
///     i * scale                       by default,
///     (i + 0.5) * scale - 0.5         with half_pixel_centers (nearest: without the - 0.5),
/// where scale = in / out, or (in - 1) / (out - 1) with align_corners where both are above 1. All in float32 and in this order, which
/// is TensorFlow's: a position that rounds otherwise picks another pixel.
namespace temper {

/// How positions along an axis follow from indices.
struct ResizeGrid {
  bool align_corners = false;
  bool half_pixel_centers = false;

  static void fields(auto& self, auto&& field) {
    field("align_corners", self.align_corners);
    field("half_pixel_centers", self.half_pixel_centers);
  }

  float scale(std::int64_t in, std::int64_t out) const {
    return align_corners && in > 1 && out > 1 ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                                    : static_cast<float>(in) / static_cast<float>(out);
  }
  float position(std::int64_t i, float scale) const {
    return half_pixel_centers ? (static_cast<float>(i) + 0.5F) * scale - 0.5F : static_cast<float>(i) * scale;
  }
  /// Of the pixel's middle where pixels have one: what nearest rounds.
  float middle(std::int64_t i, float scale) const {
    return half_pixel_centers ? (static_cast<float>(i) + 0.5F) * scale : static_cast<float>(i) * scale;
  }
};

/// The facts or the shape of a resized image; throw ModelError where inputs (image, size) do not fit.
Facts infer_resized(std::span<const Fact> in, DType dtype);
Shape resized_shape(Inputs in);
/// Throws ModelError where both are set.
void check_grid(const ResizeGrid& grid);

/// The image's elements as float32; shared where they are that already.
Tensor to_float32(const Tensor& image);

/// A resized pixel lies between two of the input along an axis: y = lower + (upper - lower) * lerp.
struct LinearTap {
  std::int64_t lower = 0;
  std::int64_t upper = 0;
  float lerp = 0;
};
std::vector<LinearTap> linear_taps(const ResizeGrid& grid, std::int64_t in, std::int64_t out);
/// The input pixel that resize_nearest_neighbor takes for each of the output along an axis.
std::vector<std::int64_t> nearest_pixels(const ResizeGrid& grid, std::int64_t in, std::int64_t out);

/// y = bilinear interpolation, columns first; float32 whatever the input's type.
struct ResizeBilinear : ResizeGrid {
  static constexpr std::string_view kName = "resize_bilinear";

  Facts infer(std::span<const Fact> in) const { return infer_resized(in, DType::kFloat32); }
  Tensors reference(Inputs in) const;
};

/// y = the input pixel at floor(position), or with align_corners at round(position) (halves away from 0); of the input's type.
struct ResizeNearest : ResizeGrid {
  static constexpr std::string_view kName = "resize_nearest_neighbor";

  Facts infer(std::span<const Fact> in) const { return infer_resized(in, in.empty() ? DType::kFloat32 : in[0].dtype); }
  Tensors reference(Inputs in) const;
};

/// y = cubic convolution over 4 x 4 pixels, its weights looked up at steps of 1/1024 of a pixel; float32. The kernel has
/// a = -0.75 and repeats pixels beyond the border; with half_pixel_centers a = -0.5 and weights beyond the border are 0, the
/// rest made to sum to 1. (R. Keys, Cubic convolution interpolation for digital image processing, 1981.)
struct ResizeBicubic : ResizeGrid {
  static constexpr std::string_view kName = "resize_bicubic";

  Facts infer(std::span<const Fact> in) const { return infer_resized(in, DType::kFloat32); }
  Tensors reference(Inputs in) const;
};

/// y = the mean of the input over the output pixel's area, parts of pixels by their share; float32.
struct ResizeArea {
  static constexpr std::string_view kName = "resize_area";

  bool align_corners = false;

  static void fields(auto& self, auto&& field) { field("align_corners", self.align_corners); }

  Facts infer(std::span<const Fact> in) const { return infer_resized(in, DType::kFloat32); }
  Tensors reference(Inputs in) const;
};

}  // namespace temper
