#pragma once
#include <optional>

#include "passes/pass.h"

namespace temper {

/// A count as far as its origin is understood: a number; or a dim of a value, or a scalar, that nothing more is known
/// of. Equal counts are of equal worth; nothing follows from unequal ones.
struct Count {
  std::optional<std::int64_t> number;
  ValueId root = ValueId::kNone;
  std::int64_t axis = -1;  ///< of root; -1: root is the count
  std::int64_t times = 1, over = 1;  ///< it is this share of that dim, without common factors
  bool operator==(const Count&) const = default;
  bool whole() const { return times == 1 && over == 1; }
  /// Whether it cannot be below 0.
  bool never_negative() const { return number ? *number >= 0 : axis >= 0; }
};

/// What is known of the integer scalar `value`.
Count count_of(const Rewriter& rewriter, ValueId value);
/// What is known of a dim of `value`. Number -1 where it has none.
Count dim_of(const Rewriter& rewriter, ValueId value, std::size_t axis);
inline Count rows_of(const Rewriter& rewriter, ValueId value) { return dim_of(rewriter, value, 0); }

}  // namespace temper
