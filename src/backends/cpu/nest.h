#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "ops/arrays/storage.h"

namespace temper::cpu {

/// Nested loops over N operands at once: how far each operand moves along each axis, the last axis the fastest. Axes that
/// every operand goes on along are merged, so loops are few and long.
template <std::size_t N>
class Nest {
 public:
  using Offsets = std::array<std::int64_t, N>;
  struct Axis {
    std::int64_t dim = 1;
    Offsets steps{};
  };

  /// The next axis inwards.
  void add(std::int64_t dim, const Offsets& steps) {
    empty_ |= dim == 0;
    if (dim == 1) return;
    if (rank_ > 0 && goes_on(axes_[rank_ - 1], dim, steps)) axes_[rank_ - 1] = {axes_[rank_ - 1].dim * dim, steps};
    else axes_[rank_++] = {dim, steps};
  }

  bool empty() const { return empty_; }
  std::size_t rank() const { return rank_; }
  const Axis& operator[](std::size_t axis) const { return axes_[axis]; }
  /// Takes away the last axis and gives it; of a nest without axes, one of a single step.
  Axis take_last() { return rank_ > 0 ? axes_[--rank_] : Axis(); }
  void move_to_back(std::size_t axis) {
    const auto begin = axes_.begin() + static_cast<std::ptrdiff_t>(axis);
    std::rotate(begin, begin + 1, axes_.begin() + static_cast<std::ptrdiff_t>(rank_));
  }

  std::int64_t positions() const {
    std::int64_t count = empty_ ? 0 : 1;
    for (std::size_t axis = 0; axis < rank_; ++axis) count *= axes_[axis].dim;
    return count;
  }

  /// Calls `body(offsets)` for the positions [first, last) of all axes.
  template <class Body>
  void each(std::int64_t first, std::int64_t last, Body&& body) const {
    std::array<std::int64_t, View::kMaxRank> at;
    Offsets offsets{};
    std::int64_t rest = first;
    for (std::size_t axis = rank_; axis-- > 0; rest /= axes_[axis].dim) {
      at[axis] = rest % axes_[axis].dim;
      for (std::size_t i = 0; i < N; ++i) offsets[i] += at[axis] * axes_[axis].steps[i];
    }
    for (std::int64_t position = first; position < last; ++position) {
      body(offsets);
      for (std::size_t axis = rank_; axis-- > 0;) {
        const Axis& a = axes_[axis];
        for (std::size_t i = 0; i < N; ++i) offsets[i] += a.steps[i];
        if (++at[axis] < a.dim) break;
        at[axis] = 0;
        for (std::size_t i = 0; i < N; ++i) offsets[i] -= a.steps[i] * a.dim;
      }
    }
  }

 private:
  static bool goes_on(const Axis& outer, std::int64_t dim, const Offsets& steps) {
    for (std::size_t i = 0; i < N; ++i) {
      if (outer.steps[i] != steps[i] * dim) return false;
    }
    return true;
  }

  std::array<Axis, View::kMaxRank> axes_;
  std::size_t rank_ = 0;
  bool empty_ = false;
};

}  // namespace temper::cpu
