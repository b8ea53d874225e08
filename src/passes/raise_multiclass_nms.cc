#include <cmath>

#include "ops/detection/multiclass_nms.h"
#include "passes/padded_rows.h"

namespace temper {
/// Recognises non-maximum suppression of each class, the rows gathered by it, sorted by score, clipped to a window, cut off and
/// filled up, as the Object Detection API writes it out.
///     pad(gather(concat(gather(boxes, nms(boxes, scores[:, 0])), ...), top_k(...)))   =>   multiclass_nms(boxes, scores, window)
struct RaiseMulticlassNms {
  static constexpr std::string_view kName = "raise_multiclass_nms";
  static constexpr Stage kStage = Stage::kRaise;

  DetectionRows::Originals originals;
  std::map<std::pair<ValueIds, bool>, ValueIds> raised;  ///< outputs, by the picks that they stand for and whether boxes are framed

  Rewrite apply(Rewriter& rewriter, const Node& node) {
    const auto padded = as_padded(rewriter, node, originals);
    if (!padded) return skip(node.op.name() == "non_max_suppression" ? "a suppression is left: no rows that it picks are found sorted and filled up to a fixed number" : "");
    DetectionRows rows(rewriter, originals);
    const RowTrack track = rows.track(padded->rows);
    const auto found = rows.identify(track);
    if (!found) return skip(rows.reason());
    const auto content = rows.content(track, *found);
    if (!content) return skip(rows.reason());
    if (found->max_total != padded->length) return skip("rows are filled up to another number than are kept");
    if (const auto reason = check_changes(track, *found, *content); !reason.empty()) return skip(reason);
    const bool before = found->classes[0].framed.has_value();
    const bool framed = content->kind == RowContent::Kind::kBoxes ? track.framed.has_value() : is_framed(rewriter, rows, track.picks);
    const auto outputs = emit(rewriter, track.picks, before || framed, *found);
    if (!outputs) return skip("boxes are not rows of one tensor for all classes, or columns of one for each");
    return replace(rewriter, node, track.picks.back(), *found, *content, *outputs, padded->others);
  }

  static std::string_view check_changes(const RowTrack& track, const DetectionsPattern& found, const RowContent& content) {
    using Kind = RowContent::Kind;
    if (content.kind != Kind::kBoxes) {
      return track.clipped || track.framed || (track.pruned && content.kind != Kind::kScores) ? "rows that are no boxes are clipped" : "";
    }
    if (track.pruned) return "boxes are treated as scores";
    if (track.clipped.has_value() != found.clipped.has_value() || (track.clipped && track.clipped->second != *found.clipped)) {
      return "boxes are given otherwise than those are clipped by whose area they are kept";
    }
    if (track.framed && (!found.clipped || track.framed->second != track.clipped->second)) {
      return "boxes are seen from another window than they are clipped to";
    }
    return "";
  }

  /// Whether the boxes among all that is picked alike are seen from a window. What else is picked does not tell.
  bool is_framed(const Rewriter& rewriter, const DetectionRows& rows, const ValueIds& picks) const {
    if (raised.contains({picks, true})) return true;
    if (raised.contains({picks, false})) return false;
    for (const NodeId id : rewriter.graph().order()) {
      const auto padded = as_padded(rewriter, rewriter.graph().node(id), originals);
      if (!padded) continue;
      const RowTrack track = rows.track(padded->rows);
      if (track.picks == picks && track.framed) return true;
    }
    return false;
  }

  /// The outputs of the multiclass_nms, once for all that belongs together.
  std::optional<ValueIds> emit(Rewriter& rewriter, const ValueIds& picks, bool framed, const DetectionsPattern& found) {
    const auto known = raised.find({picks, framed});
    if (known != raised.end()) return known->second;
    const auto boxes = boxes_of(rewriter, found);
    if (!boxes) return std::nullopt;
    const ClassPattern& first = found.classes[0];
    MulticlassNms op;
    op.max_per_class = first.max;
    op.max_total = found.max_total;
    op.iou_threshold = *constant_float(rewriter, first.nms->inputs[3]);
    op.score_threshold = first.score_threshold;
    op.clipping = found.clipped ? Clipping::kAfter : first.clipped ? Clipping::kBefore : Clipping::kNone;
    op.change_frame = framed;
    op.filter_first = !first.filters.empty();
    ValueIds inputs{*boxes, scores_of(rewriter, found, op.first_class)};
    if (const auto window = found.clipped ? found.clipped : first.clipped) inputs.push_back(window_of(rewriter, *window));
    const ValueIds outputs = rewriter.add_all(op, std::move(inputs));
    return raised[{picks, framed}] = outputs;
  }

  /// x under a first dim of 1.
  static ValueId batched(Rewriter& rewriter, ValueId x) {
    const Node* squeeze = made_by(rewriter, x, "squeeze");
    if (squeeze != nullptr && rewriter.fact(squeeze->inputs[0]).shape.rank_known()) {
      const ShapeFact& whole = rewriter.fact(squeeze->inputs[0]).shape;
      const ShapeFact& shape = rewriter.fact(x).shape;
      const bool first_went = shape.rank_known() && whole.rank() == shape.rank() + 1 && whole[0].is(1) &&
                              std::equal(shape.dims().begin(), shape.dims().end(), whole.dims().begin() + 1) && shape.known();
      if (first_went) return squeeze->inputs[0];
    }
    return rewriter.add("expand_dims", {x}, {{"axis", std::int64_t{0}}});
  }

  /// [1, n, q, 4]
  static std::optional<ValueId> boxes_of(Rewriter& rewriter, const DetectionsPattern& found) {
    ValueId whole = ValueId::kNone;
    const ValueId shared = found.classes[0].boxes;
    const bool same = std::ranges::all_of(found.classes, [&](const ClassPattern& c) { return c.boxes == shared; });
    for (std::size_t i = 0; i < found.classes.size(); ++i) {
      const Node* unpack = made_by(rewriter, found.classes[i].boxes, "unpack");
      const std::size_t parts = same ? 1 : found.classes.size();
      const bool own = unpack != nullptr && integer_of(*unpack, "axis") == 1 && unpack->outputs.size() == parts &&
                       unpack->outputs[same ? 0 : i] == found.classes[i].boxes;
      if (!own || (i > 0 && unpack->inputs[0] != whole)) {
        whole = ValueId::kNone;
        break;
      }
      whole = unpack->inputs[0];
    }
    if (whole != ValueId::kNone) return batched(rewriter, whole);
    if (!same) return std::nullopt;
    return batched(rewriter, rewriter.add("expand_dims", {shared}, {{"axis", std::int64_t{1}}}));
  }

  /// [1, n, columns]: the matrix that classes are neighbouring columns of, those after the last left out; or one made of them.
  static ValueId scores_of(Rewriter& rewriter, const DetectionsPattern& found, std::int64_t& first_class) {
    const auto first = as_column(rewriter, found.classes[0].scores);
    bool neighbours = first.has_value();
    for (std::size_t i = 1; i < found.classes.size() && neighbours; ++i) {
      const auto column = as_column(rewriter, found.classes[i].scores);
      neighbours = column && column->whole == first->whole && column->at == first->at + static_cast<std::int64_t>(i);
    }
    if (!neighbours) {
      ValueIds columns;
      for (const ClassPattern& c : found.classes) columns.push_back(c.scores);
      return batched(rewriter, rewriter.add("pack", columns, {{"axis", std::int64_t{1}}}));
    }
    first_class = first->at;
    const auto end = first->at + static_cast<std::int64_t>(found.classes.size());
    ValueId scores = first->whole;
    const ShapeFact& shape = rewriter.fact(scores).shape;
    if (!shape.rank_known() || shape.rank() != 2 || !shape[1].is(end)) {
      const std::array<std::int64_t, 2> begin{0, 0};
      const std::array<std::int64_t, 2> size{-1, end};
      scores = rewriter.add("slice", {scores, rewriter.add_constant(Tensor::vector<std::int64_t>(begin)),
                                      rewriter.add_constant(Tensor::vector<std::int64_t>(size))});
    }
    return batched(rewriter, scores);
  }

  /// [1, 4]
  static ValueId window_of(Rewriter& rewriter, const WindowPattern& window) {
    if (window.corners) return rewriter.add_constant(Tensor::from<float>({1, 4}, *window.corners));
    const std::array<std::int64_t, 2> shape{1, 4};
    return rewriter.add("reshape", {window.vector, rewriter.add_constant(Tensor::vector<std::int64_t>(shape))});
  }

  Rewrite replace(Rewriter& rewriter, const Node& node, ValueId last_pick, const DetectionsPattern& found, const RowContent& content,
                  const ValueIds& outputs, const std::vector<std::int64_t>& others) {
    ValueId rows = outputs[4];
    if (content.kind == RowContent::Kind::kBoxes) rows = outputs[0];
    if (content.kind == RowContent::Kind::kScores) rows = outputs[1];
    if (content.kind == RowContent::Kind::kClasses) rows = outputs[2];
    if (content.kind == RowContent::Kind::kField) rows = rewriter.add(GatherOrZero{}, {batched(rewriter, content.field), rows});
    const ShapeFact& shape = rewriter.fact(rows).shape;
    if (!shape.rank_known() || shape.rank() != others.size() + 2) return skip("rows are of unknown shape");
    for (std::size_t i = 0; i < others.size(); ++i) {
      if (!shape[i + 2].is(others[i])) return skip("rows are cut off or filled up along other axes");
    }
    Patch patch = Rewriter::replace(node, first_of(rewriter, rows));
    if (found.count != ValueId::kNone) {
      replace_count(rewriter, found.count, outputs[3], patch);
    } else {
      const Count kept = rows_of(rewriter, last_pick);
      for (const NodeId id : rewriter.graph().order()) {
        const ValueId count = rewriter.graph().node(id).outputs[0];
        const bool element = as_element(rewriter, count).has_value() && rewriter.use_count(count) > 0;
        if (element && count_of(rewriter, count) == kept) replace_count(rewriter, count, outputs[3], patch);
      }
    }
    return patch;
  }

  static ValueId first_of(Rewriter& rewriter, ValueId batch) {
    return rewriter.add("squeeze", {batch}, {{"axes", std::vector<std::int64_t>{0}}});
  }

  /// Puts the count that multiclass_nms gives in the place of one that was computed, once.
  void replace_count(Rewriter& rewriter, ValueId count, ValueId counts, Patch& patch) {
    if (rewriter.fact(count).dtype != DType::kInt32 || originals.contains(count)) return;
    if (std::ranges::any_of(originals, [&](const auto& pair) { return pair.second == count; })) return;
    const ValueId given = first_of(rewriter, counts);
    originals[given] = count;
    patch.replacements.emplace_back(count, given);
  }
};
REGISTER_PASS(RaiseMulticlassNms);

}  // namespace temper
