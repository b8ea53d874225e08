#pragma once
#include <optional>
#include <vector>

#include "passes/pass.h"

namespace temper {

/// An integer that is known, or of which it may be known which dim of which value it is.
struct PartialElement {
  std::optional<std::int64_t> known;
  ValueId value = ValueId::kNone;
  std::size_t axis = 0;
};

/// A small integer tensor of which some elements are known: the dims of a value are, where that is as much as its shape tells.
struct Partial {
  Shape shape;
  std::vector<PartialElement> elements;

  bool known() const {
    return std::ranges::all_of(elements, [](const auto& element) { return element.known.has_value(); });
  }
};

/// What is known of an int32 or int64 value's elements, through the operators that select, join and compute them. Nothing
/// where its shape is not known, or it has more than a shape may hold.
std::optional<Partial> partly_known(const Rewriter& rewriter, ValueId value);

/// A tensor of the elements, which are all known and fit `dtype` (int32 or int64).
Tensor to_tensor(const Partial& partial, DType dtype);

/// What a reshape to `shape` is to be told, where that says it: at most one dim is not known, and none is 0.
std::optional<Tensor> reshape_target(const ShapeFact& shape);

}  // namespace temper
