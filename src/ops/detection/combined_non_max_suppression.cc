#include <algorithm>

#include "ops/detection/non_max_suppression.h"

namespace temper {
namespace {

/// One selected box; `box` points at its 4 corners.
struct Detection {
  float score;
  std::int64_t label;
  const float* box;
};

struct Sizes {
  std::int64_t batch, boxes, per_box, classes;
};

Sizes read_sizes(Inputs in) {
  require_inputs(in, 6);
  require(in[0].dtype() == DType::kFloat32 && in[1].dtype() == DType::kFloat32, "needs float32 boxes and scores");
  require_rank(in[0], 4, "boxes");
  require_rank(in[1], 3, "scores");
  const Sizes sizes{in[0].dim(0), in[0].dim(1), in[0].dim(2), in[1].dim(2)};
  require(in[0].dim(3) == 4, "boxes of shape {} do not have 4 corners", in[0].shape());
  require(in[1].dim(0) == sizes.batch && in[1].dim(1) == sizes.boxes, "boxes of shape {} have scores of shape {}",
          in[0].shape(), in[1].shape());
  require(sizes.per_box == 1 || sizes.per_box == sizes.classes, "there are {} boxes for {} classes, not 1 or as many",
          sizes.per_box, sizes.classes);
  return sizes;
}

std::int64_t read_positive(const Tensor& tensor, std::string_view what) {
  const std::int64_t count = tensor.to_int64(what);
  require(count > 0, "{} is {}, but must be positive", what, count);
  return count;
}

float read_scalar(const Tensor& tensor, std::string_view what) { return static_cast<float>(tensor.to_double(what)); }

std::int64_t padded_size(std::int64_t per_class, std::int64_t total, std::int64_t classes, bool pad_per_class) {
  std::int64_t all = 0;
  if (!pad_per_class || __builtin_mul_overflow(per_class, classes, &all)) return total;
  return std::min(total, all);
}

/// The detections of one picture, class after class.
std::vector<Detection> detect(const float* boxes, const float* scores, const Sizes& sizes,
                              const SuppressionLimits& limits) {
  std::vector<Detection> found;
  NonMaxSuppressor suppressor;
  std::vector<float> own;
  const std::int64_t row = sizes.per_box * 4;
  for (std::int64_t label = 0; label < sizes.classes; ++label) {
    const float* const first = boxes + (sizes.per_box == 1 ? 0 : label * 4);
    if (label == 0 || sizes.per_box > 1) {
      own.clear();
      for (std::int64_t i = 0; i < sizes.boxes; ++i) own.insert(own.end(), first + i * row, first + i * row + 4);
      suppressor.set_boxes(own);
    }
    for (const std::int32_t i : suppressor.select(scores + label, static_cast<std::size_t>(sizes.classes), limits)) {
      found.push_back({scores[i * sizes.classes + label], label, first + i * row});
    }
  }
  return found;
}

}  // namespace

Facts CombinedNonMaxSuppression::infer(std::span<const Fact> in) const {
  require_inputs(in, 6);
  require(in[0].dtype == DType::kFloat32 && in[1].dtype == DType::kFloat32, "needs float32 boxes and scores");
  require_rank(in[0], 4, "boxes");
  require_rank(in[1], 3, "scores");
  const Dim batch = in[0].shape.rank_known() ? in[0].shape[0] : in[1].shape.rank_known() ? in[1].shape[0] : Dim();
  Dim size;
  if (in[3].constant) {
    const std::int64_t total = read_positive(*in[3].constant, "max_total_size");
    const Dim classes = in[1].shape.rank_known() ? in[1].shape[2] : Dim();
    if (!pad_per_class) {
      size = total;
    } else if (in[2].constant && classes.known()) {
      size = padded_size(read_positive(*in[2].constant, "max_output_size_per_class"), total, classes.value(), true);
    }
  }
  return {{DType::kFloat32, ShapeFact({batch, size, 4}), {}},
          {DType::kFloat32, ShapeFact({batch, size}), {}},
          {DType::kFloat32, ShapeFact({batch, size}), {}},
          {DType::kInt32, ShapeFact({batch}), {}}};
}

Tensors CombinedNonMaxSuppression::reference(Inputs in) const {
  const Sizes sizes = read_sizes(in);
  const std::int64_t per_class = read_positive(in[2], "max_output_size_per_class");
  const std::int64_t total = read_positive(in[3], "max_total_size");
  const SuppressionLimits limits{per_class, read_scalar(in[4], "iou_threshold"), read_scalar(in[5], "score_threshold")};
  require(limits.iou_threshold >= 0 && limits.iou_threshold <= 1, "iou_threshold is {}, not in [0, 1]",
          limits.iou_threshold);
  const std::int64_t size = padded_size(per_class, total, sizes.classes, pad_per_class);
  Tensor boxes = Tensor::zeros(DType::kFloat32, {sizes.batch, size, 4});
  Tensor scores = Tensor::zeros(DType::kFloat32, {sizes.batch, size});
  Tensor classes = Tensor::zeros(DType::kFloat32, {sizes.batch, size});
  Tensor valid = Tensor::zeros(DType::kInt32, {sizes.batch});
  for (std::int64_t b = 0; b < sizes.batch; ++b) {
    const float* const picture_boxes = in[0].data<float>().data() + b * sizes.boxes * sizes.per_box * 4;
    const float* const picture_scores = in[1].data<float>().data() + b * sizes.boxes * sizes.classes;
    auto found = detect(picture_boxes, picture_scores, sizes, limits);
    std::ranges::stable_sort(found, std::greater<>(), &Detection::score);
    const auto kept = std::min<std::int64_t>(size, static_cast<std::int64_t>(found.size()));
    valid.mutable_data<std::int32_t>()[static_cast<std::size_t>(b)] = static_cast<std::int32_t>(kept);
    for (std::int64_t i = 0; i < kept; ++i) {
      const Detection& detection = found[static_cast<std::size_t>(i)];
      const auto at = static_cast<std::size_t>(b * size + i);
      scores.mutable_data<float>()[at] = detection.score;
      classes.mutable_data<float>()[at] = static_cast<float>(detection.label);
      for (std::size_t k = 0; k < 4; ++k) {
        const float corner = detection.box[k];
        boxes.mutable_data<float>()[at * 4 + k] = clip_boxes ? std::max(std::min(corner, 1.0F), 0.0F) : corner;
      }
    }
  }
  return {std::move(boxes), std::move(scores), std::move(classes), std::move(valid)};
}
REGISTER_OP(CombinedNonMaxSuppression);

}  // namespace temper
