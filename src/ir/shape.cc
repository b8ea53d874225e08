#include "ir/shape.h"

namespace temper {

Shape::Shape(std::span<const std::int64_t> dims) {
  for (const std::int64_t dim : dims) push_back(dim);
}

void Shape::push_back(std::int64_t dim) {
  require(rank_ < kMaxRank, "a tensor of more than {} dimensions is not supported", kMaxRank);
  require(dim >= 0, "a dimension of {} is negative", dim);
  require(dim <= kMaxDim, "a dimension of {} is too large", dim);
  dims_[rank_++] = dim;
}

std::int64_t Shape::elements() const { return elements(0, rank_); }

std::int64_t Shape::elements(std::size_t first, std::size_t last) const {
  std::int64_t count = 1;
  for (std::size_t axis = first; axis < last; ++axis) {
    require(!__builtin_mul_overflow(count, dims_[axis], &count) && count <= kMaxDim,
            "a tensor of shape {} is too large", *this);
  }
  return count;
}

std::array<std::int64_t, kMaxRank> Shape::strides() const {
  std::array<std::int64_t, kMaxRank> strides{};
  std::int64_t stride = 1;
  for (std::size_t axis = rank_; axis-- > 0;) {
    strides[axis] = stride;
    if (__builtin_mul_overflow(stride, dims_[axis], &stride)) stride = 0;  // only where another dim is 0: none is read
  }
  return strides;
}

std::string to_string(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape.dims(), ",")); }

std::size_t normalise_axis(std::int64_t axis, std::size_t rank) {
  const auto signed_rank = static_cast<std::int64_t>(rank);
  require(axis >= -signed_rank && axis < signed_rank, "axis {} is outside the {} dimensions of the input", axis, rank);
  return static_cast<std::size_t>(axis < 0 ? axis + signed_rank : axis);
}

Shape broadcast(const Shape& a, const Shape& b) {
  const std::size_t rank = std::max(a.rank(), b.rank());
  Shape result;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t x = i + a.rank() < rank ? 1 : a[i + a.rank() - rank];
    const std::int64_t y = i + b.rank() < rank ? 1 : b[i + b.rank() - rank];
    require(x == y || x == 1 || y == 1, "shapes {} and {} do not broadcast together", a, b);
    result.push_back(x == 1 ? y : x);
  }
  return result;
}

}  // namespace temper
