#include "ops/detection/peaks.h"
#include "ops/nn/pool.h"
#include "passes/pattern.h"

namespace temper {

/// Recognises a heatmap of which only what is greatest around it is kept.
///     mul(x, cast(equal(x, max_pool(x) {strides: 1, padding: same})))   =>   peaks(x)
struct RaisePeaks {
  static constexpr std::string_view kName = "raise_peaks";
  static constexpr Stage kStage = Stage::kRaise;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.name() != "mul" || rewriter.fact(node.outputs[0]).dtype != DType::kFloat32) return skip();
    for (const std::size_t side : {0U, 1U}) {
      const ValueId x = node.inputs[side];
      const Node* cast = made_by(rewriter, node.inputs[1 - side], "cast");
      const Node* equal = cast == nullptr ? nullptr : made_by(rewriter, cast->inputs[0], "equal");
      if (equal == nullptr) continue;
      const std::size_t mine = equal->inputs[0] == x ? 0 : 1;
      const auto* pool = rewriter.producer_as<MaxPool>(equal->inputs[1 - mine]);
      if (equal->inputs[mine] != x || pool == nullptr || rewriter.producer(equal->inputs[1 - mine])->inputs[0] != x) continue;
      const bool steps_of_one = std::ranges::all_of(pool->strides, [](std::int64_t stride) { return stride == 1; });
      const bool dense = std::ranges::all_of(pool->dilations, [](std::int64_t dilation) { return dilation == 1; });
      const ShapeFact& shape = rewriter.fact(x).shape;
      if (!shape.rank_known() || shape.rank() != 4 || pool->kernel.size() != 2) return skip("what is compared is no picture");
      if (!steps_of_one || !dense || pool->padding != Padding::kSame) return skip("a value is not compared with the window around it");
      return Rewriter::replace(node, rewriter.add(Peaks{pool->kernel}, {x}));
    }
    return skip();
  }
};
REGISTER_PASS(RaisePeaks);

}  // namespace temper
