#include "ops/detection/multiclass_nms.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "ops/detection/non_max_suppression.h"
#include "ops/detection/window.h"

namespace temper {
namespace {

struct Sizes {
  std::int64_t batch, boxes, per_box, columns, classes;
};

void check_facts(const MulticlassNms& op, std::span<const Fact> in) {
  require_inputs(in, 2 + (op.clipping != Clipping::kNone ? 1U : 0U) + (op.has_counts ? 1U : 0U));
  require(op.max_per_class >= 0 && op.max_total >= 0, "{} detections a class, {} in all: a number is negative", op.max_per_class, op.max_total);
  require(op.iou_threshold >= 0 && op.iou_threshold <= 1, "iou_threshold is {}, not in [0, 1]", op.iou_threshold);
  require(op.first_class >= 0, "first_class is {}", op.first_class);
  require(!op.change_frame || op.clipping != Clipping::kNone, "there is no window to see boxes from");
  require(in[0].dtype == DType::kFloat32 && in[1].dtype == DType::kFloat32, "needs float32 boxes and scores");
  require_rank(in[0], 4, "boxes");
  require_rank(in[1], 3, "scores");
  if (op.clipping != Clipping::kNone) {
    require(in[2].dtype == DType::kFloat32, "needs float32 windows");
    require_rank(in[2], 2, "windows");
  }
  if (!op.has_counts) return;
  require(in.back().dtype == DType::kInt32, "needs int32 counts");
  require_rank(in.back(), 1, "counts");
}

Sizes read_sizes(const MulticlassNms& op, Inputs in) {
  Facts facts;
  for (const Tensor& tensor : in) facts.push_back({tensor.dtype(), tensor.shape(), {}});
  check_facts(op, facts);
  const Sizes sizes{in[0].dim(0), in[0].dim(1), in[0].dim(2), in[1].dim(2), in[1].dim(2) - op.first_class};
  require(in[0].dim(3) == 4, "boxes of shape {} do not have 4 corners", in[0].shape());
  require(in[1].dim(0) == sizes.batch && in[1].dim(1) == sizes.boxes, "boxes of shape {} have scores of shape {}",
          in[0].shape(), in[1].shape());
  require(sizes.classes >= 0, "{} columns of scores hold no class {}", sizes.columns, op.first_class);
  require(sizes.per_box == 1 || sizes.per_box == sizes.classes, "there are {} boxes for {} classes, not 1 or as many",
          sizes.per_box, sizes.classes);
  if (op.clipping != Clipping::kNone) {
    require(in[2].dim(0) == sizes.batch && in[2].dim(1) == 4, "windows of shape {} are not of {} pictures", in[2].shape(), sizes.batch);
  }
  if (op.has_counts) require(in.back().dim(0) == sizes.batch, "{} counts are of {} pictures", in.back().dim(0), sizes.batch);
  return sizes;
}

struct Detection {
  float score;
  std::int32_t label;
  std::int32_t index;
  Window::Box box;
};

/// One picture: its boxes and scores, and where they end.
struct Picture {
  const float* boxes;
  const float* scores;
  std::int64_t count;
  const float* window;  // null where there is none
};

float converted(const MulticlassNms& op, float score) {
  return op.conversion == ScoreConversion::kSigmoid ? 1.0F / (1.0F + std::exp(-score)) : score;
}

/// The selected of one class, best first.
std::vector<Detection> select_class(const MulticlassNms& op, const Sizes& sizes, const Picture& picture, std::int64_t label) {
  const bool first = op.filter_first || op.clipping == Clipping::kBefore;
  std::vector<Detection> candidates;
  std::vector<float> corners;
  std::vector<float> scores;
  for (std::int64_t i = 0; i < picture.count; ++i) {
    const float score = converted(op, picture.scores[i * sizes.columns + op.first_class + label]);
    if (first && !(score > op.score_threshold)) continue;
    const float* const given = picture.boxes + (i * sizes.per_box + (sizes.per_box == 1 ? 0 : label)) * 4;
    Window::Box box{given[0], given[1], given[2], given[3]};
    if (op.clipping == Clipping::kBefore) {
      const Window window(picture.window);
      box = window.clip(given);
      if (!Window::has_area(box)) continue;
      if (op.change_frame) box = window.change_frame(box);
    }
    candidates.push_back({score, static_cast<std::int32_t>(label), static_cast<std::int32_t>(i), box});
    corners.insert(corners.end(), box.begin(), box.end());
    scores.push_back(score);
  }
  NonMaxSuppressor suppressor;
  suppressor.set_boxes(corners);
  std::vector<Detection> selected;
  const float threshold = first ? std::numeric_limits<float>::lowest() : op.score_threshold;
  for (const std::int32_t i : suppressor.select(scores.data(), 1, {op.max_per_class, op.iou_threshold, threshold})) {
    selected.push_back(candidates[static_cast<std::size_t>(i)]);
  }
  return selected;
}

std::vector<Detection> detect(const MulticlassNms& op, const Sizes& sizes, const Picture& picture) {
  std::vector<Detection> all;
  for (std::int64_t label = 0; label < sizes.classes; ++label) {
    for (const Detection& detection : select_class(op, sizes, picture, label)) all.push_back(detection);
  }
  std::ranges::stable_sort(all, std::greater<>(), &Detection::score);
  if (op.clipping == Clipping::kAfter) {
    const Window window(picture.window);
    for (Detection& detection : all) detection.box = window.clip(detection.box.data());
    std::erase_if(all, [](const Detection& detection) { return !Window::has_area(detection.box); });
    if (op.change_frame) {
      for (Detection& detection : all) detection.box = window.change_frame(detection.box);
    }
  }
  if (static_cast<std::int64_t>(all.size()) > op.max_total) all.resize(static_cast<std::size_t>(op.max_total));
  return all;
}

}  // namespace

Facts MulticlassNms::infer(std::span<const Fact> in) const {
  check_facts(*this, in);
  Dim batch;
  for (const Fact& fact : in) {
    if (fact.shape.rank_known() && !batch.known()) batch = fact.shape[0];
  }
  return {{DType::kFloat32, ShapeFact({batch, max_total, 4}), {}},
          {DType::kFloat32, ShapeFact({batch, max_total}), {}},
          {DType::kFloat32, ShapeFact({batch, max_total}), {}},
          {DType::kInt32, ShapeFact({batch}), {}},
          {DType::kInt32, ShapeFact({batch, max_total}), {}}};
}

Tensors MulticlassNms::reference(Inputs in) const {
  const Sizes sizes = read_sizes(*this, in);
  Tensor boxes = Tensor::zeros(DType::kFloat32, {sizes.batch, max_total, 4});
  Tensor scores = Tensor::zeros(DType::kFloat32, {sizes.batch, max_total});
  Tensor classes = Tensor::zeros(DType::kFloat32, {sizes.batch, max_total});
  Tensor counts = Tensor::zeros(DType::kInt32, {sizes.batch});
  Tensor indices(DType::kInt32, {sizes.batch, max_total});
  std::ranges::fill(indices.mutable_data<std::int32_t>(), -1);
  for (std::int64_t b = 0; b < sizes.batch; ++b) {
    Picture picture{in[0].data<float>().data() + b * sizes.boxes * sizes.per_box * 4,
                    in[1].data<float>().data() + b * sizes.boxes * sizes.columns, sizes.boxes,
                    clipping == Clipping::kNone ? nullptr : in[2].data<float>().data() + b * 4};
    if (has_counts) {
      const std::int64_t count = in.back().data<std::int32_t>()[static_cast<std::size_t>(b)];
      require(count >= -1 && count <= sizes.boxes, "{} of {} boxes are to be looked at", count, sizes.boxes);
      if (count >= 0) picture.count = count;
    }
    const auto found = detect(*this, sizes, picture);
    counts.mutable_data<std::int32_t>()[static_cast<std::size_t>(b)] = static_cast<std::int32_t>(found.size());
    auto at = static_cast<std::size_t>(b * max_total);
    for (const Detection& detection : found) {
      std::ranges::copy(detection.box, boxes.mutable_data<float>().begin() + static_cast<std::ptrdiff_t>(at * 4));
      scores.mutable_data<float>()[at] = detection.score;
      classes.mutable_data<float>()[at] = static_cast<float>(detection.label);
      indices.mutable_data<std::int32_t>()[at++] = detection.index;
    }
  }
  return {std::move(boxes), std::move(scores), std::move(classes), std::move(counts), std::move(indices)};
}
REGISTER_OP(MulticlassNms);

}  // namespace temper
