#pragma once
#include "ir/op.h"

/// Enters an operator into op_registry(), which is generated from these lines: one a line, in a .cc under src/ops.
#define REGISTER_OP(Operator)                               \
  void register_op_##Operator(OpRegistry& registry);        \
  void register_op_##Operator(OpRegistry& registry) { registry.add<Operator>(); }

namespace temper {

/// Throws ModelError unless there are `count` inputs.
template <class T>
void require_inputs(std::span<const T> in, std::size_t count) {
  require(in.size() == count, "takes {} inputs, got {}", count, in.size());
}

/// Throws ModelError unless there are from `least` to `most` inputs.
template <class T>
void require_inputs(std::span<const T> in, std::size_t least, std::size_t most) {
  require(in.size() >= least && in.size() <= most, "takes {} to {} inputs, got {}", least, most, in.size());
}

/// Throws ModelError where the rank is known and another.
inline void require_rank(const Fact& fact, std::size_t rank, std::string_view what) {
  require(!fact.shape.rank_known() || fact.shape.rank() == rank, "{} needs {} dimensions, got {}", what, rank,
          describe(fact));
}

inline void require_rank(const Tensor& tensor, std::size_t rank, std::string_view what) {
  require(tensor.rank() == rank, "{} needs {} dimensions, got {}{}", what, rank, tensor.dtype(), tensor.shape());
}

/// Throws ModelError unless both are of one dtype.
template <class T>
void require_same_dtype(const T& a, const T& b) {
  require(a.dtype == b.dtype, "inputs are of different types: {} and {}", a.dtype, b.dtype);
}

/// Steps through the positions of a shape, last axis fastest.
class Position {
 public:
  explicit Position(const Shape& shape) : shape_(shape) {}

  std::int64_t operator[](std::size_t axis) const { return at_[axis]; }
  void next() {
    for (std::size_t axis = shape_.rank(); axis-- > 0;) {
      if (++at_[axis] < shape_[axis]) return;
      at_[axis] = 0;
    }
  }
  /// The offset of this position under other strides.
  std::int64_t offset(const std::array<std::int64_t, kMaxRank>& strides) const {
    std::int64_t offset = 0;
    for (std::size_t axis = 0; axis < shape_.rank(); ++axis) offset += at_[axis] * strides[axis];
    return offset;
  }

 private:
  Shape shape_;
  std::array<std::int64_t, kMaxRank> at_{};
};

/// Strides that read `shape` as if it were broadcast to `target`: 0 along axes that repeat.
inline std::array<std::int64_t, kMaxRank> broadcast_strides(const Shape& shape, const Shape& target) {
  const auto own = shape.strides();
  std::array<std::int64_t, kMaxRank> strides{};
  const std::size_t missing = target.rank() - shape.rank();
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    strides[axis + missing] = shape[axis] == 1 ? 0 : own[axis];
  }
  return strides;
}

}  // namespace temper
