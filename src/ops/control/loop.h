#pragma once
#include "ir/graph.h"
#include "ops/definition.h"

namespace temper {

/// Repeats while a condition holds. Inputs: `carried` values of the first turn, then invariants. Regions, each taking all
/// of them: 0 gives one bool, whether to go on; 1 gives the carried values of the next turn. Outputs: the carried values
/// when the condition fails.
struct Loop {
  static constexpr std::string_view kName = "loop";

  std::int64_t carried = 0;

  static void fields(auto& self, auto&& field) { field("carried", self.carried); }

  Facts infer(std::span<const Fact> in, std::span<const Graph> regions) const;
  Tensors reference(Inputs in, const RegionRunner& run_region) const;
};

}  // namespace temper
