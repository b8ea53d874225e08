#pragma once
#include "ops/definition.h"

namespace temper {

/// A tensor as slices along an axis, each with a range of its own; or, for axis -1, as one slice.
class Slices {
 public:
  Slices(const Shape& shape, std::int64_t axis) {
    require(axis >= -1 && axis < static_cast<std::int64_t>(shape.rank()), "axis {} is not in shape {}", axis, shape);
    inner_ = shape.elements();
    if (axis < 0 || inner_ == 0) {
      if (axis >= 0) count_ = shape[static_cast<std::size_t>(axis)];
      outer_ = inner_ == 0 ? 0 : 1;
      return;
    }
    const auto along = static_cast<std::size_t>(axis);
    outer_ = shape.elements(0, along);
    count_ = shape[along];
    inner_ = shape.elements(along + 1, shape.rank());
  }

  std::size_t count() const { return static_cast<std::size_t>(count_); }

  /// Calls `body(first, length)` for each run of elements of a slice.
  template <class Body>
  void for_each_run(std::size_t slice, Body&& body) const {
    for (std::int64_t i = 0; i < outer_; ++i) {
      body(static_cast<std::size_t>((i * count_ + static_cast<std::int64_t>(slice)) * inner_),
           static_cast<std::size_t>(inner_));
    }
  }

 private:
  std::int64_t outer_ = 1;
  std::int64_t count_ = 1;
  std::int64_t inner_ = 0;
};

/// The numbers a slice is mapped from or to.
struct Range {
  double low = 0;
  double high = 0;
};

/// The range of each slice: two tensors of one number each for axis -1, else of one per slice.
inline std::vector<Range> ranges_of(const Tensor& low, const Tensor& high, std::size_t slices, std::int64_t axis) {
  require(low.elements() == static_cast<std::int64_t>(slices) && high.elements() == low.elements() &&
              (axis < 0 || (low.rank() == 1 && high.rank() == 1)),
          "ranges {} and {} are not of {} slices", low, high, slices);
  require(low.dtype() == high.dtype(), "a range is of two types: {} and {}", low.dtype(), high.dtype());
  std::vector<Range> ranges(slices);
  visit_floats(low.dtype(), [&]<class T>(Type<T>) {
    for (std::size_t i = 0; i < slices; ++i)
      ranges[i] = {static_cast<double>(low.data<T>()[i]), static_cast<double>(high.data<T>()[i])};
  });
  return ranges;
}

/// What is known of the shape of ranges: a scalar, or one for each slice.
inline ShapeFact ranges_shape(const ShapeFact& x, std::int64_t axis) {
  if (axis < 0) return Shape{};
  if (!x.rank_known()) return ShapeFact::of_rank(1);
  require(axis < static_cast<std::int64_t>(x.rank()), "axis {} is not in shape {}", axis, x);
  return ShapeFact({x[static_cast<std::size_t>(axis)]});
}

}  // namespace temper
