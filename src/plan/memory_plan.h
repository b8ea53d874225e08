#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace temper {

/// A stretch of memory that is in use from step `first` to step `last`, both included.
struct Lifetime {
  std::int64_t size_bytes = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;
};

/// Where each stretch lies in one arena, aligned to 64.
struct MemoryPlan {
  std::vector<std::int64_t> offsets;
  std::int64_t arena_bytes = 0;
  /// The most bytes in use at one step: no arena is smaller.
  std::int64_t lower_bound_bytes = 0;
};

/// Places stretches so that those in use together do not overlap. Dynamic storage allocation, which is NP-hard: several greedy
/// orders are tried, then the best is varied at random (of a fixed seed) until it meets the bound or a number of tries is spent.
MemoryPlan plan_memory(std::span<const Lifetime> lifetimes);

}  // namespace temper
