#pragma once
#include "ops/arrays/storage.h"

/// Indices whose last dim lists coordinates: each row of K names the slice x[row[0], ..., row[K - 1]].
namespace temper {

struct Coordinates {
  std::int64_t count = 1;  ///< rows
  std::int64_t depth = 0;  ///< K
  std::int64_t run = 1;    ///< elements of a slice

  /// Throws ModelError where rows are longer than `target` has dims.
  Coordinates(const Shape& indices, const Shape& target);

  /// Where row `i` begins in a tensor of shape `target`. Negative where it is outside.
  std::int64_t offset(const Indices& indices, std::int64_t i, const Shape& target) const {
    std::int64_t at = 0;
    for (std::int64_t k = 0; k < depth; ++k) {
      const std::int64_t dim = target[static_cast<std::size_t>(k)];
      const std::int64_t index = indices[i * depth + k];
      if (index < 0 || index >= dim) return -1;
      at = at * dim + index;
    }
    return at * run;
  }

  /// Throws the ModelError for a row that is outside.
  [[noreturn]] void refuse(const Indices& indices, std::int64_t i, const Shape& target) const;
};

}  // namespace temper
