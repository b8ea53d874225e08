#pragma once
#include "ir/attribute.h"
#include "ops/arrays/storage.h"

namespace temper {

/// Where diagonals shorter than the longest lie in the rows that hold them: first those above the main one, then those
/// below. The others go to the row's other end.
enum class DiagonalAlign { kLeftLeft, kLeftRight, kRightLeft, kRightRight };
template <>
struct EnumNames<DiagonalAlign> {
  static constexpr std::array<std::string_view, 4> kNames = {"left_left", "left_right", "right_left", "right_right"};
};

/// The diagonals lower..upper (0 is the main one, positive ones above it) of matrices of rows x columns, and how they are
/// stored: one row a diagonal, the uppermost first, each of the length of the longest.
struct Band {
  std::int64_t lower = 0;
  std::int64_t upper = 0;

  Band() = default;
  /// From a tensor of one diagonal, or of the lowest and the uppermost.
  explicit Band(const Tensor& k);

  std::int64_t count() const { return upper - lower + 1; }
  /// The length of the longest diagonal. Throws ModelError where a diagonal lies outside the matrix.
  std::int64_t longest(std::int64_t rows, std::int64_t columns) const;
};

/// Calls `body(place in the matrix, place among the stored)` for each element on the band that is inside the matrix.
template <class Body>
void each_on_band(const Band& band, DiagonalAlign align, std::int64_t rows, std::int64_t columns, std::int64_t longest,
                  Body&& body) {
  const bool right_above = align == DiagonalAlign::kRightLeft || align == DiagonalAlign::kRightRight;
  const bool right_below = align == DiagonalAlign::kLeftRight || align == DiagonalAlign::kRightRight;
  for (std::int64_t d = band.upper; d >= band.lower; --d) {
    const std::int64_t length = std::min(rows + std::min<std::int64_t>(d, 0), columns - std::max<std::int64_t>(d, 0));
    const bool left = (d >= 0 && !right_above) || (d <= 0 && !right_below);
    const std::int64_t first = (band.upper - d) * longest + (left ? 0 : longest - length);
    const std::int64_t start = std::max<std::int64_t>(-d, 0) * columns + std::max<std::int64_t>(d, 0);
    for (std::int64_t i = 0; i < length; ++i) body(start + i * (columns + 1), first + i);
  }
}

}  // namespace temper
