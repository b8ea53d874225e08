#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "runtime/executor.h"

namespace temper {

/// What running a program takes, in bytes. The sum of all is the peak of the process.
struct Footprint {
  std::int64_t process_bytes = 0;  ///< what was there before a model was read
  std::int64_t code_bytes = 0;     ///< parts of the program and its libraries that run, kernels, descriptions of steps
  std::int64_t weights_bytes = 0;  ///< constants, or with streaming those of the largest step
  std::int64_t held_bytes = 0;     ///< of weights_bytes: copies that kernels made for themselves
  std::int64_t arena_bytes = 0;
  std::int64_t loose_bytes = 0;    ///< results whose memory is not planned, the most at a time, as far as their sizes are known
  std::int64_t ends_bytes = 0;     ///< inputs, and outputs twice: the run's and the caller's
  /// Whether constants are given back after each step, so that they are not all in memory at once.
  bool streams_weights = false;

  /// Without what was there before: it depends on nothing but the program and the machine's kind.
  std::int64_t plan_bytes() const { return code_bytes + weights_bytes + arena_bytes + loose_bytes + ends_bytes; }
  std::int64_t total_bytes() const { return process_bytes + plan_bytes(); }
  /// What a limit has to leave room for: the total, what the parts of it that are no tensors may take beyond what was foreseen, and 4 MB for
  /// tensors that others make meanwhile.
  std::int64_t most_bytes() const { return total_bytes() + reserve_bytes(); }
  std::int64_t reserve_bytes() const { return (process_bytes + code_bytes) / 8 + (std::int64_t{4} << 20); }
  /// What of the total is no tensor that allocate_buffer gave.
  std::int64_t beside_tensors_bytes() const { return process_bytes + code_bytes + weights_bytes - held_bytes; }
};

Footprint footprint_of(const Program& program, bool streams_weights);

/// A program's footprint within `limit_bytes` (0: no limit), streaming weights only where that is needed. Throws ModelError where it does
/// not fit: what is needed, what is allowed, which steps are largest, what would help.
Footprint fit(const Program& program, std::size_t limit_bytes);

/// Throws ModelError as fit() does where the executor has a memory limit, the plan, whose graph is the executor's, is for inputs of one size, and does
/// not fit. Other sizes are held against the limit when they come.
void require_fits(const Executor& executor, const Plan& plan);

/// Throws ModelError where a step alone needs more than `limit_bytes` (0: no limit) for what it reads and writes, on the sizes in `facts`: what
/// can be said before kernels are chosen.
void require_room(const Graph& graph, const Facts& facts, std::size_t limit_bytes);

}  // namespace temper
