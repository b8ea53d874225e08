#pragma once
#include "ops/definition.h"

namespace temper {

/// What scores are before they are compared: as given, or 1 / (1 + exp(-x)) of what is given.
enum class ScoreConversion { kNone, kSigmoid };
template <>
struct EnumNames<ScoreConversion> {
  static constexpr std::array<std::string_view, 2> kNames = {"none", "sigmoid"};
};

/// none: boxes are as they come. after: selected boxes are clipped to a window, and those left without area go. before: boxes
/// that score enough are clipped, and those left without area go, before any is selected.
enum class Clipping { kNone, kAfter, kBefore };
template <>
struct EnumNames<Clipping> {
  static constexpr std::array<std::string_view, 3> kNames = {"none", "after", "before"};
};

/// The best boxes of all classes that overlap no better one of their own class: greedy non-maximum suppression of each class,
/// as non_max_suppression has it, at most max_per_class each; then all by score, equal scores by class and then by box; of
/// those the first max_total. Inputs: boxes [batch, n, q, 4] of corners (y0, x0, y1, x1), q being 1 or the number of classes;
/// scores [batch, n, first_class + classes], of which the first columns are of no class; with clipping, windows [batch, 4]
/// of corners; with `has_counts`, how many of the n boxes there are, [batch] (-1: all). Outputs, m = max_total: boxes
/// [batch, m, 4], with `change_frame` seen from the window as if that were (0, 0, 1, 1); scores [batch, m]; classes float
/// [batch, m], counted from 0; how many there are, int32 [batch]; which box each is, int32 [batch, m]. After as many as there
/// are come zeros, and -1 in the last output.
struct MulticlassNms {
  static constexpr std::string_view kName = "multiclass_nms";

  std::int64_t max_per_class = 0;
  std::int64_t max_total = 0;
  float iou_threshold = 0.5F;
  float score_threshold = 0;
  std::int64_t first_class = 0;
  ScoreConversion conversion = ScoreConversion::kNone;
  Clipping clipping = Clipping::kNone;
  bool change_frame = false;
  bool has_counts = false;
  /// Scores are compared with score_threshold before boxes are suppressed and not meanwhile. It matters where overlaps are
  /// NaN only. Always so where clipping comes before.
  bool filter_first = false;

  static void fields(auto& self, auto&& field) {
    field("max_per_class", self.max_per_class);
    field("max_total", self.max_total);
    field("iou_threshold", self.iou_threshold);
    field("score_threshold", self.score_threshold);
    field("first_class", self.first_class);
    field("conversion", self.conversion);
    field("clipping", self.clipping);
    field("change_frame", self.change_frame);
    field("has_counts", self.has_counts);
    field("filter_first", self.filter_first);
  }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// Rows of x by index: y[b, i, ...] = x[b, index[b, i], ...], zeros where the index is negative. Inputs: x [batch, n, ...],
/// index int32 [batch, m]. Throws ModelError on an index of n or more.
struct GatherOrZero {
  static constexpr std::string_view kName = "gather_or_zero";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
