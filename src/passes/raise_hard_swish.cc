#include "passes/product.h"

namespace temper {
namespace {

/// A factor that is six times the hard sigmoid of x, or that once.
struct Gate {
  ValueId x = ValueId::kNone;
  double scale = 1;  ///< of the whole product
};

Gate as_gate(const Rewriter& rewriter, ValueId id) {
  const Node* node = rewriter.producer(id);
  if (node == nullptr) return {};
  if (node->op.name() == "hard_sigmoid") return {node->inputs[0], 1};
  if (node->op.name() != "relu6") return {};
  const Node* add = rewriter.producer(node->inputs[0]);
  if (add == nullptr || add->op.name() != "add") return {};
  const auto x = beside(rewriter, *add, 3);
  return x ? Gate{*x, 1.0 / 6} : Gate{};
}

}  // namespace

/// Recognises x * relu6(x + 3) / 6, in any order of its factors.
///     mul(mul(x, 0.1667), relu6(add(x, 3)))   =>   hard_swish(x)
///     mul(x, hard_sigmoid(x))                 =>   hard_swish(x)
struct RaiseHardSwish {
  static constexpr std::string_view kName = "raise_hard_swish";
  static constexpr Stage kStage = Stage::kRaise;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.name() != "mul" && node.op.name() != "div") return skip();
    for (const ValueId factor : as_product(rewriter, node.outputs[0]).factors) {
      const Gate gate = as_gate(rewriter, factor);
      if (gate.x == ValueId::kNone) continue;
      const Product product = as_product(rewriter, node.outputs[0], gate.x);
      if (product.factors != ValueIds{gate.x, factor} && product.factors != ValueIds{factor, gate.x}) continue;
      if (!about(product.scale, gate.scale)) return skip("the scale is not 1/6");
      return Rewriter::replace(node, rewriter.add("hard_swish", {gate.x}));
    }
    return skip();
  }
};
REGISTER_PASS(RaiseHardSwish);

}  // namespace temper
