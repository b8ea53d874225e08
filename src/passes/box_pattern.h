#pragma once
#include "passes/pattern.h"

/// What graphs do to boxes [n, 4] of corners (y0, x0, y1, x1), recognised.
namespace temper {

/// A window of four corners: elements 0 to 3 of a vector, or constants.
struct WindowPattern {
  ValueId vector = ValueId::kNone;
  std::optional<std::array<float, 4>> corners;

  bool operator==(const WindowPattern&) const = default;
};

struct BoxChange {
  ValueId boxes = ValueId::kNone;  ///< what is changed
  WindowPattern window;
};

/// Each corner as maximum(minimum(x, high), low).
std::optional<BoxChange> as_clipped(const Rewriter& rewriter, ValueId id);
/// Corners as seen from a window: less its first corner, then times one through its size.
std::optional<BoxChange> as_framed(const Rewriter& rewriter, ValueId id);
/// The boxes whose areas, (y1 - y0) * (x1 - x0), these are; kNone where it is something else.
ValueId as_areas(const Rewriter& rewriter, ValueId id);

}  // namespace temper
