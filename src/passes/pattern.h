#pragma once
#include <optional>
#include <vector>

#include "passes/counts.h"

/// Small questions about values that passes which look for larger groups of nodes ask.
namespace temper {

/// The producer of `id` where it is of this operator, else null.
const Node* made_by(const Rewriter& rewriter, ValueId id, std::string_view op);
/// An attribute of a node as an integer, or 0.
std::int64_t integer_of(const Node& node, std::string_view attribute);

/// The elements of a constant of integers, or of one integer, or of one float32.
std::optional<std::vector<std::int64_t>> constant_integers(const Rewriter& rewriter, ValueId id);
std::optional<std::int64_t> constant_integer(const Rewriter& rewriter, ValueId id);
std::optional<float> constant_float(const Rewriter& rewriter, ValueId id);

/// One element of a vector, or one column of a matrix, or one of the parts along an axis.
struct Part {
  ValueId whole = ValueId::kNone;
  std::int64_t at = 0;
};

/// `id` as x[k], picked by a strided slice or by unpacking.
std::optional<Part> as_element(const Rewriter& rewriter, ValueId id);
/// `id` as x[:, k], where x is a matrix: a slice, reshaped; a strided slice; or unpacked.
std::optional<Part> as_column(const Rewriter& rewriter, ValueId id);
/// The scalars that a vector is made of: what is packed, or one that is given a dim. Empty where it is something else.
ValueIds as_elements(const Rewriter& rewriter, ValueId id);
/// Whether `id` is the number of rows of `x`.
bool counts_rows_of(const Rewriter& rewriter, ValueId id, ValueId x);
/// How far a vector 0, 1, 2, ... goes: a number, or the value that it goes up to.
struct Limit {
  std::optional<std::int64_t> number;
  ValueId value = ValueId::kNone;
};
std::optional<Limit> as_range(const Rewriter& rewriter, ValueId id);
/// The x of `where(x)` as a vector of int32 positions; kNone where it is something else.
ValueId as_positions(const Rewriter& rewriter, ValueId id);
/// The number that every element of a vector is, whatever its length: a constant, a fill, or a product of those.
std::optional<double> as_filled(const Rewriter& rewriter, ValueId id);

}  // namespace temper
