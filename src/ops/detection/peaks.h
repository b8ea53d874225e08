#pragma once
#include "ops/definition.h"

namespace temper {

/// y = x where x is the greatest of the window around it, and x * 0 elsewhere: x * (x == max_pool(x) ? 1 : 0) with strides of 1 and
/// padding `same`. What heatmaps of detectors without boxes are searched by. Input: x [batch, height, width, channels], float32.
struct Peaks {
  static constexpr std::string_view kName = "peaks";

  std::vector<std::int64_t> kernel = {3, 3};

  static void fields(auto& self, auto&& field) { field("kernel", self.kernel); }
  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
