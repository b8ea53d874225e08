#pragma once
#include "ir/graph.h"
#include "ops/definition.h"

namespace temper {

/// Runs its region once for every row: y[i, ...] = region(x[i, ...] of each scanned x, invariants). Inputs: `scanned`
/// tensors, one or more, of equally many rows; then invariants. The region takes the rows, which have a dim less, and
/// the invariants. Outputs: what it gives, stacked along a new first axis. Where there are no rows, nothing of the
/// shape that a row of zeros would give. Throws ModelError where turns give different shapes.
struct Map {
  static constexpr std::string_view kName = "map";

  std::int64_t scanned = 1;

  static void fields(auto& self, auto&& field) { field("scanned", self.scanned); }

  Facts infer(std::span<const Fact> in, std::span<const Graph> regions) const;
  Tensors reference(Inputs in, const RegionRunner& run_region) const;
};

/// What is known of a row of a tensor of this fact; unknown rank stays so. Throws ModelError for a scalar.
Fact row_fact(const Fact& fact);

}  // namespace temper
