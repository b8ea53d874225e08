#include <cmath>

#include "ops/detection/multiclass_nms.h"
#include "passes/detection_rows.h"

namespace temper {
namespace {

/// Rows cut off or filled up with zeros to a fixed number.
struct Padded {
  ValueId rows = ValueId::kNone;
  std::int64_t length = 0;
};

/// Whether `size` is what a slice takes of `rows` along `axis`: as much as there is, at most `length`.
bool is_clipped_size(const Rewriter& rewriter, ValueId size, std::int64_t length) {
  const Node* select = made_by(rewriter, size, "select");  // rows - length > 0 ? length : -1
  if (select == nullptr || constant_integer(rewriter, select->inputs[1]) != length || constant_integer(rewriter, select->inputs[2]) != -1) {
    return false;
  }
  const Node* greater = made_by(rewriter, select->inputs[0], "greater");
  const Node* sub = greater == nullptr ? nullptr : made_by(rewriter, greater->inputs[0], "sub");
  return sub != nullptr && constant_integer(rewriter, greater->inputs[1]) == 0 && constant_integer(rewriter, sub->inputs[1]) == length;
}

/// The lengths that paddings fill each axis of `x` up to; empty where they do something else.
std::vector<std::int64_t> padded_lengths(const Rewriter& rewriter, ValueId paddings, ValueId x) {
  const Node* pack = made_by(rewriter, paddings, "pack");
  if (pack == nullptr || integer_of(*pack, "axis") != 1 || pack->inputs.size() != 2) return {};
  const auto before = constant_integers(rewriter, pack->inputs[0]);
  const Node* after = made_by(rewriter, pack->inputs[1], "pack");
  if (!before || after == nullptr || before != std::vector<std::int64_t>(after->inputs.size(), 0)) return {};
  std::vector<std::int64_t> lengths;
  for (std::size_t axis = 0; axis < after->inputs.size(); ++axis) {
    const ShapeFact& known = rewriter.fact(x).shape;
    const auto rest = constant_integer(rewriter, after->inputs[axis]);  // of a dim that is known
    if (rest && known.rank_known() && axis < known.rank() && known[axis].known()) {
      lengths.push_back(known[axis].value() + *rest);
      continue;
    }
    const Node* sub = made_by(rewriter, after->inputs[axis], "sub");
    const auto length = sub == nullptr ? std::nullopt : constant_integer(rewriter, sub->inputs[0]);
    const auto element = sub == nullptr ? std::nullopt : as_element(rewriter, sub->inputs[1]);
    const Node* shape = element ? made_by(rewriter, element->whole, "shape") : nullptr;
    if (!length || shape == nullptr || shape->inputs[0] != x || element->at != static_cast<std::int64_t>(axis)) return {};
    lengths.push_back(*length);
  }
  return lengths;
}

/// pad(slice(rows, 0, min(size, lengths)), lengths - size); axes but the first are of these lengths already, or `others` says
/// of what length they must be.
std::optional<Padded> as_padded(const Rewriter& rewriter, const Node& pad, std::vector<std::int64_t>& others) {
  if (pad.op.name() != "pad" || pad.inputs.size() != 2) return std::nullopt;
  const Node* slice = made_by(rewriter, pad.inputs[0], "slice");
  if (slice == nullptr) return std::nullopt;
  const auto lengths = padded_lengths(rewriter, pad.inputs[1], slice->outputs[0]);
  const auto begin = constant_integers(rewriter, slice->inputs[1]);
  const Node* sizes = made_by(rewriter, slice->inputs[2], "pack");
  if (lengths.empty() || !begin || *begin != std::vector<std::int64_t>(lengths.size(), 0) || sizes == nullptr ||
      sizes->inputs.size() != lengths.size()) {
    return std::nullopt;
  }
  if (!is_clipped_size(rewriter, sizes->inputs[0], lengths[0])) return std::nullopt;
  others.assign(lengths.begin() + 1, lengths.end());
  return Padded{slice->inputs[0], lengths[0]};
}

}  // namespace

/// Recognises non-maximum suppression of each class, the rows gathered by it, sorted by score, clipped to a window, cut off and
/// filled up, as the Object Detection API writes it out.
///     pad(gather(concat(gather(boxes, nms(boxes, scores[:, 0])), ...), top_k(...)))   =>   multiclass_nms(boxes, scores, window)
struct RaiseMulticlassNms {
  static constexpr std::string_view kName = "raise_multiclass_nms";
  static constexpr Stage kStage = Stage::kRaise;

  DetectionRows::Originals originals;
  std::map<std::pair<ValueIds, bool>, ValueIds> raised;  ///< outputs, by the picks that they stand for and whether boxes are framed

  Rewrite apply(Rewriter& rewriter, const Node& node) {
    std::vector<std::int64_t> others;
    const auto padded = as_padded(rewriter, node, others);
    if (!padded) return skip();
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
    return replace(rewriter, node, *found, *content, *outputs, others);
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
      std::vector<std::int64_t> others;
      const auto padded = as_padded(rewriter, rewriter.graph().node(id), others);
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
    op.first_class = first.scores.at;
    op.clipping = found.clipped ? Clipping::kAfter : first.clipped ? Clipping::kBefore : Clipping::kNone;
    op.change_frame = framed;
    op.filter_first = !first.filters.empty();
    ValueIds inputs{*boxes, scores_of(rewriter, found)};
    if (const auto window = found.clipped ? found.clipped : first.clipped) inputs.push_back(window_of(rewriter, *window));
    const ValueIds outputs = rewriter.add_all(op, std::move(inputs));
    return raised[{picks, framed}] = outputs;
  }

  /// [1, n, q, 4]
  static std::optional<ValueId> boxes_of(Rewriter& rewriter, const DetectionsPattern& found) {
    const auto batched = [&](ValueId x, std::int64_t axis) { return rewriter.add("expand_dims", {x}, {{"axis", axis}}); };
    ValueId whole = ValueId::kNone;
    for (std::size_t i = 0; i < found.classes.size(); ++i) {
      const Node* unpack = made_by(rewriter, found.classes[i].boxes, "unpack");
      const bool own = unpack != nullptr && integer_of(*unpack, "axis") == 1 && unpack->outputs.size() == found.classes.size() &&
                       unpack->outputs[i] == found.classes[i].boxes;
      if (!own || (i > 0 && unpack->inputs[0] != whole)) {
        whole = ValueId::kNone;
        break;
      }
      whole = unpack->inputs[0];
    }
    if (whole != ValueId::kNone) return batched(whole, 0);
    const ValueId shared = found.classes[0].boxes;
    if (std::ranges::any_of(found.classes, [&](const ClassPattern& c) { return c.boxes != shared; })) return std::nullopt;
    return batched(batched(shared, 1), 0);
  }

  /// [1, n, columns], those after the last class left out.
  static ValueId scores_of(Rewriter& rewriter, const DetectionsPattern& found) {
    const Part& first = found.classes[0].scores;
    const auto end = first.at + static_cast<std::int64_t>(found.classes.size());
    ValueId scores = first.whole;
    const ShapeFact& shape = rewriter.fact(scores).shape;
    if (!shape.rank_known() || shape.rank() != 2 || !shape[1].is(end)) {
      const std::array<std::int64_t, 2> begin{0, 0};
      const std::array<std::int64_t, 2> size{-1, end};
      scores = rewriter.add("slice", {scores, rewriter.add_constant(Tensor::vector<std::int64_t>(begin)),
                                      rewriter.add_constant(Tensor::vector<std::int64_t>(size))});
    }
    return rewriter.add("expand_dims", {scores}, {{"axis", std::int64_t{0}}});
  }

  /// [1, 4]
  static ValueId window_of(Rewriter& rewriter, const WindowPattern& window) {
    if (window.corners) return rewriter.add_constant(Tensor::from<float>({1, 4}, *window.corners));
    const std::array<std::int64_t, 2> shape{1, 4};
    return rewriter.add("reshape", {window.vector, rewriter.add_constant(Tensor::vector<std::int64_t>(shape))});
  }

  Rewrite replace(Rewriter& rewriter, const Node& node, const DetectionsPattern& found, const RowContent& content, const ValueIds& outputs,
                  const std::vector<std::int64_t>& others) {
    ValueId rows = outputs[4];
    if (content.kind == RowContent::Kind::kBoxes) rows = outputs[0];
    if (content.kind == RowContent::Kind::kScores) rows = outputs[1];
    if (content.kind == RowContent::Kind::kClasses) rows = outputs[2];
    if (content.kind == RowContent::Kind::kField) {
      const ValueId field = rewriter.add("expand_dims", {content.field}, {{"axis", std::int64_t{0}}});
      rows = rewriter.add(GatherOrZero{}, {field, rows});
    }
    const ShapeFact& shape = rewriter.fact(rows).shape;
    if (!shape.rank_known() || shape.rank() != others.size() + 2) return skip("rows are of unknown shape");
    for (std::size_t i = 0; i < others.size(); ++i) {
      if (!shape[i + 2].is(others[i])) return skip("rows are cut off or filled up along other axes");
    }
    const auto single = [&](ValueId x) { return rewriter.add("squeeze", {x}, {{"axes", std::vector<std::int64_t>{0}}}); };
    Patch patch = Rewriter::replace(node, single(rows));
    if (found.count != ValueId::kNone && std::ranges::none_of(originals, [&](const auto& pair) { return pair.second == found.count; })) {
      const ValueId count = single(outputs[3]);
      if (rewriter.fact(count).dtype == rewriter.fact(found.count).dtype) {
        originals[count] = found.count;
        patch.replacements.emplace_back(found.count, count);
      }
    }
    return patch;
  }
};
REGISTER_PASS(RaiseMulticlassNms);

}  // namespace temper
