#include <array>

#include "passes/counts.h"

namespace temper {
namespace {

/// Operators that give their first input where its shape does not change.
constexpr std::array<std::string_view, 5> kShapeOnly = {"reshape", "slice", "broadcast_to", "ensure_shape", "squeeze"};

}  // namespace

/// Takes away what would give another shape, where sizes are traced to be the same although they are not known.
///     slice(x, 0, shape(x))   =>   x
struct RemoveSameShapes {
  static constexpr std::string_view kName = "remove_same_shapes";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (std::ranges::find(kShapeOnly, node.op.name()) == kShapeOnly.end()) return skip();
    const ValueId input = node.inputs[0];
    const ShapeFact& before = rewriter.fact(input).shape;
    const ShapeFact& after = rewriter.fact(node.outputs[0]).shape;
    if (!before.rank_known() || !after.rank_known() || before.rank() != after.rank()) return skip();
    std::size_t unlike = 0;
    for (std::size_t axis = 0; axis < before.rank(); ++axis) {
      if (after[axis].known() && !before[axis].known()) return skip();  // it says more than is known of the input
      unlike += dim_of(rewriter, input, axis) == dim_of(rewriter, node.outputs[0], axis) ? 0 : 1;
    }
    // as many elements in all, so that a last dim cannot differ alone
    const bool same = unlike == 0 || (unlike == 1 && node.op.name() == "reshape");
    return same ? Rewrite(Rewriter::replace(node, input)) : skip();
  }
};
REGISTER_PASS(RemoveSameShapes);

}  // namespace temper
