#include "plan/memory_plan.h"

#include <algorithm>
#include <numeric>
#include <random>

namespace temper {
namespace {

constexpr std::int64_t kAlignment = 64;
/// Placing costs the square of the number of stretches.
constexpr std::size_t kMostTries = 400;
constexpr std::size_t kMostWork = std::size_t{1} << 23;

std::int64_t aligned(std::int64_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

std::int64_t lower_bound(std::span<const Lifetime> lifetimes) {
  std::vector<std::pair<std::int64_t, std::int64_t>> changes;  // step, bytes that come or go
  for (const Lifetime& life : lifetimes) {
    changes.emplace_back(life.first, aligned(life.size_bytes));
    changes.emplace_back(life.last + 1, -aligned(life.size_bytes));
  }
  std::ranges::sort(changes);  // at one step, what goes is counted before what comes
  std::int64_t now = 0, most = 0;
  for (const auto& [step, bytes] : changes) {
    now += bytes;
    most = std::max(most, now);
  }
  return most;
}

using Order = std::vector<std::size_t>;

/// Each in turn goes to the lowest gap that holds it.
class Placer {
 public:
  explicit Placer(std::span<const Lifetime> lifetimes) : lifetimes_(lifetimes) {}

  MemoryPlan place(const Order& order) {
    MemoryPlan plan;
    plan.offsets.resize(lifetimes_.size());
    placed_.clear();
    for (const std::size_t i : order) {
      const std::int64_t offset = lowest_gap(lifetimes_[i]);
      const std::int64_t end = offset + aligned(lifetimes_[i].size_bytes);
      plan.offsets[i] = offset;
      plan.arena_bytes = std::max(plan.arena_bytes, end);
      const Block block{offset, end, lifetimes_[i].first, lifetimes_[i].last};
      placed_.insert(std::ranges::upper_bound(placed_, offset, {}, &Block::begin), block);
    }
    return plan;
  }

 private:
  struct Block {
    std::int64_t begin, end, first, last;
  };

  std::int64_t lowest_gap(const Lifetime& life) const {
    const std::int64_t size = aligned(life.size_bytes);
    std::int64_t offset = 0;
    for (const Block& block : placed_) {  // by begin
      if (block.last < life.first || block.first > life.last) continue;
      if (block.begin - offset >= size) break;
      offset = std::max(offset, block.end);
    }
    return offset;
  }

  std::span<const Lifetime> lifetimes_;
  std::vector<Block> placed_;
};

std::vector<Order> greedy_orders(std::span<const Lifetime> lifetimes) {
  Order by_index(lifetimes.size());
  std::iota(by_index.begin(), by_index.end(), 0);
  std::vector<Order> orders(4, by_index);
  const auto length = [&](std::size_t i) { return lifetimes[i].last - lifetimes[i].first + 1; };
  std::ranges::stable_sort(orders[0], std::greater{}, [&](std::size_t i) { return lifetimes[i].size_bytes; });
  std::ranges::stable_sort(orders[1], std::greater{}, [&](std::size_t i) { return lifetimes[i].size_bytes * length(i); });
  std::ranges::stable_sort(orders[2], std::greater{}, [&](std::size_t i) { return std::pair(length(i), lifetimes[i].size_bytes); });
  std::ranges::stable_sort(orders[3], std::less{}, [&](std::size_t i) { return std::pair(lifetimes[i].first, -lifetimes[i].size_bytes); });
  return orders;
}

}  // namespace

MemoryPlan plan_memory(std::span<const Lifetime> lifetimes) {
  const std::int64_t bound = lower_bound(lifetimes);
  Placer placer(lifetimes);
  MemoryPlan best;
  Order best_order;
  for (Order& order : greedy_orders(lifetimes)) {
    MemoryPlan plan = placer.place(order);
    if (!best_order.empty() && plan.arena_bytes >= best.arena_bytes) continue;
    best = std::move(plan);
    best_order = std::move(order);
  }
  std::mt19937 random(1);
  const std::size_t tries = std::min(kMostTries, kMostWork / (lifetimes.size() * lifetimes.size() + 1));
  for (std::size_t i = 0; i < tries && best.arena_bytes > bound && lifetimes.size() > 2; ++i) {
    Order order = best_order;
    for (std::size_t swaps = 1 + random() % 4; swaps-- > 0;) {
      std::swap(order[random() % order.size()], order[random() % order.size()]);
    }
    MemoryPlan plan = placer.place(order);
    if (plan.arena_bytes > best.arena_bytes) continue;
    best = std::move(plan);
    best_order = std::move(order);
  }
  best.lower_bound_bytes = bound;
  return best;
}

}  // namespace temper
