#pragma once
#include <limits>

#include "ops/definition.h"

namespace temper {

/// What bounds a selection. A box goes where its overlap with a better one is above `iou_threshold`; one that does not score
/// above `score_threshold` is never selected.
struct SuppressionLimits {
  std::int64_t max_outputs = 0;
  float iou_threshold = 0.5F;
  float score_threshold = std::numeric_limits<float>::lowest();
};

/// Greedy non-maximum suppression of one set of boxes under any number of score vectors (one a class). Boxes are measured
/// once, scratch memory is kept between calls.
class NonMaxSuppressor {
 public:
  /// `corners`: 4 numbers a box, two opposite corners (y, x, y, x) in any order. They are read here only.
  void set_boxes(std::span<const float> corners);

  /// Indices of the selected boxes, best first, equal scores by lower index; valid until the next call. Box i scores
  /// scores[i * stride]. NaN scores are never selected.
  std::span<const std::int32_t> select(const float* scores, std::size_t stride, const SuppressionLimits& limits);

 private:
  static constexpr std::size_t kLanes = 16;

  /// Boxes as columns, so that one box meets kLanes others at a time.
  struct Columns {
    std::vector<float> y0, x0, y1, x1, area;

    void resize(std::size_t count);
    std::size_t size() const { return area.size(); }
  };

  void collect(const float* scores, std::size_t stride, float score_threshold);
  void sort_from(std::size_t first, std::size_t wanted);
  bool suppressed(std::size_t box, float threshold, float safe_threshold) const;
  bool overlaps_above(std::size_t box, std::size_t kept, float threshold) const;
  void keep(std::size_t box);

  Columns boxes_;
  Columns kept_;
  std::size_t kept_count_ = 0;
  bool finite_ = true;
  std::vector<float> corners_;  ///< only where not finite
  std::vector<std::uint64_t> order_;
  std::vector<std::int32_t> selected_;
};

/// Boxes of one class that overlap less than they score: the greedy selection of TensorFlow's NonMaxSuppressionV5.
/// Inputs: boxes [n, 4], scores [n], and scalars max_output_size, iou_threshold, score_threshold, soft_nms_sigma. Boxes are
/// taken best first; one that overlaps a selected one by more than iou_threshold is dropped or, where soft_nms_sigma > 0,
/// keeps exp(-iou^2 / (2 sigma)) of its score instead and waits for its turn.
/// Outputs: indices int32 [m], scores [m], m as an int32 scalar. With `pad_to_max_output_size` the first two have
/// max_output_size elements, zeros after m.
struct NonMaxSuppression {
  static constexpr std::string_view kName = "non_max_suppression";

  bool pad_to_max_output_size = false;

  static void fields(auto& self, auto&& field) { field("pad_to_max_output_size", self.pad_to_max_output_size); }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// Non-maximum suppression of each class of each picture. Inputs: float32 boxes [batch, n, 4] and scores [batch, classes, n], and scalars
/// max_outputs_per_class, iou_threshold, score_threshold. Boxes are two opposite corners (y, x, y, x in any order), or with `centred` x and y of
/// the middle, width and height. Output: int64 [m, 3], the picture, class and box of each that is selected, in this order and then best first.
struct ClasswiseNonMaxSuppression {
  static constexpr std::string_view kName = "classwise_non_max_suppression";

  bool centred = false;

  static void fields(auto& self, auto&& field) { field("centred", self.centred); }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// As NonMaxSuppression without sigma, where overlap[i, j] is given. Inputs: overlaps [n, n], scores [n], and scalars
/// max_output_size, overlap_threshold, score_threshold. Output: indices int32 [m].
struct NonMaxSuppressionWithOverlaps {
  static constexpr std::string_view kName = "non_max_suppression_with_overlaps";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// Non-maximum suppression of each class and picture, then the best of all classes, as TensorFlow's
/// CombinedNonMaxSuppression. Inputs: boxes [batch, n, q, 4] with q 1 or the number of classes, scores [batch, n, classes],
/// and scalars max_output_size_per_class, max_total_size, iou_threshold, score_threshold.
/// Outputs, m = max_total_size, or with `pad_per_class` at most max_output_size_per_class * classes: boxes [batch, m, 4]
/// (clipped to [0, 1] with `clip_boxes`), scores [batch, m], classes float [batch, m], valid int32 [batch]; zeros after valid.
/// Equal scores of different classes are ordered by class.
struct CombinedNonMaxSuppression {
  static constexpr std::string_view kName = "combined_non_max_suppression";

  bool pad_per_class = false;
  bool clip_boxes = true;

  static void fields(auto& self, auto&& field) {
    field("pad_per_class", self.pad_per_class);
    field("clip_boxes", self.clip_boxes);
  }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
