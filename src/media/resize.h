#pragma once
#include "media/picture.h"

namespace temper {

/// `picture` at `width` x `height`, each pixel interpolated between its four nearest: TensorFlow's ResizeBilinear with
/// half_pixel_centers, rounded to the nearest integer. Shrinking by more than 2 skips pixels; see resize_antialiased.
/// Throws ModelError unless the sides are positive.
Picture resize_picture(const Picture& picture, int width, int height);

/// `picture` at `width` x `height` with a triangle filter as wide as the shrinkage, first across, then down: equal to
/// Pillow's resize((width, height), BILINEAR) up to Pillow 12. Pillow 13 filters some shapes down first, which differs
/// by at most 1. Throws ModelError unless the sides are positive.
Picture resize_antialiased(const Picture& picture, int width, int height);

/// The middle `width` x `height` pixels; where an odd pixel is left over it is cut from the right or bottom.
/// Throws ModelError unless `picture` has as many.
Picture crop_centre(const Picture& picture, int width, int height);

}  // namespace temper
