#pragma once
#include "passes/pass.h"

/// What normalisations compute of each row (along the last axis), recognised.
namespace temper {

/// The x of which `id` is the mean, or the sum, of each row, its axis kept; kNone where it is something else.
ValueId as_row_reduction(const Rewriter& rewriter, ValueId id, std::string_view op);
/// The x of which `id` is the square.
ValueId as_square(const Rewriter& rewriter, ValueId id);

/// A sum or maximum of something and one number.
struct WithNumber {
  ValueId x = ValueId::kNone;
  double number = 0;
};
std::optional<WithNumber> with_number(const Rewriter& rewriter, ValueId id, std::string_view op);

}  // namespace temper
