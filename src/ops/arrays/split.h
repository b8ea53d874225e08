#pragma once
#include "ops/definition.h"

namespace temper {

/// x cut along `axis` into `parts` of equal size. Parts share the elements where each lies in one run.
struct Split {
  static constexpr std::string_view kName = "split";

  std::int64_t axis = 0;
  std::int64_t parts = 1;

  static void fields(auto& self, auto&& field) {
    field("axis", self.axis);
    field("parts", self.parts);
  }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
