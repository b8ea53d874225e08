#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"

namespace temper {

/// The most dimensions a tensor may have.
inline constexpr std::size_t kMaxRank = 10;
/// The most that a dim, or the elements of a tensor, may be: far beyond any memory, and sums of a few do not overflow.
inline constexpr std::int64_t kMaxDim = std::int64_t{1} << 60;

/// The dims of a tensor that exists: none is negative or above kMaxDim, and there are at most kMaxRank. Kept inline, so copying is cheap.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> dims) : Shape(std::span(dims.begin(), dims.size())) {}
  explicit Shape(std::span<const std::int64_t> dims);

  std::size_t rank() const { return rank_; }
  std::int64_t operator[](std::size_t axis) const { return dims_[axis]; }
  void set(std::size_t axis, std::int64_t dim) { dims_[axis] = dim; }
  void push_back(std::int64_t dim);

  std::span<const std::int64_t> dims() const { return {dims_.data(), rank_}; }
  auto begin() const { return dims().begin(); }
  auto end() const { return dims().end(); }

  /// The product of the dims; 1 for a scalar. Throws ModelError where it passes kMaxDim.
  std::int64_t elements() const;
  /// The product of the dims in [first, last).
  std::int64_t elements(std::size_t first, std::size_t last) const;
  /// Elements between neighbours along each axis, row-major.
  std::array<std::int64_t, kMaxRank> strides() const;

  bool operator==(const Shape& other) const { return std::ranges::equal(dims(), other.dims()); }

 private:
  std::array<std::int64_t, kMaxRank> dims_{};
  std::size_t rank_ = 0;
};

/// "[1,300,300,3]"
std::string to_string(const Shape& shape);

/// `axis` counted from the end where negative. Throws ModelError where it is outside [-rank, rank).
std::size_t normalise_axis(std::int64_t axis, std::size_t rank);

/// The shape that both broadcast to, by NumPy's rules. Throws ModelError where there is none.
Shape broadcast(const Shape& a, const Shape& b);

}  // namespace temper

template <>
struct fmt::formatter<temper::Shape> : fmt::formatter<std::string_view> {
  auto format(const temper::Shape& value, auto& context) const {
    return fmt::formatter<std::string_view>::format(temper::to_string(value), context);
  }
};
