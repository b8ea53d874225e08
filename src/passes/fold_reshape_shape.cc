#include "ir/constant.h"
#include "ops/arrays/reshape.h"
#include "passes/partial.h"

namespace temper {

/// Writes the shape of a reshape as a constant where only one of its dims is computed: the elements leave it no choice.
///     reshape(x, pack(n, 2, 3))   =>   reshape(x, [-1, 2, 3])
struct FoldReshapeShape {
  static constexpr std::string_view kName = "fold_reshape_shape";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.as<Reshape>() == nullptr || rewriter.constant(node.inputs[1]) != nullptr) return skip();
    auto target = partly_known(rewriter, node.inputs[1]);
    if (!target) return skip("the shape is computed");
    if (target->shape.rank() != 1) return skip();
    int computed = 0;
    for (auto& dim : target->elements) {
      if (dim && *dim <= 0) return skip("beside the computed dim there is one that is 0 or left open");
      if (!dim) ++computed, dim = -1;
    }
    if (computed > 1) return skip("more than one dim is computed");
    const ValueId shape = rewriter.add_constant(to_tensor(*target, rewriter.fact(node.inputs[1]).dtype));
    return Rewriter::replace(node, rewriter.add(Reshape{}, {node.inputs[0], shape}));
  }
};
REGISTER_PASS(FoldReshapeShape);

}  // namespace temper
