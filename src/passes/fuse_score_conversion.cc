#include "ops/detection/multiclass_nms.h"
#include "passes/pattern.h"

namespace temper {
namespace {

/// How many columns a slice of [batch, n, columns] leaves out, all of them first ones; nullopt where it does something else.
std::optional<std::int64_t> columns_left_out(const Rewriter& rewriter, const Node& slice) {
  const auto begin = constant_integers(rewriter, slice.inputs[1]);
  const auto size = constant_integers(rewriter, slice.inputs[2]);
  const ShapeFact& shape = rewriter.fact(slice.inputs[0]).shape;
  if (!begin || !size || begin->size() != 3 || size->size() != 3 || !shape.rank_known() || shape.rank() != 3) return std::nullopt;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (axis < 2 && (*begin)[axis] != 0) return std::nullopt;
    const bool all = (*size)[axis] == -1 || shape[axis].is((*begin)[axis] + (*size)[axis]);
    if (!all) return std::nullopt;
  }
  return begin->back();
}

}  // namespace

/// Lets multiclass_nms leave out the scores that are of no class, and convert those that it looks at.
///     multiclass_nms(boxes, slice(sigmoid(x), [0, 0, 1]))   =>   multiclass_nms(boxes, x) {first_class: 1, conversion: sigmoid}
struct FuseScoreConversion {
  static constexpr std::string_view kName = "fuse_score_conversion";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const auto* nms = node.op.as<MulticlassNms>();
    const Node* scores = nms == nullptr ? nullptr : rewriter.producer(node.inputs[1]);
    if (scores == nullptr) return skip();
    MulticlassNms op = *nms;
    if (scores->op.name() == "slice") {
      const auto first = columns_left_out(rewriter, *scores);
      if (!first) return skip("scores are cut out otherwise than from a first class on");
      op.first_class += *first;
    } else if (scores->op.name() == "sigmoid") {
      if (nms->conversion != ScoreConversion::kNone) return skip("scores are converted twice");
      if (rewriter.use_count(scores->outputs[0]) > 1) return skip("converted scores are used elsewhere as well");
      op.conversion = ScoreConversion::kSigmoid;
    } else {
      return skip();
    }
    ValueIds inputs = node.inputs;
    inputs[1] = scores->inputs[0];
    return Rewriter::replace(node, rewriter.add_all(op, std::move(inputs)));
  }
};
REGISTER_PASS(FuseScoreConversion);

}  // namespace temper
