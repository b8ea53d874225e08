#pragma once
#include "ops/definition.h"

namespace temper {

/// y[..., c] = (x[..., c] - mean) / sqrt(variance + epsilon) * scale[c] + offset[c], mean and variance (of the deviations' squares)
/// being those of x[..., :]. Inputs: x [..., C], scale [C], offset [C], floats of one type.
struct LayerNorm {
  static constexpr std::string_view kName = "layer_norm";

  float epsilon = 1e-3F;

  static void fields(auto& self, auto&& field) { field("epsilon", self.epsilon); }
  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// y[..., c] = x[..., c] / sqrt(max(sum of x[..., :]^2, epsilon)): rows of length one, short ones shorter. Floats of any rank but 0.
struct L2Normalise {
  static constexpr std::string_view kName = "l2_normalise";

  float epsilon = 1e-12F;

  static void fields(auto& self, auto&& field) { field("epsilon", self.epsilon); }
  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
