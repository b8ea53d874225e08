#pragma once
#include "ops/definition.h"

namespace temper {

/// y[..., c] = (x[..., c] - mean[c]) * scale[c] / sqrt(variance[c] + epsilon) + offset[c].
/// Inputs: x [..., C], then scale, offset, mean, variance, each [C]. All floats; the four are of one type, which need
/// not be x's. y has x's type and shape.
struct BatchNorm {
  static constexpr std::string_view kName = "batch_norm";

  float epsilon = 1e-3F;

  static void fields(auto& self, auto&& field) { field("epsilon", self.epsilon); }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
