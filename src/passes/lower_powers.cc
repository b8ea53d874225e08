#include "passes/product.h"

namespace temper {

/// Writes small whole powers as what they are.
///     pow(x, 2)    =>   square(x)
///     pow(x, -1)   =>   reciprocal(x)
struct LowerPowers {
  static constexpr std::string_view kName = "lower_powers";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.name() != "pow" || rewriter.fact(node.inputs[0]).dtype != DType::kFloat32) return skip();
    const auto exponent = scalar(rewriter, node.inputs[1]);
    if (!exponent) return skip("the exponent is not one constant");
    const ShapeFact& shape = rewriter.fact(node.inputs[0]).shape;
    if (!shape.rank_known() || rewriter.constant(node.inputs[1])->rank() > shape.rank()) return skip("the exponent may add a dim");
    if (*exponent == 1) return Rewriter::replace(node, node.inputs[0]);
    if (*exponent == 2) return Rewriter::replace(node, rewriter.add("square", {node.inputs[0]}));
    if (*exponent == -1) return Rewriter::replace(node, rewriter.add("reciprocal", {node.inputs[0]}));
    return skip("the exponent is neither 1, 2 nor -1");
  }
};
REGISTER_PASS(LowerPowers);

}  // namespace temper
