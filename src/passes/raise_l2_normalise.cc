#include "ops/nn/layer_norm.h"
#include "passes/pattern.h"
#include "passes/row_pattern.h"

namespace temper {

/// Recognises rows that are made to be of length one.
///     mul(x, rsqrt(maximum(sum(square(x)), 1e-12)))    =>   l2_normalise(x)
///     div(x, sqrt(maximum(sum(square(x)), 1e-12)))     =>   l2_normalise(x)
struct RaiseL2Normalise {
  static constexpr std::string_view kName = "raise_l2_normalise";
  static constexpr Stage kStage = Stage::kRaise;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const bool divides = node.op.name() == "div";
    if (!divides && node.op.name() != "mul") return skip();
    for (std::size_t side = 0; side < (divides ? 1U : 2U); ++side) {
      const ValueId x = node.inputs[side];
      const Node* root = made_by(rewriter, node.inputs[1 - side], divides ? "sqrt" : "rsqrt");
      const auto bounded = root == nullptr ? std::nullopt : with_number(rewriter, root->inputs[0], "maximum");
      if (!bounded || rewriter.fact(x).dtype != DType::kFloat32) continue;
      const ValueId squares = as_row_reduction(rewriter, bounded->x, "sum");
      if (squares == ValueId::kNone) return skip("what is below the root is no sum along the last axis");
      if (as_square(rewriter, squares) != x) return skip("what is added is not the square of what is divided");
      if (!(bounded->number > 0)) return skip("the bound is not above 0");
      return Rewriter::replace(node, rewriter.add(L2Normalise{static_cast<float>(bounded->number)}, {x}));
    }
    return skip();
  }
};
REGISTER_PASS(RaiseL2Normalise);

}  // namespace temper
