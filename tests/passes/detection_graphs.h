#pragma once
#include "support/passes.h"

/// Graphs as the Object Detection API writes its post-processing out.
namespace temper::testing {

/// How multiclass_non_max_suppression is written in releases of the API.
enum class Writing {
  kPadded,       ///< 1.13 to 1.15: each class gives as many rows as it may, those beyond its selected score -1
  kThresholded,  ///< 1.9 or so: the suppression has the score threshold; boxes are clipped once sorted
  kFiltered      ///< 1.4: boxes are filtered by score and clipped before the suppression
};

struct DetectionRules {
  Writing writing = Writing::kPadded;
  std::int64_t classes = 3;
  std::int64_t background = 0;  ///< columns of scores before the first class
  bool shared_boxes = true;
  bool window = true;
  bool constant_window = false;
  bool frame = true;
  std::int64_t per_class = 4;
  std::int64_t total = 6;
  float iou = 0.5F;
  float score = 0.2F;
  float sigma = 0;
  std::int64_t first_label = 0;
  bool static_shape = false;  ///< rows that are no detections are kept
  bool field = true;
};

class DetectionGraph : public Builder {
 public:
  /// Inputs: boxes [n, q, 4], scores [n, columns], window [4], field [n, 2]. Outputs: boxes, scores, classes, field, count.
  explicit DetectionGraph(const DetectionRules& rules) : rules_(rules) {
    const ValueId boxes = input("boxes", fact(DType::kFloat32, {-1, rules.shared_boxes ? 1 : rules.classes, 4}));
    scores_ = input("scores", fact(DType::kFloat32, {-1, rules.background + rules.classes}));
    window_ = input("window", fact(DType::kFloat32, {4}));
    field_ = input("field", fact(DType::kFloat32, {-1, 2}));
    if (rules.constant_window) window_ = constant(f32({4}, {0, 0.125F, 1, 0.875F}));
    if (rules.shared_boxes) boxes_.assign(static_cast<std::size_t>(rules.classes), ops("unpack", {boxes}, {{"axis", one_}, {"parts", one_}})[0]);
    else boxes_ = ops("unpack", {boxes}, {{"axis", one_}, {"parts", rules.classes}});
    write();
  }

  static Tensors inputs(const DetectionRules& rules, std::int64_t n, unsigned seed, int levels = 0) {
    std::mt19937 random(seed);
    const auto number = [&](float low, float high) { return std::uniform_real_distribution<float>(low, high)(random); };
    const std::int64_t per_box = rules.shared_boxes ? 1 : rules.classes;
    Tensor boxes(DType::kFloat32, {n, per_box, 4});
    for (std::int64_t i = 0; i < n * per_box; ++i) {
      float* box = boxes.mutable_data<float>().data() + 4 * i;
      box[0] = std::floor(number(-2, 4)) / 4;
      box[1] = std::floor(number(-2, 4)) / 4;
      box[2] = box[0] + (random() % 7 == 0 ? 0 : number(0.1F, 0.6F));
      box[3] = box[1] + number(0.2F, 0.6F);
    }
    Tensor scores(DType::kFloat32, {n, rules.background + rules.classes});
    for (float& x : scores.mutable_data<float>()) {
      x = number(0, 1);
      if (levels > 0) x = std::floor(x * static_cast<float>(levels)) / static_cast<float>(levels);
      if (levels > 0 && random() % 17 == 0) x = std::numeric_limits<float>::quiet_NaN();
      if (levels > 0 && random() % 29 == 0) x = std::numeric_limits<float>::infinity();
    }
    Tensor field(DType::kFloat32, {n, 2});
    for (float& x : field.mutable_data<float>()) x = number(-1, 1);
    return {std::move(boxes), std::move(scores), f32({4}, {0.125F, 0, 0.75F, 1}), std::move(field)};
  }

 private:
  /// Fields of a list of boxes; those that are not there are kNone.
  struct Boxes {
    ValueId corners, scores, classes, field;
  };

  ValueId i(std::int32_t value) { return constant(i32({}, {value})); }
  ValueId f(float value) { return constant(f32({}, {value})); }
  ValueId element(ValueId vector, std::int32_t at) {
    return op("strided_slice", {vector, constant(i32({1}, {at})), constant(i32({1}, {at + 1})), constant(i32({1}, {1}))},
              {{"shrink_axis_mask", one_}});
  }
  ValueId rows(ValueId x) { return element(op("shape", {x}), 0); }
  ValueId flat(ValueId x) { return op("reshape", {x, constant(i32({1}, {-1}))}); }
  ValueId ones(ValueId count) { return op("fill", {flat(count), f(1)}); }
  std::vector<ValueId> split_columns(ValueId boxes) { return ops("split", {boxes}, {{"axis", one_}, {"parts", std::int64_t{4}}}); }

  Boxes gather(const Boxes& all, ValueId index) {
    const auto pick = [&](ValueId x) { return x == ValueId::kNone ? x : op("gather", {x, index}); };
    return {pick(all.corners), pick(all.scores), pick(all.classes), pick(all.field)};
  }

  ValueId column(std::int64_t at) {
    const ValueId size = op("pack", {rows(scores_), i(1)});
    return flat(op("slice", {scores_, constant(i32({2}, {0, static_cast<std::int32_t>(at)})), size}));
  }

  ValueId positions(ValueId condition) { return op("cast", {flat(op("where", {condition}))}, {{"dtype", DType::kInt32}}); }

  ValueId area(ValueId boxes) {
    std::vector<ValueId> c = split_columns(boxes);
    return op("squeeze", {op("mul", {op("sub", {c[2], c[0]}), op("sub", {c[3], c[1]})})}, {{"axes", std::vector<std::int64_t>{1}}});
  }

  Boxes clip(Boxes all) {
    std::vector<ValueId> c = split_columns(all.corners);
    for (std::int32_t k = 0; k < 4; ++k) {
      const auto at = static_cast<std::size_t>(k);
      c[at] = op("maximum", {op("minimum", {c[at], element(window_, 2 + k % 2)}), element(window_, k % 2)});
    }
    all.corners = op("concat", c, {{"axis", one_}});
    return gather(all, positions(op("greater", {area(all.corners), f(0)})));
  }

  Boxes change_frame(Boxes all) {
    const ValueId corner = op("pack", {element(window_, 0), element(window_, 1), element(window_, 0), element(window_, 1)});
    const ValueId moved = op("sub", {all.corners, corner});
    std::vector<ValueId> c = split_columns(moved);
    for (std::int32_t k = 0; k < 4; ++k) {
      const ValueId scale = op("div", {f(1), op("sub", {element(window_, 2 + k % 2), element(window_, k % 2)})});
      c[static_cast<std::size_t>(k)] = op("mul", {scale, c[static_cast<std::size_t>(k)]});
    }
    all.corners = op("concat", c, {{"axis", one_}});
    return all;
  }

  Boxes sort(const Boxes& all) { return gather(all, ops("top_k", {all.scores, rows(all.corners)})[1]); }

  Boxes select_class(std::int64_t label) {
    Boxes boxes{boxes_[static_cast<std::size_t>(label)], column(rules_.background + label), ValueId::kNone, rules_.field ? field_ : ValueId::kNone};
    const bool filtered = rules_.writing == Writing::kFiltered;
    if (filtered) {
      boxes = gather(boxes, positions(op("greater", {boxes.scores, f(rules_.score)})));
      if (rules_.window) boxes = clip(boxes);
      if (rules_.window && rules_.frame) boxes = change_frame(boxes);
    }
    const ValueId most = op("minimum", {i(static_cast<std::int32_t>(rules_.per_class)), rows(boxes.corners)});
    const auto nms = ops("non_max_suppression", {boxes.corners, boxes.scores, most, f(rules_.iou),
                                                 f(filtered ? std::numeric_limits<float>::lowest() : rules_.score), f(rules_.sigma)});
    Boxes selected;
    if (rules_.writing == Writing::kPadded) {
      const ValueId valid = rows(nms[0]);
      valid_ = valid_ == ValueId::kNone ? valid : op("add", {valid_, valid});
      const ValueId missing = flat(op("sub", {most, valid}));
      selected = gather(boxes, op("concat", {nms[0], op("fill", {missing, i(0)})}));
      const ValueId scores = op("concat", {nms[1], op("fill", {missing, f(0)})});
      selected.scores = op("select", {op("less", {op("range", {i(0), most, i(1)}), valid}), scores, op("mul", {f(-1), ones(most)})}, {{"by_row", true}});
    } else {
      selected = gather(boxes, nms[0]);
    }
    selected.classes = op("add", {op("zeros_like", {selected.scores}), f(static_cast<float>(rules_.first_label + label))});
    return selected;
  }

  void write() {
    std::vector<std::vector<ValueId>> parts(4);
    for (std::int64_t label = 0; label < rules_.classes; ++label) {
      const Boxes selected = select_class(label);
      const ValueId fields[] = {selected.corners, selected.scores, selected.classes, selected.field};
      for (std::size_t k = 0; k < 4; ++k) parts[k].push_back(fields[k]);
    }
    const auto join = [&](std::size_t k) {
      return parts[k][0] == ValueId::kNone ? ValueId::kNone : parts[k].size() == 1 ? parts[k][0] : op("concat", parts[k]);
    };
    Boxes all = sort({join(0), join(1), join(2), join(3)});
    ValueId valid = ValueId::kNone;
    if (rules_.window && rules_.writing != Writing::kFiltered) {
      all = clip(all);
      if (rules_.writing == Writing::kPadded) {
        const ValueId has_area = op("cast", {area(all.corners)}, {{"dtype", DType::kBool}});
        all.scores = op("select", {has_area, all.scores, op("mul", {f(-1), ones(rows(all.corners))})}, {{"by_row", true}});
        const ValueId kept = op("cast", {op("greater_equal", {all.scores, f(0)})}, {{"dtype", DType::kInt32}});
        valid = op("sum", {kept}, {{"axes", std::vector<std::int64_t>{0}}});
        all = sort(all);
      }
      if (rules_.frame) all = change_frame(all);
    } else if (rules_.writing == Writing::kPadded) {
      valid = valid_;
    }
    const ValueId most = op("minimum", {i(static_cast<std::int32_t>(rules_.total)), rows(all.corners)});
    all = gather(all, op("range", {i(0), most, i(1)}));
    if (valid != ValueId::kNone && !rules_.static_shape) {
      valid = op("select", {op("greater", {most, valid}), valid, most}, {{"by_row", true}});
      all = gather(all, op("range", {i(0), valid, i(1)}));
    } else {
      valid = rows(all.corners);
    }
    output(op("mul", {valid, i(2)}), "count");
    output(pad(all.corners, {rules_.total, 4}), "boxes").output(pad(all.scores, {rules_.total}), "scores");
    output(pad(all.classes, {rules_.total}), "classes");
    if (rules_.field) output(pad(all.field, {rules_.total, 2}), "field");
  }

  ValueId pad(ValueId x, const std::vector<std::int64_t>& lengths) {
    std::vector<ValueId> sizes;
    std::vector<ValueId> paddings;
    const auto length = [&](std::size_t axis) { return i(static_cast<std::int32_t>(lengths[axis])); };
    const auto dim = [&](ValueId of, std::size_t axis) { return element(op("shape", {of}), static_cast<std::int32_t>(axis)); };
    for (std::size_t axis = 0; axis < lengths.size(); ++axis) {
      const ValueId more = op("greater", {op("sub", {dim(x, axis), length(axis)}), i(0)});
      sizes.push_back(op("select", {more, length(axis), i(-1)}));
    }
    const Tensor zeros = Tensor::zeros(DType::kInt32, {static_cast<std::int64_t>(lengths.size())});
    const ValueId cut = op("slice", {x, constant(zeros), op("pack", sizes)});
    for (std::size_t axis = 0; axis < lengths.size(); ++axis) paddings.push_back(op("sub", {length(axis), dim(cut, axis)}));
    return op("pad", {cut, op("pack", {constant(zeros), op("pack", paddings)}, {{"axis", one_}})});
  }

  static constexpr std::int64_t one_ = 1;
  DetectionRules rules_;
  std::vector<ValueId> boxes_;
  ValueId scores_{}, window_{}, field_{};
  ValueId valid_ = ValueId::kNone;  ///< of the classes so far
};

}  // namespace temper::testing
