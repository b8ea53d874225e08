#pragma once
#include <functional>
#include <string>
#include <vector>

#include "plan/backend.h"
#include "plan/plan.h"
#include "plan/timing_cache.h"

namespace temper {

/// How kernels are chosen: by the backends' order alone, by a few runs of each, by many.
enum class Tune : std::uint8_t { kOff, kFast, kFull };

struct TacticOptions {
  Tune tune = Tune::kFast;
  /// Kernels that need more scratch memory are not taken; 0: no bound.
  std::size_t max_workspace_bytes = 0;
  /// What was timed before, by CPU, kernel, operator, shapes and threads. May be null.
  TimingCache* cache = nullptr;
  /// Called before each node: how many are done, of how many.
  std::function<void(std::size_t done, std::size_t count)> progress = {};
};

/// Chooses a kernel for every node that runs on the sizes in `facts` (of specialise()), and puts the constants that only chosen kernels
/// read in the place of the originals, packed as those want them; `facts` follows. By node; nodes without a choice have an empty tactic.
std::vector<Tactic> choose_tactics(Graph& graph, Facts& facts, Backends backends, const TacticOptions& options);

}  // namespace temper
