#pragma once
#include "ops/definition.h"

namespace temper {

/// x where the condition is true, y where it is false; all three broadcast together. Inputs: bool condition, x, y of
/// one type. With `by_row`, a condition of one dimension chooses whole rows: it lies along the first axis of x and y,
/// which have equal shapes.
struct Select {
  static constexpr std::string_view kName = "select";

  bool by_row = false;

  static void fields(auto& self, auto&& field) { field("by_row", self.by_row); }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
