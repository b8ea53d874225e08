#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

#include "ops/detection/greedy_selection.h"
#include "ops/detection/non_max_suppression.h"

namespace temper {
namespace {

/// Orders as floats do, as unsigned numbers; both zeros are one.
std::uint32_t ordered_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value + 0.0F);
  return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}

/// Sorts descending by score, then ascending by index.
std::uint64_t sort_key(float score, std::size_t index) {
  return (std::uint64_t{ordered_bits(score)} << 32) | (0xffffffffU - static_cast<std::uint32_t>(index));
}

std::size_t key_index(std::uint64_t key) { return 0xffffffffU - static_cast<std::uint32_t>(key); }

}  // namespace

void NonMaxSuppressor::Columns::resize(std::size_t count) {
  for (auto* column : {&y0, &x0, &y1, &x1, &area}) column->resize(count);
}

void NonMaxSuppressor::set_boxes(std::span<const float> corners) {
  const std::size_t count = corners.size() / 4;
  require(count < (std::size_t{1} << 31), "{} boxes are too many", count);
  boxes_.resize(count);
  bool finite = true;
  for (std::size_t i = 0; i < count; ++i) {
    const float* box = corners.data() + 4 * i;
    boxes_.y0[i] = std::min(box[0], box[2]);
    boxes_.x0[i] = std::min(box[1], box[3]);
    boxes_.y1[i] = std::max(box[0], box[2]);
    boxes_.x1[i] = std::max(box[1], box[3]);
    const float area = (boxes_.y1[i] - boxes_.y0[i]) * (boxes_.x1[i] - boxes_.x0[i]);
    boxes_.area[i] = area;
    finite &= area < std::numeric_limits<float>::max() / 4;  // so that the sum of two is finite too; false for NaN
    for (std::size_t k = 0; k < 4; ++k) finite &= std::abs(box[k]) <= std::numeric_limits<float>::max();
  }
  finite_ = finite;
  corners_.clear();
  if (!finite) corners_.assign(corners.begin(), corners.end());
}

void NonMaxSuppressor::collect(const float* scores, std::size_t stride, float score_threshold) {
  order_.resize(boxes_.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < boxes_.size(); ++i) {
    const float score = scores[i * stride];
    order_[count] = sort_key(score, i);
    count += score > score_threshold ? 1 : 0;
  }
  order_.resize(count);
}

/// Puts the best `wanted` of those from `first` on in order, there.
void NonMaxSuppressor::sort_from(std::size_t first, std::size_t wanted) {
  const auto begin = order_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto middle = begin + static_cast<std::ptrdiff_t>(std::min(wanted, order_.size() - first));
  if (middle != order_.end()) std::nth_element(begin, middle, order_.end(), std::greater<>());
  std::sort(begin, middle, std::greater<>());
}

/// The exact test, by division: rounding of the quotient decides where it is near the threshold.
bool NonMaxSuppressor::overlaps_above(std::size_t box, std::size_t kept, float threshold) const {
  const float height = std::min(boxes_.y1[box], kept_.y1[kept]) - std::max(boxes_.y0[box], kept_.y0[kept]);
  const float width = std::min(boxes_.x1[box], kept_.x1[kept]) - std::max(boxes_.x0[box], kept_.x0[kept]);
  const float intersection = std::max(height, 0.0F) * std::max(width, 0.0F);
  return intersection / (boxes_.area[box] + kept_.area[kept] - intersection) > threshold;
}

/// Whether a kept box overlaps too much. A product bounds the quotient from below (`safe_threshold` is a little lower than
/// the threshold), so that whole blocks are passed over without a division. The latest kept come first: boxes of like scores
/// overlap most often.
bool NonMaxSuppressor::suppressed(std::size_t box, float threshold, float safe_threshold) const {
  const float y0 = boxes_.y0[box];
  const float x0 = boxes_.x0[box];
  const float y1 = boxes_.y1[box];
  const float x1 = boxes_.x1[box];
  const float area = boxes_.area[box];
  if (!(area > 0)) return false;
  for (std::size_t end = (kept_count_ + kLanes - 1) / kLanes * kLanes; end > 0; end -= kLanes) {
    const std::size_t first = end - kLanes;
    const float* const kept_y0 = kept_.y0.data() + first;
    const float* const kept_x0 = kept_.x0.data() + first;
    const float* const kept_y1 = kept_.y1.data() + first;
    const float* const kept_x1 = kept_.x1.data() + first;
    const float* const kept_area = kept_.area.data() + first;
    std::int32_t close = 0;
    for (std::size_t i = 0; i < kLanes; ++i) {
      const float height = std::min(y1, kept_y1[i]) - std::max(y0, kept_y0[i]);
      const float width = std::min(x1, kept_x1[i]) - std::max(x0, kept_x0[i]);
      const float intersection = std::max(height, 0.0F) * std::max(width, 0.0F);
      const std::int32_t above = intersection >= safe_threshold * (area + kept_area[i] - intersection) ? 1 : 0;
      const std::int32_t meets = intersection > 0 ? 1 : 0;
      close |= above & meets;
    }
    if (close == 0) continue;
    for (std::size_t i = first; i < std::min(end, kept_count_); ++i) {
      if (overlaps_above(box, i, threshold)) return true;
    }
  }
  return false;
}

/// Boxes without area suppress none, so they are not kept. Lanes beyond the last kept box hold boxes that meet none.
void NonMaxSuppressor::keep(std::size_t box) {
  if (!(boxes_.area[box] > 0)) return;
  if (kept_count_ % kLanes == 0) {
    kept_.resize(std::max(kept_.size(), kept_count_ + kLanes));
    for (std::size_t i = kept_count_; i < kept_count_ + kLanes; ++i) {
      kept_.y0[i] = kept_.x0[i] = std::numeric_limits<float>::max();
      kept_.y1[i] = kept_.x1[i] = std::numeric_limits<float>::lowest();
      kept_.area[i] = 0;
    }
  }
  kept_.y0[kept_count_] = boxes_.y0[box];
  kept_.x0[kept_count_] = boxes_.x0[box];
  kept_.y1[kept_count_] = boxes_.y1[box];
  kept_.x1[kept_count_] = boxes_.x1[box];
  kept_.area[kept_count_] = boxes_.area[box];
  ++kept_count_;
}

std::span<const std::int32_t> NonMaxSuppressor::select(const float* scores, std::size_t stride,
                                                       const SuppressionLimits& limits) {
  require(limits.iou_threshold >= 0 && limits.iou_threshold <= 1, "iou_threshold is {}, not in [0, 1]",
          limits.iou_threshold);
  selected_.clear();
  if (!finite_) {
    std::vector<float> own(boxes_.size());
    for (std::size_t i = 0; i < own.size(); ++i) own[i] = scores[i * stride];
    const auto overlap = [&](std::int32_t i, std::int32_t j) {
      return intersection_over_union(corners_.data() + 4 * i, corners_.data() + 4 * j);
    };
    const GreedyLimits greedy{limits.max_outputs, limits.iou_threshold, limits.score_threshold, 0};
    selected_ = select_greedily<float>(own, greedy, overlap).indices;
    return selected_;
  }
  collect(scores, stride, limits.score_threshold);
  kept_count_ = 0;
  const float safe_threshold = limits.iou_threshold * (1.0F - 1e-6F);
  const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(limits.max_outputs, 0));
  std::size_t sorted = 0;
  for (std::size_t i = 0; i < order_.size() && selected_.size() < wanted; ++i) {
    if (i == sorted) {
      const std::size_t chunk = std::max<std::size_t>(sorted, 2 * std::min<std::size_t>(wanted, 2048));
      sort_from(sorted, chunk);
      sorted = std::min(order_.size(), sorted + chunk);
    }
    const std::size_t box = key_index(order_[i]);
    if (suppressed(box, limits.iou_threshold, safe_threshold)) continue;
    selected_.push_back(static_cast<std::int32_t>(box));
    keep(box);
  }
  return selected_;
}

}  // namespace temper
