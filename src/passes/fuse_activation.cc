#include "passes/linear.h"

namespace temper {

/// Applies an activation where sums are written.
///     relu6(conv(x, filter, bias))   =>   conv(x, filter, bias) {activation: relu6}
struct FuseActivation {
  static constexpr std::string_view kName = "fuse_activation";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    Activation activation = Activation::kNone;
    if (!from_attribute(Attribute(std::string(node.op.name())), activation)) return skip();
    const auto linear = as_linear(rewriter, rewriter.producer(node.inputs[0]));
    if (!linear) return skip();
    const ValueId sums = linear->node->outputs[0];
    if (linear->activation != Activation::kNone) return skip("there is an activation already");
    if (rewriter.use_count(sums) > 1) return skip("the sums are used without the activation as well");
    if (rewriter.fact(sums).dtype != DType::kFloat32) return skip("the activation would not be rounded alike");
    double alpha = 1;
    for (const auto& [name, value] : node.op.attributes()) {
      if (name == "alpha") from_attribute(value, alpha);
    }
    const Attributes changes{{"activation", std::string(node.op.name())}, {"alpha", alpha}};
    return Rewriter::replace(node, rewriter.add(with_attributes(linear->node->op, changes), linear->node->inputs));
  }
};
REGISTER_PASS(FuseActivation);

}  // namespace temper
