#pragma once
#include "ops/definition.h"

namespace temper {

/// The inputs, one or more of one dtype, joined along `axis`; their other dims agree.
struct Concat {
  static constexpr std::string_view kName = "concat";

  std::int64_t axis = 0;

  static void fields(auto& self, auto&& field) { field("axis", self.axis); }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
