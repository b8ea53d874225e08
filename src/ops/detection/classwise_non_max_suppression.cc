#include "ops/detection/non_max_suppression.h"

namespace temper {
namespace {

void check_dims(const ShapeFact& boxes, const ShapeFact& scores) {
  if (boxes.rank_known()) require(boxes.rank() == 3 && (!boxes[2].known() || boxes[2].is(4)), "boxes are of shape {}, not [batch, n, 4]", boxes);
  if (scores.rank_known()) require(scores.rank() == 3, "scores are of shape {}, not [batch, classes, n]", scores);
  if (!boxes.rank_known() || !scores.rank_known()) return;
  const auto differ = [](const Dim& a, const Dim& b) { return a.known() && b.known() && a != b; };
  require(!differ(boxes[0], scores[0]) && !differ(boxes[1], scores[2]), "scores of shape {} do not fit boxes of shape {}", scores, boxes);
}

/// Corners of boxes that are given by their middles.
std::vector<float> corners_of(std::span<const float> boxes) {
  std::vector<float> corners(boxes.begin(), boxes.end());
  for (std::size_t i = 0; i + 3 < boxes.size(); i += 4) {
    const float x = boxes[i], y = boxes[i + 1], half_width = boxes[i + 2] / 2, half_height = boxes[i + 3] / 2;
    corners[i] = y - half_height;
    corners[i + 1] = x - half_width;
    corners[i + 2] = y + half_height;
    corners[i + 3] = x + half_width;
  }
  return corners;
}

}  // namespace

Facts ClasswiseNonMaxSuppression::infer(std::span<const Fact> in) const {
  require_inputs(in, 5);
  require(in[0].dtype == DType::kFloat32 && in[1].dtype == DType::kFloat32, "needs float32 boxes and scores, got {} and {}", in[0].dtype, in[1].dtype);
  check_dims(in[0].shape, in[1].shape);
  return {{DType::kInt64, ShapeFact({Dim(), Dim(3)}), {}}};
}

Tensors ClasswiseNonMaxSuppression::reference(Inputs in) const {
  require_inputs(in, 5);
  require(in[0].dtype() == DType::kFloat32 && in[1].dtype() == DType::kFloat32, "needs float32 boxes and scores, got {} and {}", in[0], in[1]);
  check_dims(in[0].shape(), in[1].shape());
  SuppressionLimits limits{std::max<std::int64_t>(in[2].to_int64("max_outputs_per_class"), 0), static_cast<float>(in[3].to_double("iou_threshold")),
                           static_cast<float>(in[4].to_double("score_threshold"))};
  require(limits.iou_threshold >= 0 && limits.iou_threshold <= 1, "iou_threshold is {}, not in [0, 1]", limits.iou_threshold);
  const auto count = static_cast<std::size_t>(in[0].dim(1)), classes = static_cast<std::size_t>(in[1].dim(1));
  std::vector<std::int64_t> rows;
  NonMaxSuppressor suppressor;
  for (std::size_t picture = 0; picture < static_cast<std::size_t>(in[0].dim(0)) && count > 0; ++picture) {
    const auto boxes = in[0].data<float>().subspan(picture * count * 4, count * 4);
    if (centred) suppressor.set_boxes(corners_of(boxes));
    else suppressor.set_boxes(boxes);
    for (std::size_t c = 0; c < classes; ++c) {
      const float* const scores = in[1].data<float>().data() + (picture * classes + c) * count;
      for (const std::int32_t box : suppressor.select(scores, 1, limits)) {
        rows.insert(rows.end(), {static_cast<std::int64_t>(picture), static_cast<std::int64_t>(c), box});
      }
    }
  }
  const auto selected = static_cast<std::int64_t>(rows.size() / 3);
  return {Tensor::from<std::int64_t>({selected, 3}, rows)};
}
REGISTER_OP(ClasswiseNonMaxSuppression);

}  // namespace temper
