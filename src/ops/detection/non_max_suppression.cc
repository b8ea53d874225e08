#include "ops/detection/non_max_suppression.h"

#include <algorithm>

#include "ops/detection/greedy_selection.h"

namespace temper {
namespace {

/// Boxes are [n, 4] (or overlaps [n, n]) and scores [n], of one type.
void check_facts(std::span<const Fact> in, std::size_t inputs, bool square) {
  require_inputs(in, inputs);
  require(in[0].dtype == DType::kFloat32 || in[0].dtype == DType::kFloat16, "boxes are {}, not float32 or float16",
          in[0].dtype);
  require_same_dtype(in[0], in[1]);
  require_rank(in[0], 2, "boxes");
  require_rank(in[1], 1, "scores");
  if (!in[0].shape.rank_known()) return;
  const Dim& columns = in[0].shape[1];
  if (square) {
    require(!columns.known() || !in[0].shape[0].known() || columns == in[0].shape[0], "overlaps of shape {} are not square",
            in[0].shape);
  } else {
    require(!columns.known() || columns.is(4), "boxes of shape {} do not have 4 columns", in[0].shape);
  }
  if (!in[1].shape.rank_known() || !in[0].shape[0].known() || !in[1].shape[0].known()) return;
  require(in[0].shape[0] == in[1].shape[0], "{} boxes have {} scores", in[0].shape[0].value(), in[1].shape[0].value());
}

void check_tensors(Inputs in, std::size_t inputs, bool square) {
  Facts facts;
  for (const Tensor& tensor : in) facts.push_back({tensor.dtype(), tensor.shape(), {}});
  check_facts(facts, inputs, square);
}

std::int64_t read_count(const Tensor& tensor, std::string_view what) {
  const std::int64_t count = tensor.to_int64(what);
  require(count >= 0, "{} is {}, but may not be negative", what, count);
  return count;
}

float read_scalar(const Tensor& tensor, std::string_view what) { return static_cast<float>(tensor.to_double(what)); }

float read_iou_threshold(const Tensor& tensor) {
  const float threshold = read_scalar(tensor, "iou_threshold");
  require(threshold >= 0 && threshold <= 1, "iou_threshold is {}, not in [0, 1]", threshold);
  return threshold;
}

template <class T>
GreedySelection select_by_iou(Inputs in, const GreedyLimits& limits) {
  const auto boxes = in[0].data<T>();
  const auto scores = in[1].data<T>();
  if constexpr (std::is_same_v<T, float>) {
    if (limits.soft_sigma == 0) {
      NonMaxSuppressor suppressor;
      suppressor.set_boxes(boxes);
      const auto chosen = suppressor.select(scores.data(), 1,
                                            {limits.max_outputs, limits.overlap_threshold, limits.score_threshold});
      GreedySelection selection{{chosen.begin(), chosen.end()}, {}};
      for (const std::int32_t i : chosen) selection.scores.push_back(scores[static_cast<std::size_t>(i)]);
      return selection;
    }
  }
  return select_greedily<T>(scores, limits, [&](std::int32_t i, std::int32_t j) {
    return intersection_over_union(boxes.data() + 4 * i, boxes.data() + 4 * j);
  });
}

Tensor to_indices(const std::vector<std::int32_t>& indices, std::int64_t size) {
  Tensor out = Tensor::zeros(DType::kInt32, {size});
  std::ranges::copy(indices, out.mutable_data<std::int32_t>().begin());
  return out;
}

template <class T>
Tensor to_scores(const std::vector<float>& scores, std::int64_t size) {
  Tensor out = Tensor::zeros(dtype_of<T>, {size});
  std::ranges::transform(scores, out.mutable_data<T>().begin(), [](float score) { return static_cast<T>(score); });
  return out;
}

}  // namespace

Facts NonMaxSuppression::infer(std::span<const Fact> in) const {
  check_facts(in, 6, false);
  Dim selected;
  if (pad_to_max_output_size && in[2].constant) selected = Dim(read_count(*in[2].constant, "max_output_size"));
  return {{DType::kInt32, ShapeFact({selected}), {}},
          {in[1].dtype, ShapeFact({selected}), {}},
          {DType::kInt32, Shape{}, {}}};
}

Tensors NonMaxSuppression::reference(Inputs in) const {
  check_tensors(in, 6, false);
  const GreedyLimits limits{read_count(in[2], "max_output_size"), read_iou_threshold(in[3]),
                            read_scalar(in[4], "score_threshold"), read_scalar(in[5], "soft_nms_sigma")};
  require(limits.soft_sigma >= 0, "soft_nms_sigma is {}, but may not be negative", limits.soft_sigma);
  const auto give = [&]<class T>(Type<T>) -> Tensors {
    const GreedySelection selection = select_by_iou<T>(in, limits);
    const auto valid = static_cast<std::int64_t>(selection.indices.size());
    const std::int64_t size = pad_to_max_output_size ? limits.max_outputs : valid;
    return {to_indices(selection.indices, size), to_scores<T>(selection.scores, size),
            Tensor::scalar(static_cast<std::int32_t>(valid))};
  };
  return in[0].dtype() == DType::kFloat16 ? give(Type<Half>{}) : give(Type<float>{});
}
REGISTER_OP(NonMaxSuppression);

Facts NonMaxSuppressionWithOverlaps::infer(std::span<const Fact> in) const {
  check_facts(in, 5, true);
  return {{DType::kInt32, ShapeFact::of_rank(1), {}}};
}

Tensors NonMaxSuppressionWithOverlaps::reference(Inputs in) const {
  check_tensors(in, 5, true);
  const GreedyLimits limits{read_count(in[2], "max_output_size"), read_scalar(in[3], "overlap_threshold"),
                            read_scalar(in[4], "score_threshold"), 0};
  const auto give = [&]<class T>(Type<T>) -> Tensors {
    const auto overlaps = in[0].data<T>();
    const auto boxes = static_cast<std::size_t>(in[0].dim(0));
    const auto selection =
        select_greedily<T>(in[1].data<T>(), limits, [&](std::int32_t i, std::int32_t j) -> float {
          return overlaps[static_cast<std::size_t>(i) * boxes + static_cast<std::size_t>(j)];
        });
    return {to_indices(selection.indices, static_cast<std::int64_t>(selection.indices.size()))};
  };
  return in[0].dtype() == DType::kFloat16 ? give(Type<Half>{}) : give(Type<float>{});
}
REGISTER_OP(NonMaxSuppressionWithOverlaps);

}  // namespace temper
