#pragma once
#include <map>

#include "passes/box_pattern.h"

/// Detections as a graph writes them out: one suppression a class, rows gathered by what it selects, all joined, sorted by
/// score, clipped, cut off.
namespace temper {

/// Rows, one a detection, and how they came to be: what each class gives (joined, where there are several), then picked from
/// by index again and again; on the way boxes change, and scores of boxes without area become -1.
struct RowTrack {
  ValueIds parts;
  ValueIds picks;
  /// Each with how many picks were made before.
  std::optional<std::pair<std::size_t, WindowPattern>> clipped;
  std::optional<std::pair<std::size_t, WindowPattern>> framed;
  std::optional<std::pair<std::size_t, ValueId>> pruned;  ///< by the area of these boxes

  bool unchanged() const { return !clipped && !framed && !pruned; }
};

/// One suppression and what it is given: rows of `boxes` and a vector of scores, all or those picked by `filters`.
struct ClassPattern {
  const Node* nms = nullptr;
  ValueId boxes = ValueId::kNone;
  ValueId scores = ValueId::kNone;
  ValueIds filters;
  float score_threshold = 0;
  std::int64_t max = 0;
  std::optional<WindowPattern> clipped;
  std::optional<WindowPattern> framed;
};

/// What a sequence of picks amounts to.
struct DetectionsPattern {
  std::vector<ClassPattern> classes;
  bool padded = false;  ///< each class gives as many rows as it may, those beyond its selected scoring -1
  std::optional<WindowPattern> clipped;  ///< after selection
  std::int64_t max_total = 0;
  ValueId count = ValueId::kNone;  ///< of rows that are kept, where a value of the graph is that
};

/// What rows hold.
struct RowContent {
  enum class Kind { kBoxes, kScores, kClasses, kField } kind;
  ValueId field = ValueId::kNone;  ///< whose rows the boxes' rows are picked along with
  bool framed = false;
};

class DetectionRows {
 public:
  /// What takes whose place: values that the pass has replaced while it went over the graph, by what they were.
  using Originals = std::map<ValueId, ValueId>;

  DetectionRows(const Rewriter& rewriter, const Originals& originals) : rewriter_(rewriter), originals_(originals) {}

  RowTrack track(ValueId rows) const;
  /// What the picks of `track` mean. Null, and `reason()` says why, where it is something else; no reason where there is no
  /// suppression behind it.
  std::optional<DetectionsPattern> identify(const RowTrack& track);
  /// What the rows of a track hold, whose picks are those of `detections`.
  std::optional<RowContent> content(const RowTrack& track, const DetectionsPattern& detections);
  std::string_view reason() const { return reason_; }

 private:
  struct Selected {
    const Node* nms = nullptr;
    bool padded = false;
  };

  ValueId original(ValueId id) const;
  bool fail(std::string_view reason) { return reason_ = reason, false; }
  Selected as_selected(ValueId index) const;
  Selected as_class_scores(ValueId part) const;
  bool counts_selected(ValueId count, const Node& nms) const;
  std::optional<std::int64_t> as_label(ValueId part, ValueId class_scores) const;
  bool is_sort(ValueId pick, ValueId& scores, ValueId& count) const;
  std::optional<std::int64_t> known_rows() const;
  bool counts_rows(ValueId count, const ValueIds& picks, std::size_t size);
  bool identify_class(const Node& nms, ClassPattern& found);
  bool identify_filters(const RowTrack& boxes, const RowTrack& scores, ClassPattern& found);
  bool identify_sort(const RowTrack& track, DetectionsPattern& found);
  bool identify_clipping(const RowTrack& track, std::size_t& at, DetectionsPattern& found, ValueId& pruned_scores);
  bool identify_total(const RowTrack& track, std::size_t at, DetectionsPattern& found, Limit& limit);
  bool identify_limits(const RowTrack& track, std::size_t at, ValueId pruned_scores, DetectionsPattern& found);
  bool counts_detections(ValueId count, ValueId pruned_scores, const DetectionsPattern& found) const;
  bool agree(const DetectionsPattern& found);

  const Rewriter& rewriter_;
  const Originals& originals_;
  ValueIds class_scores_;  ///< the parts that were sorted by
  std::string_view reason_;
};

}  // namespace temper
