#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace temper {

struct PassOptions {
  /// Passes not to run, by name.
  std::vector<std::string> disabled = {};
  /// Runs the passes of each stage in an order drawn from this seed: tests show that it does not matter.
  std::optional<std::uint64_t> shuffle_seed = {};
};

/// What one pass did, in all graphs and sweeps.
struct PassReport {
  std::string name;
  std::int64_t patch_count = 0;
  std::int64_t elapsed_ns = 0;
  /// Why it left nodes as they were when its stage was done: how many for each reason.
  std::map<std::string, std::int64_t> skips;
};

/// Runs every pass, stage by stage and until none changes anything, on a graph and its regions, and drops what outputs do not depend on. The graph computes
/// the same afterwards (within rounding), with the same inputs and outputs. Throws ModelError on an unknown name in
/// `disabled`; InternalError where a pass breaks the graph.
std::vector<PassReport> optimise(Graph& graph, const PassOptions& options = {});

}  // namespace temper
