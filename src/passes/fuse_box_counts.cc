#include "ops/detection/multiclass_nms.h"
#include "passes/pattern.h"

namespace temper {
namespace {

/// The first rows of x, all that they hold taken, seen under other dims.
struct FirstRows {
  ValueId x = ValueId::kNone;
  ValueId count = ValueId::kNone;
};

bool is_view(const Node& node) {
  return node.op.name() == "reshape" || node.op.name() == "expand_dims" || node.op.name() == "squeeze";
}

/// The elements of each row, where those dims are known.
Dim row_size(const ShapeFact& shape, std::size_t first) {
  if (!shape.rank_known() || shape.rank() < first) return {};
  return ShapeFact(std::vector<Dim>(shape.dims().begin() + static_cast<std::ptrdiff_t>(first), shape.dims().end())).elements();
}

/// `id` is [1, n, ...]; its rows are along axis 1.
std::optional<FirstRows> as_first_rows(const Rewriter& rewriter, ValueId id) {
  const ShapeFact& shape = rewriter.fact(id).shape;
  if (!shape.rank_known() || shape.rank() < 2 || !shape[0].is(1)) return std::nullopt;
  const Node* node = rewriter.producer(id);
  while (node != nullptr && is_view(*node)) node = rewriter.producer(node->inputs[0]);
  if (node == nullptr || node->op.name() != "slice") return std::nullopt;
  const ValueId x = node->inputs[0];
  const auto begin = constant_integers(rewriter, node->inputs[1]);
  const ValueIds sizes = as_elements(rewriter, node->inputs[2]);
  const ShapeFact& whole = rewriter.fact(x).shape;
  if (!begin || sizes.empty() || !whole.rank_known() || whole.rank() != sizes.size()) return std::nullopt;
  if (*begin != std::vector<std::int64_t>(sizes.size(), 0)) return std::nullopt;
  for (std::size_t axis = 1; axis < sizes.size(); ++axis) {
    const auto size = constant_integer(rewriter, sizes[axis]);
    if (!size || (*size != -1 && !whole[axis].is(*size))) return std::nullopt;
  }
  const Dim size = row_size(whole, 1);
  if (constant_integer(rewriter, sizes[0]) || !size.known() || size.is(0) || size != row_size(shape, 2)) return std::nullopt;
  return FirstRows{x, sizes[0]};
}

/// x as [1, n, ...], with the dims of `like` after n.
ValueId as_batch(Rewriter& rewriter, ValueId x, ValueId like) {
  std::vector<std::int64_t> dims{1, -1};
  const ShapeFact& shape = rewriter.fact(like).shape;
  for (std::size_t axis = 2; axis < shape.rank(); ++axis) dims.push_back(shape[axis].value());
  return rewriter.add("reshape", {x, rewriter.add_constant(Tensor::vector<std::int64_t>(dims))});
}

}  // namespace

/// Lets multiclass_nms know how many boxes there are, instead of cutting the others off for it.
///     multiclass_nms(reshape(slice(boxes, 0, n)), reshape(slice(scores, 0, n)))   =>   multiclass_nms(boxes, scores, n)
struct FuseBoxCounts {
  static constexpr std::string_view kName = "fuse_box_counts";
  static constexpr Stage kStage = Stage::kRaise;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.name() == "gather_or_zero") return gather(rewriter, node);
    const auto* nms = node.op.as<MulticlassNms>();
    if (nms == nullptr || nms->has_counts) return skip();
    const auto boxes = as_first_rows(rewriter, node.inputs[0]);
    const auto scores = as_first_rows(rewriter, node.inputs[1]);
    if (!boxes && !scores) return skip();
    if (!boxes || !scores || boxes->count != scores->count) return skip("boxes are cut off, or scores, but not both alike");
    if (rewriter.fact(boxes->count).dtype != DType::kInt32) return skip("the number of boxes is no int32");
    MulticlassNms counted = *nms;
    counted.has_counts = true;
    ValueIds inputs = node.inputs;
    inputs[0] = as_batch(rewriter, boxes->x, node.inputs[0]);
    inputs[1] = as_batch(rewriter, scores->x, node.inputs[1]);
    const std::int64_t one = 1;
    inputs.push_back(rewriter.add("reshape", {boxes->count, rewriter.add_constant(Tensor::vector<std::int64_t>({&one, 1}))}));
    return Rewriter::replace(node, rewriter.add_all(counted, std::move(inputs)));
  }

  /// Rows that are picked by an index are where they were before others behind them were cut off.
  static Rewrite gather(Rewriter& rewriter, const Node& node) {
    const auto rows = as_first_rows(rewriter, node.inputs[0]);
    if (!rows) return skip();
    const Node* nms = rewriter.producer(node.inputs[1]);
    const auto* counted = nms == nullptr ? nullptr : nms->op.as<MulticlassNms>();
    if (counted == nullptr || !counted->has_counts || nms->outputs[4] != node.inputs[1]) return skip("rows are cut off, and the index may go beyond");
    const Node* count = rewriter.producer(nms->inputs.back());
    if (count == nullptr || !is_view(*count) || count->inputs[0] != rows->count) return skip("rows are cut off elsewhere than boxes are");
    return Rewriter::replace(node, rewriter.add(GatherOrZero{}, {as_batch(rewriter, rows->x, node.inputs[0]), node.inputs[1]}));
  }
};
REGISTER_PASS(FuseBoxCounts);

}  // namespace temper
