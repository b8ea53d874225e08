#pragma once
#include <array>
#include <cstdint>

#include "ir/shape.h"

namespace temper {

/// How N operands are read when broadcast to one shape: the shape is cut into equal runs, and within a run an operand
/// either moves on element by element (step 1) or stays (step 0). Axes are merged, so runs are as long as can be.
template <std::size_t N>
class BroadcastRuns {
 public:
  using Offsets = std::array<std::int64_t, N>;

  /// Throws ModelError where an operand does not broadcast to `target`.
  BroadcastRuns(const Shape& target, const std::array<Shape, N>& operands);

  std::int64_t length() const { return length_; }
  /// 0 or 1 for each operand.
  const Offsets& steps() const { return steps_; }

  /// Calls `body(out, operands)` with the offsets at which each run begins.
  template <class Body>
  void for_each(Body&& body) const {
    Offsets at{};
    std::array<std::int64_t, kMaxRank> index{};
    for (std::int64_t run = 0; run < runs_; ++run) {
      body(run * length_, at);
      for (std::size_t axis = 0; axis < outer_rank_; ++axis) {
        for (std::size_t i = 0; i < N; ++i) at[i] += strides_[axis][i];
        if (++index[axis] < dims_[axis]) break;
        index[axis] = 0;
        for (std::size_t i = 0; i < N; ++i) at[i] -= strides_[axis][i] * dims_[axis];
      }
    }
  }

 private:
  void add_axis(std::int64_t dim, const Offsets& strides);

  std::int64_t length_ = 1;
  Offsets steps_{};
  std::int64_t runs_ = 1;
  std::size_t outer_rank_ = 0;  ///< axes outside the runs, innermost first
  std::array<std::int64_t, kMaxRank> dims_{};
  std::array<Offsets, kMaxRank> strides_{};
};

extern template class BroadcastRuns<1>;
extern template class BroadcastRuns<2>;
extern template class BroadcastRuns<3>;

}  // namespace temper
