#include "plan/memory_plan.h"

#include <gtest/gtest.h>

#include <random>

namespace temper::testing {
namespace {

/// Expects that nothing in use together overlaps, and that the arena holds everything.
MemoryPlan expect_valid(const std::vector<Lifetime>& lives) {
  MemoryPlan plan = plan_memory(lives);
  for (std::size_t i = 0; i < lives.size(); ++i) {
    EXPECT_EQ(plan.offsets[i] % 64, 0);
    EXPECT_LE(plan.offsets[i] + lives[i].size_bytes, plan.arena_bytes);
    for (std::size_t j = 0; j < i; ++j) {
      if (lives[i].last < lives[j].first || lives[j].last < lives[i].first) continue;
      const bool apart = plan.offsets[i] + lives[i].size_bytes <= plan.offsets[j] || plan.offsets[j] + lives[j].size_bytes <= plan.offsets[i];
      EXPECT_TRUE(apart) << i << " and " << j;
    }
  }
  EXPECT_GE(plan.arena_bytes, plan.lower_bound_bytes);
  return plan;
}

TEST(MemoryPlan, NothingNeedsNothing) { EXPECT_EQ(plan_memory({}).arena_bytes, 0); }

TEST(MemoryPlan, AChainNeedsItsTwoLargestNeighbours) {
  const MemoryPlan plan = expect_valid({{640, 0, 1}, {6400, 1, 2}, {64, 2, 3}, {1280, 3, 4}});
  EXPECT_EQ(plan.lower_bound_bytes, 7040);
  EXPECT_EQ(plan.arena_bytes, 7040);
}

TEST(MemoryPlan, RandomLifetimesStayNearTheBound) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    std::vector<Lifetime> lives;
    for (std::int64_t step = 0; step < 60; ++step) {
      lives.push_back({static_cast<std::int64_t>(random() % 100000), step, step + 1 + static_cast<std::int64_t>(random() % (random() % 8 == 0 ? 30 : 3))});
    }
    const MemoryPlan plan = expect_valid(lives);
    EXPECT_LE(static_cast<double>(plan.arena_bytes), 1.15 * static_cast<double>(plan.lower_bound_bytes)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace temper::testing
