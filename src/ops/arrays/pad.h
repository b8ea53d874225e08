#pragma once
#include "ir/attribute.h"
#include "ops/definition.h"

namespace temper {

/// constant: with a value. reflect: [1,2,3] goes on as 2,1; symmetric: as 3,2,1.
enum class PadMode { kConstant, kReflect, kSymmetric };
template <>
struct EnumNames<PadMode> {
  static constexpr std::array<std::string_view, 3> kNames = {"constant", "reflect", "symmetric"};
};

/// x with paddings[i][0] elements put before and paddings[i][1] after it along each dim i.
/// Inputs: x, paddings (integers of shape [rank, 2]), and for `constant` mode, if it is not 0, the value (a scalar of x's type).
struct Pad {
  static constexpr std::string_view kName = "pad";

  PadMode mode = PadMode::kConstant;

  static void fields(auto& self, auto&& field) { field("mode", self.mode); }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
