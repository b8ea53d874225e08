#pragma once
#include "ops/definition.h"

namespace temper {

/// The elements of x, in order, under the dims that `shape` lists. One of them may be -1: what the count of elements leaves.
/// Inputs: x, shape (integers). Shares the elements.
struct Reshape {
  static constexpr std::string_view kName = "reshape";
  static constexpr bool kView = true;

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
