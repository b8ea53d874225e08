#pragma once
#include "ops/definition.h"

namespace temper {

/// How anchors are given: by corners (y0, x0, y1, x1) or by centre and size (yc, xc, h, w).
enum class AnchorForm { kCorners, kCentres };
template <>
struct EnumNames<AnchorForm> {
  static constexpr std::array<std::string_view, 2> kNames = {"corners", "centres"};
};

/// Boxes from what a network says of them in terms of anchors (Ren et al., Faster R-CNN, 2015). Codes (ty, tx, th, tw) are
/// first divided by `scales`; then yc = ty * anchor h + anchor yc, h = exp(th) * anchor h, and y0, y1 = yc -+ h / 2; x alike.
/// Inputs: float32 codes [..., n, 4], anchors [..., n, 4], whose leading dims broadcast to those of codes. Output: boxes of
/// codes' shape, as corners (y0, x0, y1, x1). An anchor given by corners has h = y1 - y0 and yc = y0 + h / 2.
struct DecodeBoxes {
  static constexpr std::string_view kName = "decode_boxes";

  AnchorForm anchors = AnchorForm::kCorners;
  std::vector<float> scales = {1, 1, 1, 1};

  static void fields(auto& self, auto&& field) {
    field("anchors", self.anchors);
    field("scales", self.scales);
  }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
