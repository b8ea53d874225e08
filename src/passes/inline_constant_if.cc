#include "ops/control/if.h"
#include "passes/pass.h"

namespace temper {

/// Puts the branch that is known to be taken in the place of an `if`.
///     if(constant true, x) { relu } { identity }   =>   relu(x)
struct InlineConstantIf {
  static constexpr std::string_view kName = "inline_constant_if";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.as<If>() == nullptr) return skip();
    const Tensor* condition = rewriter.constant(node.inputs[0]);
    if (condition == nullptr) return skip("the condition is computed when the graph runs");
    if (condition->dtype() != DType::kBool || condition->elements() != 1) return skip("the condition is not one bool");
    const Graph& taken = node.regions[condition->data<bool>()[0] ? 0 : 1];
    return Rewriter::replace(node, rewriter.add_inlined(taken, {node.inputs.begin() + 1, node.inputs.end()}));
  }
};
REGISTER_PASS(InlineConstantIf);

}  // namespace temper
