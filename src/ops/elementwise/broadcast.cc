#include "ops/elementwise/broadcast.h"

#include "ops/definition.h"

namespace temper {

template <std::size_t N>
BroadcastRuns<N>::BroadcastRuns(const Shape& target, const std::array<Shape, N>& operands) {
  std::array<std::array<std::int64_t, kMaxRank>, N> strides{};
  for (std::size_t i = 0; i < N; ++i) {
    require(broadcast(operands[i], target) == target, "shape {} does not broadcast to {}", operands[i], target);
    strides[i] = broadcast_strides(operands[i], target);
  }
  if (std::ranges::find(target, 0) != target.end()) {
    runs_ = 0;
    return;
  }
  for (std::size_t axis = target.rank(); axis-- > 0;) {
    Offsets at{};
    for (std::size_t i = 0; i < N; ++i) at[i] = strides[i][axis];
    add_axis(target[axis], at);
  }
}

/// Takes the next axis outwards: into the run where every operand goes on as within it, else as a new outer axis.
template <std::size_t N>
void BroadcastRuns<N>::add_axis(std::int64_t dim, const Offsets& strides) {
  if (dim == 1) return;
  const bool first = length_ == 1 && outer_rank_ == 0;
  std::int64_t& inner = outer_rank_ == 0 ? length_ : dims_[outer_rank_ - 1];
  Offsets& inner_strides = outer_rank_ == 0 ? steps_ : strides_[outer_rank_ - 1];
  bool continues = true;
  for (std::size_t i = 0; i < N; ++i) continues = continues && strides[i] == inner_strides[i] * inner;
  if (first) {
    length_ = dim;
    steps_ = strides;
    return;
  }
  if (outer_rank_ > 0 || !continues) runs_ *= dim;
  if (continues) {
    inner *= dim;
    return;
  }
  dims_[outer_rank_] = dim;
  strides_[outer_rank_++] = strides;
}

template class BroadcastRuns<1>;
template class BroadcastRuns<2>;
template class BroadcastRuns<3>;

}  // namespace temper
