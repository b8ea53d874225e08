#pragma once
#include <optional>

#include "passes/pass.h"

namespace temper {

/// What a value is a product of: one constant scale, and the rest in the order in which it is written.
struct Product {
  double scale = 1;
  ValueIds factors;
};

/// The one element of a constant of one float.
std::optional<double> scalar(const Rewriter& rewriter, ValueId id);

/// The other operand where one operand of a sum or product is the constant `number` (to the precision of halves).
std::optional<ValueId> beside(const Rewriter& rewriter, const Node& node, double number);

/// Whether a number is `wanted` as a half would hold it: models are kept in half precision.
bool about(double number, double wanted);

/// Takes a value apart, through products and quotients by scalars, a few one within another; `whole` is not looked into.
Product as_product(const Rewriter& rewriter, ValueId id, ValueId whole = ValueId::kNone);

}  // namespace temper
