#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "runtime/executor.h"

namespace temper {

/// What running a program takes, in bytes. The sum of all is the peak of the process.
struct Footprint {
  std::int64_t code_bytes = 0;     ///< the program itself, libraries, kernels
  std::int64_t weights_bytes = 0;  ///< constants, or with streaming those of the largest step
  std::int64_t arena_bytes = 0;
  std::int64_t ends_bytes = 0;     ///< inputs and outputs
  /// Whether constants are given back after each step, so that they are not all in memory at once.
  bool streams_weights = false;

  std::int64_t total_bytes() const { return code_bytes + weights_bytes + arena_bytes + ends_bytes; }
};

Footprint footprint_of(const Program& program, bool streams_weights);

/// A program's footprint within `limit_bytes` (0: no limit), streaming weights only where that is needed. Throws ModelError where it does
/// not fit: what is needed, what is allowed, which steps are largest, what would help.
Footprint fit(const Program& program, std::size_t limit_bytes);

/// fit() of a plan whose graph is the executor's, at its opt sizes; the executor streams weights from now on where it must.
void fit(Executor& executor, const Plan& plan, std::size_t limit_bytes);

/// Throws ModelError where a step alone needs more than `limit_bytes` (0: no limit) for what it reads and writes, on the sizes in `facts`: what
/// can be said before kernels are chosen.
void require_room(const Graph& graph, const Facts& facts, std::size_t limit_bytes);

}  // namespace temper
