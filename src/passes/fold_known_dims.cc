#include "ir/constant.h"
#include "passes/partial.h"

namespace temper {

/// Evaluates what depends only on such dims of a value as are known, though others are not.
///     strided_slice(shape(x), [1], [3])   =>   constant [4, 5], where x is [?,4,5]
struct FoldKnownDims {
  static constexpr std::string_view kName = "fold_known_dims";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.as<Constant>() != nullptr || !node.op.pure() || !node.regions.empty() || node.inputs.empty()) return skip();
    ValueIds constants;
    for (const ValueId output : node.outputs) {
      const auto known = partly_known(rewriter, output);
      if (!known || !known->known()) return skip();
      constants.push_back(rewriter.add_constant(to_tensor(*known, rewriter.fact(output).dtype)));
    }
    return Rewriter::replace(node, constants);
  }
};
REGISTER_PASS(FoldKnownDims);

}  // namespace temper
