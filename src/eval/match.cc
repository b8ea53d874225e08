#include "eval/match.h"

#include <algorithm>
#include <numeric>

namespace temper {
namespace {

/// 0 where a side is NaN, too.
double area(const Box& box) {
  return std::max(0.0, static_cast<double>(box.ymax) - box.ymin) *
         std::max(0.0, static_cast<double>(box.xmax) - box.xmin);
}

double intersection(const Box& a, const Box& b) {
  return area({std::max(a.ymin, b.ymin), std::max(a.xmin, b.xmin), std::min(a.ymax, b.ymax), std::min(a.xmax, b.xmax)});
}

bool on_ignored(const ScoredBox& detection, std::span<const TrueBox> truths, double least_overlap) {
  return std::ranges::any_of(truths, [&](const TrueBox& truth) {
    return truth.ignored && (truth.any_class || truth.class_id == detection.class_id) &&
           share_within(detection.box, truth.box) >= least_overlap;
  });
}

}  // namespace

double intersection_over_union(const Box& a, const Box& b) {
  if (!(area(a) > 0 && area(b) > 0)) return 0;
  const double shared = intersection(a, b);
  return shared / (area(a) + area(b) - shared);
}

double share_within(const Box& a, const Box& b) {
  const double whole = area(a);
  return whole > 0 ? intersection(a, b) / whole : 0;
}

Matching match_boxes(std::span<const ScoredBox> detections, std::span<const TrueBox> truths, double least_overlap) {
  Matching matching{std::vector<int>(detections.size(), Matching::kFalse), std::vector<int>(truths.size(), -1)};
  std::vector<std::size_t> order(detections.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return detections[a].score > detections[b].score; });
  for (const std::size_t d : order) {
    int best = -1;
    double best_overlap = least_overlap;
    for (std::size_t t = 0; t < truths.size(); ++t) {
      const bool open = !truths[t].ignored && matching.detection_of_truth[t] < 0;
      if (!open || truths[t].class_id != detections[d].class_id) continue;
      const double overlap = intersection_over_union(detections[d].box, truths[t].box);
      if (overlap < best_overlap || (best >= 0 && overlap == best_overlap)) continue;
      best = static_cast<int>(t);
      best_overlap = overlap;
    }
    if (best >= 0) {
      matching.truth_of_detection[d] = best;
      matching.detection_of_truth[static_cast<std::size_t>(best)] = static_cast<int>(d);
    } else if (on_ignored(detections[d], truths, least_overlap)) {
      matching.truth_of_detection[d] = Matching::kNotJudged;
    }
  }
  return matching;
}

}  // namespace temper
