#pragma once
#include <array>

namespace temper {

/// A window that boxes are clipped to, and seen from. Each step is rounded as if written with one operator after another.
class Window {
 public:
  using Box = std::array<float, 4>;

  explicit Window(const float* corners)
      : y0_(corners[0]), x0_(corners[1]), y1_(corners[2]), x1_(corners[3]), y_scale_(1.0F / (y1_ - y0_)), x_scale_(1.0F / (x1_ - x0_)) {}

  Box clip(const float* box) const {
    return {clip(box[0], y0_, y1_), clip(box[1], x0_, x1_), clip(box[2], y0_, y1_), clip(box[3], x0_, x1_)};
  }
  Box change_frame(const Box& box) const {
    return {(box[0] - y0_) * y_scale_, (box[1] - x0_) * x_scale_, (box[2] - y0_) * y_scale_, (box[3] - x0_) * x_scale_};
  }
  static bool has_area(const Box& box) { return (box[2] - box[0]) * (box[3] - box[1]) > 0; }

 private:
  /// maximum(minimum(x, high), low); NaN stays NaN.
  static float clip(float x, float low, float high) {
    const float below = high < x || high != high ? high : x;
    return below < low || low != low ? low : below;
  }

  float y0_, x0_, y1_, x1_, y_scale_, x_scale_;
};

}  // namespace temper
