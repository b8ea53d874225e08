#include "passes/pattern.h"

namespace temper {

/// Recognises a value times the hyperbolic tangent of its softplus.
///     mul(x, tanh(softplus(x)))   =>   mish(x)
struct RaiseMish {
  static constexpr std::string_view kName = "raise_mish";
  static constexpr Stage kStage = Stage::kRaise;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.name() != "mul") return skip();
    for (const std::size_t side : {0U, 1U}) {
      const Node* tanh = made_by(rewriter, node.inputs[side], "tanh");
      const Node* softplus = tanh == nullptr ? nullptr : made_by(rewriter, tanh->inputs[0], "softplus");
      if (softplus == nullptr || softplus->inputs[0] != node.inputs[1 - side]) continue;
      return Rewriter::replace(node, rewriter.add("mish", {softplus->inputs[0]}));
    }
    return skip();
  }
};
REGISTER_PASS(RaiseMish);

}  // namespace temper
