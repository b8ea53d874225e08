#include "passes/pass.h"

namespace temper {

/// Recognises a value times its sigmoid.
///     mul(x, sigmoid(x))   =>   silu(x)
struct RaiseSilu {
  static constexpr std::string_view kName = "raise_silu";
  static constexpr Stage kStage = Stage::kRaise;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.name() != "mul") return skip();
    for (const std::size_t side : {0U, 1U}) {
      const Node* sigmoid = rewriter.producer(node.inputs[side]);
      if (sigmoid == nullptr || sigmoid->op.name() != "sigmoid" || sigmoid->inputs[0] != node.inputs[1 - side]) continue;
      return Rewriter::replace(node, rewriter.add("silu", {sigmoid->inputs[0]}));
    }
    return skip();
  }
};
REGISTER_PASS(RaiseSilu);

}  // namespace temper
