#include "ops/control/loop.h"
#include "passes/pass.h"

namespace temper {

/// Takes away loops that are known to stop before their first turn.
///     loop(x) { false } { relu }   =>   x
struct RemoveDeadLoops {
  static constexpr std::string_view kName = "remove_dead_loops";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter&, const Node& node) const {
    const auto* loop = node.op.as<Loop>();
    if (loop == nullptr) return skip();
    const Graph& condition = node.regions[0];
    const auto& known = condition.fact(condition.outputs()[0].value).constant;
    const bool stops = known && known->dtype() == DType::kBool && known->elements() == 1 && !known->data<bool>()[0];
    if (!stops) return skip("whether it goes on is computed when the graph runs");
    return Rewriter::replace(node, ValueIds(node.inputs.begin(), node.inputs.begin() + loop->carried));
  }
};
REGISTER_PASS(RemoveDeadLoops);

}  // namespace temper
