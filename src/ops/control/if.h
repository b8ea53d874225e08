#pragma once
#include "ir/graph.h"
#include "ops/definition.h"

namespace temper {

/// Runs one of two regions. Inputs: one bool, then what the regions take. Region 0 runs where it is true, region 1 where
/// it is false; both give the outputs, of equal types.
struct If {
  static constexpr std::string_view kName = "if";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in, std::span<const Graph> regions) const;
  Tensors reference(Inputs in, const RegionRunner& run_region) const;
};

}  // namespace temper
