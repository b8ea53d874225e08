#include "passes/linear.h"
#include "passes/same_shape.h"

namespace temper {

/// Adds what a block passes around its layers where the last layer's sums are written.
///     add(conv(x, filter, bias), y)   =>   conv(x, filter, bias, residual y)
struct FuseResidual {
  static constexpr std::string_view kName = "fuse_residual";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.name() != "add") return skip();
    Rewrite rewrite = skip();
    for (const std::size_t side : {0U, 1U}) {
      const auto linear = as_linear(rewriter, rewriter.producer(node.inputs[side]));
      if (!linear) continue;
      rewrite = apply(rewriter, node, *linear, node.inputs[1 - side]);
      if (std::holds_alternative<Patch>(rewrite)) return rewrite;
    }
    return rewrite;
  }

  static Rewrite apply(Rewriter& rewriter, const Node& node, const Linear& linear, ValueId residual) {
    const ValueId sums = linear.node->outputs[0];
    if (!linear.plain()) return skip("what is added to is more than sums");
    if (rewriter.use_count(sums) > 1) return skip("the sums are used without the residual as well");
    if (rewriter.constant(residual) != nullptr) return skip("a constant is a bias");
    if (rewriter.fact(sums).dtype != DType::kFloat32) return skip("the sum would not be rounded alike");
    if (!same_shape(rewriter, sums, residual)) return skip("what is added may have another shape");
    ValueIds inputs = linear.node->inputs;
    inputs.push_back(residual);
    return Rewriter::replace(node, rewriter.add(with_attributes(linear.node->op, {{"has_residual", true}}), std::move(inputs)));
  }
};
REGISTER_PASS(FuseResidual);

}  // namespace temper
