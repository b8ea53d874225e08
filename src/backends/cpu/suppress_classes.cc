#include "backends/cpu/suppress_classes.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "backends/cpu/isa.h"
#include "ops/detection/window.h"

namespace temper::cpu {
namespace {

constexpr std::size_t kLanes = 16;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// A box by its corners in order, and its area.
struct Measured {
  float y0, x0, y1, x1, area;
};

/// Kept boxes of one class, as columns, so that one box meets kLanes others at a time. Lanes beyond `count` meet none.
struct alignas(64) Block {
  std::array<float, kLanes> y0, x0, y1, x1, area;
  std::int32_t count;
  std::int32_t next;  ///< the block filled before, -1 where there is none
};

/// The largest of each row's elements from `first` on; NaN counts for nothing.
TEMPER_FOR_EACH_ISA void row_maxima(const float* scores, std::int64_t rows, std::int64_t columns, std::int64_t first, float* maxima) {
  const std::int64_t width = columns - first;
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* const x = scores + row * columns + first;
    float best = -kInfinity;
    if (width >= static_cast<std::int64_t>(kLanes)) {
      std::array<float, kLanes> lanes;
      for (std::size_t k = 0; k < kLanes; ++k) lanes[k] = -kInfinity;
      for (std::int64_t at = 0; at < width; at += kLanes) {
        const float* const block = x + std::min<std::int64_t>(at, width - kLanes);  // the last overlaps the one before
        for (std::size_t k = 0; k < kLanes; ++k) lanes[k] = block[k] > lanes[k] ? block[k] : lanes[k];
      }
      for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
        for (std::size_t k = 0; k < half; ++k) lanes[k] = lanes[k + half] > lanes[k] ? lanes[k + half] : lanes[k];
      }
      best = lanes[0];
    } else {
      for (std::int64_t k = 0; k < width; ++k) best = x[k] > best ? x[k] : best;
    }
    maxima[row] = best;
  }
}

/// Whether a box may overlap one of a block too much: a product bounds the quotient from below.
TEMPER_FOR_EACH_ISA bool comes_close(const Block& block, const Measured& box, float safe_threshold) {
  std::int32_t close = 0;
  for (std::size_t i = 0; i < kLanes; ++i) {
    const float height = std::min(box.y1, block.y1[i]) - std::max(box.y0, block.y0[i]);
    const float width = std::min(box.x1, block.x1[i]) - std::max(box.x0, block.x0[i]);
    const float intersection = std::max(height, 0.0F) * std::max(width, 0.0F);
    const std::int32_t above = intersection >= safe_threshold * (box.area + block.area[i] - intersection) ? 1 : 0;
    const std::int32_t meets = intersection > 0 ? 1 : 0;
    close |= above & meets;
  }
  return close != 0;
}

/// The exact test, by division: rounding of the quotient decides where it is near the threshold.
bool overlaps_above(const Block& block, std::size_t i, const Measured& box, float threshold) {
  const float height = std::min(box.y1, block.y1[i]) - std::max(box.y0, block.y0[i]);
  const float width = std::min(box.x1, block.x1[i]) - std::max(box.x0, block.x0[i]);
  const float intersection = std::max(height, 0.0F) * std::max(width, 0.0F);
  return intersection / (box.area + block.area[i] - intersection) > threshold;
}

/// Orders as floats do, as unsigned numbers; both zeros are one.
std::uint32_t ordered_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value + 0.0F);
  return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}

/// The lowest that a number whose sigmoid is `score`, give or take its rounding, can be.
float lowest_logit(float score) {
  const double p = static_cast<double>(score) * (1 - 1e-6);
  const double logit = std::log(p / (1 - p));
  return static_cast<float>(logit - 1e-5 * std::abs(logit) - 1e-5);
}

std::size_t aligned(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

/// How many blocks may come to be filled.
std::size_t block_count(const MulticlassNms& op, std::int64_t count, std::int64_t classes) {
  const auto of_a_class = static_cast<std::size_t>(std::min(op.max_per_class, count));
  return static_cast<std::size_t>(classes) * ((of_a_class + kLanes - 1) / kLanes);
}

/// Candidates of all classes come best first, in the order that detections have in the end; a class's kept boxes alone are
/// looked at. Scores are brought in order a few at a time: those at or above a bound, then those above a lower one.
class Suppression {
 public:
  Suppression(const MulticlassNms& op, const NmsInput& input, const NmsOutput& output, std::span<std::byte> scratch)
      : op_(op), input_(input), output_(output), classes_(input.columns - op.first_class),
        sigmoid_(op.conversion == ScoreConversion::kSigmoid), safe_threshold_(op.iou_threshold * (1.0F - 1e-6F)) {
    const auto rows = static_cast<std::size_t>(input.count);
    const auto classes = static_cast<std::size_t>(classes_);
    std::byte* next = scratch.data();
    const auto take = [&]<class T>(std::size_t elements, T*& place) {
      place = reinterpret_cast<T*>(next);
      next += aligned(elements * sizeof(T));
    };
    take(rows * classes, keys_);
    take(rows, maxima_);
    take(rows, ranked_);
    take(classes, newest_);
    take(classes, kept_);
    take(block_count(op, input.count, classes_), blocks_);
    std::fill_n(newest_, classes, -1);
    std::fill_n(kept_, classes, 0);
  }

  std::int64_t run() {
    row_maxima(input_.scores.data(), input_.count, input_.columns, op_.first_class, maxima_);
    std::copy_n(maxima_, input_.count, ranked_);
    float above = kInfinity;
    bool first = true;
    for (std::int64_t wanted = std::max<std::int64_t>(64, 2 * std::min(op_.max_total, input_.count)); !full(); wanted *= 4) {
      const bool last = wanted >= input_.count;
      float bound = -kInfinity;
      if (!last) {
        std::nth_element(ranked_, ranked_ + wanted, ranked_ + input_.count, std::greater<>());
        bound = converted(ranked_[wanted]);
      }
      const bool all = last || !(bound > op_.score_threshold);
      const std::size_t count = collect(all ? -kInfinity : bound, first ? kInfinity : above, first);
      if (!take_in_order(count)) return -1;
      if (all) break;
      above = bound;
      first = false;
    }
    fill_up();
    return found_;
  }

 private:
  bool full() const { return found_ >= op_.max_total; }
  float converted(float x) const { return sigmoid_ ? 1.0F / (1.0F + std::exp(-x)) : x; }

  /// Keys of the scores in [bound, above), or from `bound` up where they are the first.
  std::size_t collect(float bound, float above, bool first) {
    const float lowest = sigmoid_ && bound > 0 ? lowest_logit(bound) : sigmoid_ ? -kInfinity : bound;
    std::size_t count = 0;
    for (std::int64_t row = 0; row < input_.count; ++row) {
      if (maxima_[row] < lowest) continue;
      const float* const scores = input_.scores.data() + row * input_.columns + op_.first_class;
      for (std::int64_t label = 0; label < classes_; ++label) {
        if (!(scores[label] >= lowest)) continue;
        const float score = converted(scores[label]);
        if (!(score >= bound && (first || score < above) && score > op_.score_threshold)) continue;
        const auto place = static_cast<std::uint32_t>(label * input_.count + row);
        keys_[count++] = (std::uint64_t{ordered_bits(score)} << 32) | (0xffffffffU - place);
      }
    }
    return count;
  }

  /// Takes keys_[0, count) best first, until there are enough; sorted a part at a time. False where a box is not finite.
  bool take_in_order(std::size_t count) {
    std::size_t sorted = 0;
    for (std::size_t i = 0; i < count && !full(); ++i) {
      if (i == sorted) {
        const std::size_t part = std::min(count - sorted, std::max<std::size_t>(sorted, 512));
        if (sorted + part < count) std::nth_element(keys_ + sorted, keys_ + sorted + part, keys_ + count, std::greater<>());
        std::sort(keys_ + sorted, keys_ + sorted + part, std::greater<>());
        sorted += part;
      }
      const std::int64_t place = 0xffffffffU - static_cast<std::uint32_t>(keys_[i]);
      if (!consider(place / input_.count, place % input_.count)) return false;
    }
    return true;
  }

  bool consider(std::int64_t label, std::int64_t row) {
    if (kept_[label] >= op_.max_per_class) return true;
    const float* const given = input_.boxes.data() + (row * input_.per_box + (input_.per_box == 1 ? 0 : label)) * 4;
    Window::Box box{given[0], given[1], given[2], given[3]};
    if (op_.clipping == Clipping::kBefore) {
      const Window window(input_.window.data());
      box = window.clip(given);
      if (!Window::has_area(box)) return true;
      if (op_.change_frame) box = window.change_frame(box);
    }
    Measured measured{std::min(box[0], box[2]), std::min(box[1], box[3]), std::max(box[0], box[2]), std::max(box[1], box[3]), 0};
    measured.area = (measured.y1 - measured.y0) * (measured.x1 - measured.x0);
    bool finite = measured.area < std::numeric_limits<float>::max() / 4;  // so that the sum of two is finite too
    for (const float corner : box) finite = finite && std::abs(corner) <= std::numeric_limits<float>::max();
    if (!finite) return false;
    if (suppressed(label, measured)) return true;
    ++kept_[label];
    keep(label, measured);
    if (op_.clipping == Clipping::kAfter) {
      const Window window(input_.window.data());
      box = window.clip(given);
      if (!Window::has_area(box)) return true;
      if (op_.change_frame) box = window.change_frame(box);
    }
    const auto at = static_cast<std::size_t>(found_++);
    std::ranges::copy(box, output_.boxes.begin() + static_cast<std::ptrdiff_t>(4 * at));
    output_.scores[at] = converted(input_.scores[static_cast<std::size_t>(row * input_.columns + op_.first_class + label)]);
    output_.classes[at] = static_cast<float>(label);
    output_.indices[at] = static_cast<std::int32_t>(row);
    return true;
  }

  /// The latest kept come first: boxes of like scores overlap most often.
  bool suppressed(std::int64_t label, const Measured& box) const {
    if (!(box.area > 0)) return false;
    for (std::int32_t at = newest_[label]; at >= 0; at = blocks_[at].next) {
      const Block& block = blocks_[at];
      if (!comes_close(block, box, safe_threshold_)) continue;
      for (std::size_t i = 0; i < static_cast<std::size_t>(block.count); ++i) {
        if (overlaps_above(block, i, box, op_.iou_threshold)) return true;
      }
    }
    return false;
  }

  /// Boxes without area suppress none.
  void keep(std::int64_t label, const Measured& box) {
    if (!(box.area > 0)) return;
    if (newest_[label] < 0 || blocks_[newest_[label]].count == static_cast<std::int32_t>(kLanes)) {
      Block& fresh = blocks_[block_count_];
      fresh.y0.fill(std::numeric_limits<float>::max());
      fresh.x0.fill(std::numeric_limits<float>::max());
      fresh.y1.fill(std::numeric_limits<float>::lowest());
      fresh.x1.fill(std::numeric_limits<float>::lowest());
      fresh.area.fill(0);
      fresh.count = 0;
      fresh.next = newest_[label];
      newest_[label] = block_count_++;
    }
    Block& block = blocks_[newest_[label]];
    const auto lane = static_cast<std::size_t>(block.count++);
    block.y0[lane] = box.y0;
    block.x0[lane] = box.x0;
    block.y1[lane] = box.y1;
    block.x1[lane] = box.x1;
    block.area[lane] = box.area;
  }

  void fill_up() const {
    const auto found = static_cast<std::ptrdiff_t>(found_);
    std::fill(output_.boxes.begin() + 4 * found, output_.boxes.end(), 0.0F);
    std::fill(output_.scores.begin() + found, output_.scores.end(), 0.0F);
    std::fill(output_.classes.begin() + found, output_.classes.end(), 0.0F);
    std::fill(output_.indices.begin() + found, output_.indices.end(), -1);
  }

  const MulticlassNms& op_;
  const NmsInput& input_;
  const NmsOutput& output_;
  std::int64_t classes_;
  bool sigmoid_;
  float safe_threshold_;
  std::uint64_t* keys_ = nullptr;
  float* maxima_ = nullptr;
  float* ranked_ = nullptr;
  std::int32_t* newest_ = nullptr;
  std::int32_t* kept_ = nullptr;
  Block* blocks_ = nullptr;
  std::int32_t block_count_ = 0;
  std::int64_t found_ = 0;
};

}  // namespace

std::size_t nms_scratch_bytes(const MulticlassNms& op, std::int64_t count, std::int64_t columns) {
  const auto rows = static_cast<std::size_t>(count);
  const auto classes = static_cast<std::size_t>(columns - op.first_class);
  return aligned(rows * classes * sizeof(std::uint64_t)) + 2 * aligned(rows * sizeof(float)) + 2 * aligned(classes * sizeof(std::int32_t)) +
         aligned(block_count(op, count, columns - op.first_class) * sizeof(Block));
}

std::int64_t suppress_classes(const MulticlassNms& op, const NmsInput& input, const NmsOutput& output, std::span<std::byte> scratch) {
  const std::int64_t classes = input.columns - op.first_class;
  invariant(classes >= 0 && scratch.size() >= nms_scratch_bytes(op, input.count, input.columns), "multiclass_nms has {} bytes of scratch", scratch.size());
  if (classes > 0 && input.count >= (std::int64_t{1} << 32) / classes) return -1;
  return Suppression(op, input, output, scratch).run();
}

}  // namespace temper::cpu
