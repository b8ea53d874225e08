#pragma once
#include "ops/definition.h"

namespace temper {

/// Sum of products by named axes, as NumPy's einsum: y[output axes] = sum over all other axes of the product of the
/// inputs, each indexed by its own. "bij,bjk->bik" is a batched matrix product. A letter that an input repeats reads
/// its diagonal; one that the output repeats writes a diagonal of an otherwise zero result. An ellipsis stands for axes
/// that broadcast together, and then the output has one too. Any number of inputs, contracted from left to right, of
/// one number type; sums as in matmul.
struct Einsum {
  static constexpr std::string_view kName = "einsum";

  std::string equation;

  static void fields(auto& self, auto&& field) { field("equation", self.equation); }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
