#pragma once
#include <cmath>
#include <queue>
#include <span>
#include <vector>

#include "ir/dtype.h"

namespace temper {

/// x in the precision of T: scores of half types compute in float and round after every operation.
template <class T>
float rounded(float x) {
  if constexpr (std::is_same_v<T, float>) return x;
  else return static_cast<float>(T(x));
}

/// Intersection over union of boxes given by two opposite corners (y, x, y, x) each; 0 where either has no area. Half types
/// compute in float and round the result.
template <class T>
float intersection_over_union(const T* a, const T* b) {
  const auto low = [](const T* box, int axis) { return std::min<float>(box[axis], box[axis + 2]); };
  const auto high = [](const T* box, int axis) { return std::max<float>(box[axis], box[axis + 2]); };
  const auto area = [&](const T* box) { return (high(box, 0) - low(box, 0)) * (high(box, 1) - low(box, 1)); };
  const float area_a = area(a);
  const float area_b = area(b);
  if (area_a <= 0 || area_b <= 0) return 0;
  const auto shared = [&](int axis) {
    return std::max(std::min(high(a, axis), high(b, axis)) - std::max(low(a, axis), low(b, axis)), 0.0F);
  };
  const float intersection = shared(0) * shared(1);
  return rounded<T>(intersection / (area_a + area_b - intersection));
}

struct GreedyLimits {
  std::int64_t max_outputs = 0;
  float overlap_threshold = 0;
  float score_threshold = 0;
  float soft_sigma = 0;
};

struct GreedySelection {
  std::vector<std::int32_t> indices;
  std::vector<float> scores;
};

/// The definition of greedy suppression, hard or soft, whatever the numbers are (NaN overlaps included): candidates wait in
/// a queue, best first, equal scores by lower index. Each taken is weakened by those selected since it was last looked at;
/// it is selected if that left its score as it was, dropped if that brought it to score_threshold, else it goes back.
/// `overlap(i, j)` is that of candidate i with selected j.
template <class T>
GreedySelection select_greedily(std::span<const T> scores, const GreedyLimits& limits, auto&& overlap) {
  struct Candidate {
    float score;
    std::int32_t index;
    std::size_t seen;
    bool operator<(const Candidate& other) const {
      return score < other.score || (score == other.score && index > other.index);
    }
  };
  std::priority_queue<Candidate> waiting;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const float score = scores[i];
    if (score > limits.score_threshold) waiting.push({score, static_cast<std::int32_t>(i), 0});
  }
  const bool soft = limits.soft_sigma > 0;
  const float scale = soft ? rounded<T>(-0.5F / limits.soft_sigma) : 0.0F;
  GreedySelection selection;
  while (static_cast<std::int64_t>(selection.indices.size()) < limits.max_outputs && !waiting.empty()) {
    Candidate next = waiting.top();
    waiting.pop();
    const float before = next.score;
    bool dropped = false;
    for (std::size_t j = selection.indices.size(); j-- > next.seen && !dropped;) {
      const float sim = overlap(next.index, selection.indices[j]);
      const float weight = soft || sim <= limits.overlap_threshold
                               ? rounded<T>(std::exp(rounded<T>(rounded<T>(scale * sim) * sim)))
                               : 0.0F;
      next.score = rounded<T>(next.score * weight);
      dropped = (!soft && sim > limits.overlap_threshold) || next.score <= limits.score_threshold;
    }
    if (dropped) continue;
    next.seen = selection.indices.size();
    if (next.score == before) {
      selection.indices.push_back(next.index);
      selection.scores.push_back(next.score);
    } else if (next.score > limits.score_threshold) {
      waiting.push(next);
    }
  }
  return selection;
}

}  // namespace temper
