#include "passes/product.h"

namespace temper {

/// Recognises the greater of a value and a share of it.
///     maximum(x, mul(x, 0.1))   =>   leaky_relu(x) {alpha: 0.1}
struct RaiseLeakyRelu {
  static constexpr std::string_view kName = "raise_leaky_relu";
  static constexpr Stage kStage = Stage::kRaise;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.name() != "maximum") return skip();
    if (rewriter.fact(node.outputs[0]).dtype != DType::kFloat32) return skip("the slope would not be rounded alike");
    for (const std::size_t side : {0U, 1U}) {
      const ValueId x = node.inputs[1 - side];
      const Node* product = rewriter.producer(node.inputs[side]);
      if (product == nullptr || product->op.name() != "mul") continue;
      for (const std::size_t factor : {0U, 1U}) {
        const auto alpha = scalar(rewriter, product->inputs[factor]);
        if (!alpha || product->inputs[1 - factor] != x || !adds_no_dims(rewriter, product->inputs[factor], x)) continue;
        if (*alpha < 0 || *alpha > 1) return skip("the share is not between 0 and 1");
        return Rewriter::replace(node, rewriter.add("leaky_relu", {x}, {{"alpha", *alpha}}));
      }
    }
    return skip();
  }

  static bool adds_no_dims(const Rewriter& rewriter, ValueId scale, ValueId x) {
    const ShapeFact& shape = rewriter.fact(x).shape;
    return shape.rank_known() && rewriter.constant(scale)->rank() <= shape.rank();
  }
};
REGISTER_PASS(RaiseLeakyRelu);

}  // namespace temper
