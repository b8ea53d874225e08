#pragma once
#include <span>
#include <string>

#include "media/picture.h"

namespace temper {

/// A box to draw, its sides as fractions of the picture. Sides outside 0..1 are clamped, swapped ones exchanged.
struct DrawnBox {
  float ymin = 0;
  float xmin = 0;
  float ymax = 0;
  float xmax = 0;
  std::string label;    ///< UTF-8, for example "person 0.61"; none is drawn where it is empty
  int color_index = 0;  ///< the class; equal classes have equal colours, of which there are 24
};

/// Draws the boxes and, over them, their labels, in sizes that suit the picture. The first box lies over later ones.
/// A label stands above its box, or inside or below where it would leave the picture or cover an earlier label.
/// A box with a side that is no number is left out. Throws DeviceError where cairo cannot draw text.
void draw_boxes(Picture& picture, std::span<const DrawnBox> boxes);

/// Writes `lines` in white on a dark translucent band at the upper left. Lines that do not fit are left out.
void draw_caption(Picture& picture, std::span<const std::string> lines);

}  // namespace temper
