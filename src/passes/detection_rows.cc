#include "passes/detection_rows.h"

namespace temper {
namespace {

const Node* gather_of_rows(const Rewriter& rewriter, ValueId id) {
  const Node* node = made_by(rewriter, id, "gather");
  return node != nullptr && integer_of(*node, "axis") == 0 && integer_of(*node, "batch_dims") == 0 ? node : nullptr;
}

bool begins_with(const ValueIds& all, const ValueIds& first, std::size_t size) {
  return all.size() == size && first.size() >= size && std::equal(all.begin(), all.end(), first.begin());
}

}  // namespace

ValueId DetectionRows::original(ValueId id) const {
  const auto found = originals_.find(id);
  return found == originals_.end() ? id : found->second;
}

/// nms's indices, or those with zeros after.
DetectionRows::Selected DetectionRows::as_selected(ValueId index) const {
  if (const Node* joined = made_by(rewriter_, index, "concat"); joined != nullptr && joined->inputs.size() == 2) {
    if (as_filled(rewriter_, joined->inputs[1]) != 0.0) return {};
    const Selected selected = as_selected(joined->inputs[0]);
    return {selected.nms, true};
  }
  const Node* nms = made_by(rewriter_, index, "non_max_suppression");
  if (nms == nullptr || nms->outputs[0] != index) return {};
  return {nms, integer_of(*nms, "pad_to_max_output_size") != 0};
}

/// Whether `count` is how many boxes a suppression has selected.
bool DetectionRows::counts_selected(ValueId count, const Node& nms) const {
  return count == nms.outputs[2] ||
         (integer_of(nms, "pad_to_max_output_size") == 0 && count_of(rewriter_, count) == Count{{}, nms.outputs[0], 0});
}

RowTrack DetectionRows::track(ValueId rows) const {
  RowTrack track;
  const auto now = [&] { return track.picks.size(); };
  std::size_t total = 0;
  while (true) {
    if (const Node* gather = gather_of_rows(rewriter_, rows); gather != nullptr && as_selected(gather->inputs[1]).nms == nullptr) {
      track.picks.push_back(gather->inputs[1]);
      rows = gather->inputs[0];
    } else if (const auto clipped = as_clipped(rewriter_, rows); clipped && !track.clipped) {
      track.clipped = {now(), clipped->window};
      rows = clipped->boxes;
    } else if (const auto framed = as_framed(rewriter_, rows); framed && !track.framed && !track.clipped) {
      track.framed = {now(), framed->window};
      rows = framed->boxes;
    } else if (const Node* select = made_by(rewriter_, rows, "select"); select != nullptr && !track.pruned) {
      const Node* cast = made_by(rewriter_, select->inputs[0], "cast");
      const ValueId boxes = cast == nullptr ? ValueId::kNone : as_areas(rewriter_, cast->inputs[0]);
      if (boxes == ValueId::kNone || as_filled(rewriter_, select->inputs[2]) != -1.0) break;
      track.pruned = {now(), boxes};
      rows = select->inputs[1];
    } else {
      break;
    }
  }
  total = track.picks.size();
  std::ranges::reverse(track.picks);
  for (auto* change : {&track.clipped, &track.framed}) {
    if (*change) (*change)->first = total - (*change)->first;
  }
  if (track.pruned) track.pruned->first = total - track.pruned->first;
  const Node* joined = made_by(rewriter_, rows, "concat");
  track.parts = joined != nullptr && integer_of(*joined, "axis") == 0 ? joined->inputs : ValueIds{rows};
  return track;
}

/// The scores of the selected: gathered or given by the suppression; with -1 where there are rows beyond.
DetectionRows::Selected DetectionRows::as_class_scores(ValueId part) const {
  const auto plain = [&](ValueId id) -> Selected {
    const Node* nms = made_by(rewriter_, id, "non_max_suppression");
    if (nms != nullptr && nms->outputs[1] == id) return {nms, integer_of(*nms, "pad_to_max_output_size") != 0};
    const Node* gather = gather_of_rows(rewriter_, id);
    if (gather == nullptr) return {};
    const Selected selected = as_selected(gather->inputs[1]);
    return selected.nms != nullptr && selected.nms->inputs[1] == gather->inputs[0] ? selected : Selected{};
  };
  const Node* select = made_by(rewriter_, part, "select");
  if (select == nullptr) {
    const Selected selected = plain(part);
    return selected.padded ? Selected{} : selected;
  }
  Selected selected = plain(select->inputs[1]);
  if (const Node* joined = made_by(rewriter_, select->inputs[1], "concat"); joined != nullptr && joined->inputs.size() == 2) {
    selected = as_filled(rewriter_, joined->inputs[1]) ? plain(joined->inputs[0]) : Selected{};
  }
  const Node* less = made_by(rewriter_, select->inputs[0], "less");
  if (selected.nms == nullptr || less == nullptr || as_filled(rewriter_, select->inputs[2]) != -1.0) return {};
  const bool valid = as_range(rewriter_, less->inputs[0]) && counts_selected(less->inputs[1], *selected.nms);
  return valid ? Selected{selected.nms, true} : Selected{};
}

/// c, where a part is c for each row of `class_scores`.
std::optional<std::int64_t> DetectionRows::as_label(ValueId part, ValueId class_scores) const {
  const auto zeros = [&](ValueId id) {
    const Node* node = made_by(rewriter_, id, "zeros_like");
    if (node == nullptr) return false;
    const Selected a = as_class_scores(node->inputs[0]);
    const Selected b = as_class_scores(class_scores);
    return node->inputs[0] == class_scores || (a.nms != nullptr && a.nms == b.nms && a.padded == b.padded);
  };
  if (zeros(part)) return 0;
  const Node* sum = made_by(rewriter_, part, "add");
  if (sum == nullptr) return std::nullopt;
  for (const std::size_t side : {0U, 1U}) {
    const auto label = constant_float(rewriter_, sum->inputs[1 - side]);
    if (label && zeros(sum->inputs[side]) && *label == static_cast<float>(static_cast<std::int64_t>(*label))) {
      return static_cast<std::int64_t>(*label);
    }
  }
  return std::nullopt;
}

bool DetectionRows::is_sort(ValueId pick, ValueId& scores, ValueId& count) const {
  const Node* sort = made_by(rewriter_, pick, "top_k");
  if (sort == nullptr || sort->outputs[1] != pick || integer_of(*sort, "sorted") == 0) return false;
  scores = sort->inputs[0];
  count = sort->inputs[1];
  return true;
}

/// How many rows all classes together give, if that is known.
std::optional<std::int64_t> DetectionRows::known_rows() const {
  std::int64_t sum = 0;
  for (const ValueId part : class_scores_) {
    const ShapeFact& shape = rewriter_.fact(part).shape;
    if (!shape.rank_known() || shape.rank() != 1 || !shape[0].known()) return std::nullopt;
    sum += shape[0].value();
  }
  return sum;
}

/// Whether `count` is how many rows there are after the first `size` picks.
bool DetectionRows::counts_rows(ValueId count, const ValueIds& picks, std::size_t size) {
  const Count counted = count_of(rewriter_, original(count));
  if (counted.number) return size == 0 && counted.number == known_rows();
  if (size > 0 && counted == rows_of(rewriter_, picks[size - 1])) return true;
  if (counted.axis != 0) return false;
  const ValueId rows = counted.root;
  if (const Selected index = as_selected(rows); size == 0 && class_scores_.size() == 1 && index.nms != nullptr) {
    const Selected wanted = as_class_scores(class_scores_[0]);
    return index.nms == wanted.nms && index.padded == wanted.padded;
  }
  const RowTrack other = track(rows);
  if (!begins_with(other.picks, picks, size) || other.parts.size() != class_scores_.size()) return false;
  for (std::size_t i = 0; i < class_scores_.size(); ++i) {
    const Selected wanted = as_class_scores(class_scores_[i]);
    if (other.parts[i] == class_scores_[i]) continue;
    if (const Selected index = as_selected(other.parts[i]); index.nms != nullptr && index.nms == wanted.nms && index.padded == wanted.padded) continue;
    Selected found = as_class_scores(other.parts[i]);
    if (const Node* gather = gather_of_rows(rewriter_, other.parts[i]); gather != nullptr && found.nms == nullptr) {
      found = as_selected(gather->inputs[1]);
    }
    if (found.nms != wanted.nms || found.padded != wanted.padded) return false;
  }
  return true;
}

bool DetectionRows::identify_filters(const RowTrack& boxes, const RowTrack& scores, ClassPattern& found) {
  if (boxes.picks.empty()) return boxes.unchanged() || fail("boxes are clipped before they are selected, but not filtered");
  found.filters = boxes.picks;
  const Node* compare = made_by(rewriter_, as_positions(rewriter_, boxes.picks[0]), "greater");
  const auto threshold = compare == nullptr ? std::nullopt : constant_float(rewriter_, compare->inputs[1]);
  if (!threshold || compare->inputs[0] != scores.parts[0]) return fail("boxes are filtered before they are selected, not by score");
  found.score_threshold = *threshold;
  if (boxes.picks.size() == 1) return boxes.unchanged() || fail("boxes are clipped before they are selected, and those without area kept");
  const Node* area = made_by(rewriter_, as_positions(rewriter_, boxes.picks[1]), "greater");
  if (boxes.picks.size() > 2 || area == nullptr || constant_float(rewriter_, area->inputs[1]) != 0.0F || !boxes.clipped ||
      boxes.clipped->first != 1) {
    return fail("boxes are filtered twice before they are selected, not by score and by area");
  }
  const RowTrack whole = track(as_areas(rewriter_, area->inputs[0]));
  if (whole.parts != boxes.parts || !begins_with(whole.picks, boxes.picks, 1) || !whole.clipped || whole.framed ||
      whole.clipped->second != boxes.clipped->second) {
    return fail("the areas by which boxes are filtered are of others");
  }
  found.clipped = boxes.clipped->second;
  if (!boxes.framed) return true;
  if (boxes.framed->second != boxes.clipped->second) return fail("boxes are seen from another window than they are clipped to");
  found.framed = boxes.framed->second;
  return true;
}

bool DetectionRows::identify_class(const Node& nms, ClassPattern& found) {
  found.nms = &nms;
  const auto given = constant_float(rewriter_, nms.inputs[4]);
  const auto sigma = constant_float(rewriter_, nms.inputs[5]);
  if (!constant_float(rewriter_, nms.inputs[3]) || !given || !sigma) return fail("a threshold is computed");
  if (*sigma != 0) return fail("suppression is soft");
  const RowTrack boxes = track(nms.inputs[0]);
  const RowTrack scores = track(nms.inputs[1]);
  if (boxes.parts.size() != 1 || scores.parts.size() != 1 || boxes.picks != scores.picks || !scores.unchanged() || boxes.pruned) {
    return fail("boxes and scores are not picked alike before they are selected");
  }
  found.boxes = boxes.parts[0];
  found.score_threshold = *given;
  if (!identify_filters(boxes, scores, found)) return false;
  if (!found.filters.empty() && *given != std::numeric_limits<float>::lowest()) return fail("two score thresholds");
  found.scores = scores.parts[0];
  if (const auto most = constant_integer(rewriter_, nms.inputs[2])) {
    found.max = *most;
  } else {  // min(most, how many there are)
    const Node* min = made_by(rewriter_, nms.inputs[2], "minimum");
    if (min == nullptr) return fail("how many boxes of a class are selected is computed");
    const std::size_t side = constant_integer(rewriter_, min->inputs[0]) ? 0 : 1;
    const auto bound = constant_integer(rewriter_, min->inputs[side]);
    const ValueId rows = min->inputs[1 - side];
    if (!bound || !(counts_rows_of(rewriter_, rows, nms.inputs[0]) || counts_rows_of(rewriter_, rows, nms.inputs[1]))) return fail("how many boxes of a class are selected is computed");
    found.max = *bound;
  }
  return found.max >= 0 || fail("how many boxes of a class are selected is negative");
}

/// Whether all classes are treated alike.
bool DetectionRows::agree(const DetectionsPattern& found) {
  const ClassPattern& first = found.classes[0];
  const auto iou = [&](const ClassPattern& c) { return constant_float(rewriter_, c.nms->inputs[3]); };
  for (const ClassPattern& c : found.classes) {
    if (c.max != first.max || c.score_threshold != first.score_threshold || iou(c) != iou(first) || c.clipped != first.clipped ||
        c.framed != first.framed || c.filters.size() != first.filters.size()) {
      return fail("classes are selected by different rules");
    }
  }
  return true;
}

bool DetectionRows::identify_sort(const RowTrack& track_of, DetectionsPattern& found) {
  ValueId scores{};
  ValueId count{};
  if (track_of.picks.empty() || !is_sort(track_of.picks[0], scores, count)) return false;
  const RowTrack sorted = track(scores);
  if (!sorted.picks.empty() || !sorted.unchanged()) return false;
  class_scores_ = sorted.parts;
  for (const ValueId part : sorted.parts) {
    const Selected selected = as_class_scores(part);
    if (selected.nms == nullptr) {
      const bool near = !found.classes.empty();
      return near ? fail("what is sorted by is not the scores of each class") : false;
    }
    if (!found.classes.empty() && selected.padded != found.padded) return fail("classes are selected by different rules");
    found.padded = selected.padded;
    found.classes.emplace_back();
    if (!identify_class(*selected.nms, found.classes.back())) return false;
  }
  if (!agree(found)) return false;
  if (!counts_rows(count, track_of.picks, 0)) return fail("not all that is selected is sorted");
  if (found.padded && !(found.classes[0].score_threshold >= 0)) return fail("scores below zero are kept, which stand for none");
  return true;
}

/// Those with area kept; their scores, where that is looked at again, and sorted again.
bool DetectionRows::identify_clipping(const RowTrack& track_of, std::size_t& at, DetectionsPattern& found, ValueId& pruned_scores) {
  if (at >= track_of.picks.size()) return true;
  const ValueId condition = as_positions(rewriter_, track_of.picks[at]);
  if (condition == ValueId::kNone) return true;
  const Node* compare = made_by(rewriter_, condition, "greater");
  const ValueId areas = compare == nullptr || constant_float(rewriter_, compare->inputs[1]) != 0.0F
                            ? ValueId::kNone : as_areas(rewriter_, compare->inputs[0]);
  if (areas == ValueId::kNone) return fail("selected boxes are filtered, not by area");
  const RowTrack boxes = track(areas);
  if (!begins_with(boxes.picks, track_of.picks, at) || !boxes.clipped || boxes.clipped->first != at || boxes.framed) {
    return fail("selected boxes are filtered by area, but not clipped");
  }
  const auto is_selected_boxes = [&](const RowTrack& t) {
    const auto what = content(RowTrack{t.parts, {}, {}, {}, {}}, found);
    return what && what->kind == RowContent::Kind::kBoxes;
  };
  if (!is_selected_boxes(boxes)) return fail("the areas by which boxes are filtered are of others");
  found.clipped = boxes.clipped->second;
  ++at;
  ValueId count{};
  if (at >= track_of.picks.size() || !is_sort(track_of.picks[at], pruned_scores, count)) return true;
  const RowTrack scores = track(pruned_scores);
  if (!begins_with(scores.picks, track_of.picks, at) || scores.parts != class_scores_ || scores.clipped || scores.framed || !scores.pruned ||
      scores.pruned->first != at) {
    return fail("what is sorted by again is not the scores");
  }
  const RowTrack again = track(scores.pruned->second);
  if (!begins_with(again.picks, track_of.picks, at) || again.parts != boxes.parts || again.clipped != boxes.clipped || again.framed) {
    return fail("scores are set by the areas of other boxes");
  }
  if (!counts_rows(count, track_of.picks, at)) return fail("not all that is clipped is sorted");
  ++at;
  return true;
}

/// Whether `count` is how many of the rows are detections.
bool DetectionRows::counts_detections(ValueId count, ValueId pruned_scores, const DetectionsPattern& found) const {
  if (pruned_scores != ValueId::kNone) {
    const Node* sum = made_by(rewriter_, count, "sum");
    const Node* cast = sum == nullptr ? nullptr : made_by(rewriter_, sum->inputs[0], "cast");
    const Node* compare = cast == nullptr ? nullptr : made_by(rewriter_, cast->inputs[0], "greater_equal");
    return compare != nullptr && compare->inputs[0] == pruned_scores && constant_float(rewriter_, compare->inputs[1]) == 0.0F;
  }
  if (found.clipped) return false;
  ValueIds open{count};
  std::vector<bool> counted(found.classes.size());
  while (!open.empty()) {
    const ValueId id = open.back();
    open.pop_back();
    if (constant_integer(rewriter_, id) == 0) continue;
    const auto of = std::ranges::find_if(found.classes, [&](const ClassPattern& c) { return counts_selected(id, *c.nms); });
    if (of != found.classes.end()) {
      const auto at = static_cast<std::size_t>(of - found.classes.begin());
      if (counted[at]) return false;
      counted[at] = true;
      continue;
    }
    const Node* add = made_by(rewriter_, id, "add");
    if (add == nullptr) return false;
    open.insert(open.end(), add->inputs.begin(), add->inputs.end());
  }
  return std::ranges::find(counted, false) == counted.end();
}

/// The first max_total.
bool DetectionRows::identify_total(const RowTrack& track_of, std::size_t at, DetectionsPattern& found, Limit& limit) {
  const auto range = at < track_of.picks.size() ? as_range(rewriter_, track_of.picks[at]) : std::nullopt;
  if (!range) return fail("how many are kept in all is not limited");
  limit = {range->number, original(range->value)};
  if (limit.number) {  // min(max_total, rows), both known
    const auto rows = at == 1 ? known_rows() : std::nullopt;
    if (!rows || *limit.number > *rows) return fail("how many are kept in all is more than there may be");
    found.max_total = *limit.number;
    return true;
  }
  const Node* first = made_by(rewriter_, limit.value, "minimum");
  if (first == nullptr) return fail("how many are kept in all is not limited");
  const std::size_t side = constant_integer(rewriter_, first->inputs[0]) ? 0 : 1;
  const auto total = constant_integer(rewriter_, first->inputs[side]);
  if (!total || *total < 0 || !counts_rows(first->inputs[1 - side], track_of.picks, at)) return fail("how many are kept in all is computed");
  found.max_total = *total;
  return true;
}

/// The first max_total, and of those the ones that are detections.
bool DetectionRows::identify_limits(const RowTrack& track_of, std::size_t at, ValueId pruned_scores, DetectionsPattern& found) {
  Limit limit;
  if (!identify_total(track_of, at, found, limit)) return false;
  if (++at == track_of.picks.size()) return !found.padded || fail("rows that are no detections are kept (a static shape)");
  const auto range = as_range(rewriter_, track_of.picks[at]);
  const ValueId kept = range ? original(range->value) : ValueId::kNone;
  const Node* min = kept == ValueId::kNone ? nullptr : rewriter_.producer(kept);
  const auto is_limit = [&](ValueId id) {
    return limit.number ? constant_integer(rewriter_, id) == limit.number : id == limit.value;
  };
  ValueId valid = ValueId::kNone;
  if (min != nullptr && min->op.name() == "minimum") {
    valid = is_limit(min->inputs[0]) ? min->inputs[1] : is_limit(min->inputs[1]) ? min->inputs[0] : ValueId::kNone;
  } else if (min != nullptr && min->op.name() == "select" && is_limit(min->inputs[2])) {  // limit > valid ? valid : limit
    const Node* greater = made_by(rewriter_, min->inputs[0], "greater");
    if (greater != nullptr && is_limit(greater->inputs[0]) && greater->inputs[1] == min->inputs[1]) valid = min->inputs[1];
  }
  if (valid == ValueId::kNone || !counts_detections(valid, pruned_scores, found)) return fail("rows are cut off, not where detections end");
  found.count = kept;
  return ++at == track_of.picks.size() || fail("detections are picked from once more");
}

std::optional<DetectionsPattern> DetectionRows::identify(const RowTrack& track_of) {
  reason_ = {};
  DetectionsPattern found;
  if (!identify_sort(track_of, found)) return std::nullopt;
  std::size_t at = 1;
  ValueId pruned_scores = ValueId::kNone;
  if (!identify_clipping(track_of, at, found, pruned_scores)) return std::nullopt;
  if (found.clipped && found.classes[0].clipped) return fail("boxes are clipped twice"), std::nullopt;
  if (!identify_limits(track_of, at, pruned_scores, found)) return std::nullopt;
  return found;
}

std::optional<RowContent> DetectionRows::content(const RowTrack& track_of, const DetectionsPattern& found) {
  if (track_of.parts.size() != found.classes.size()) return fail("rows of other classes"), std::nullopt;
  RowContent content{RowContent::Kind::kField};
  for (std::size_t i = 0; i < found.classes.size(); ++i) {
    const ClassPattern& c = found.classes[i];
    const ValueId part = track_of.parts[i];
    RowContent here{RowContent::Kind::kField};
    const Node* gather = gather_of_rows(rewriter_, part);
    if (const Selected scores = as_class_scores(part); scores.nms == c.nms && scores.padded == found.padded) {
      here.kind = RowContent::Kind::kScores;
    } else if (const auto label = as_label(part, class_scores_[i])) {
      here.kind = RowContent::Kind::kClasses;
      if (*label != static_cast<std::int64_t>(i)) return fail("classes are not numbered from 0"), std::nullopt;
    } else if (gather != nullptr) {
      const Selected selected = as_selected(gather->inputs[1]);
      if (selected.nms != c.nms || selected.padded != found.padded) return fail("rows are selected by another class's suppression"), std::nullopt;
      if (gather->inputs[0] == c.nms->inputs[0]) {
        here.kind = RowContent::Kind::kBoxes;
      } else {
        const RowTrack given = track(gather->inputs[0]);
        if (given.picks != c.filters || !given.unchanged() || given.parts.size() != 1) return fail("a field is not filtered as boxes are"), std::nullopt;
        here.field = given.parts[0];
      }
    } else {
      return fail("rows are neither boxes, scores, classes nor a field"), std::nullopt;
    }
    if (i > 0 && here.kind != content.kind) return fail("rows of different kinds are joined"), std::nullopt;
    if (i > 0 && here.field != content.field) return fail("a field has rows of its own for each class"), std::nullopt;
    content = here;
  }
  return content;
}

}  // namespace temper
