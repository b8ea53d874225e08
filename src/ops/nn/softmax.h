#pragma once
#include "ops/definition.h"

namespace temper {

/// y = exp(x - max) / sum of exp(x - max), max and sum along `axis`. NaN where a row holds NaN or +infinity, or nothing
/// but -infinity. Any rank but 0; floats.
struct Softmax {
  static constexpr std::string_view kName = "softmax";

  std::int64_t axis = -1;

  static void fields(auto& self, auto&& field) { field("axis", self.axis); }
  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// y = x - max - ln(sum of exp(x - max)): the logarithm of softmax.
struct LogSoftmax {
  static constexpr std::string_view kName = "log_softmax";

  std::int64_t axis = -1;

  static void fields(auto& self, auto&& field) { field("axis", self.axis); }
  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
