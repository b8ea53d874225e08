#pragma once
#include "ir/op.h"

namespace temper {

/// Gives its attribute `value`. It belongs to the graph itself: every pass and backend meets it.
struct Constant {
  static constexpr std::string_view kName = "constant";

  Tensor value;

  static void fields(auto& self, auto&& field) { field("value", self.value); }
  Facts infer(std::span<const Fact>) const { return {Fact::of(value)}; }
  Tensors reference(Inputs) const { return {value}; }
};

}  // namespace temper
