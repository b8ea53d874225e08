#include "passes/linear.h"

namespace temper {

/// Adds a constant for each channel where sums start.
///     add(conv(x, filter), bias)         =>   conv(x, filter, bias)
///     sub(conv(x, filter, bias), shift)  =>   conv(x, filter, bias - shift)
struct FuseBias {
  static constexpr std::string_view kName = "fuse_bias";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const bool adds = node.op.name() == "add";
    if (!adds && node.op.name() != "sub") return skip();
    Rewrite rewrite = skip();
    for (std::size_t side = 0; side < (adds ? 2U : 1U); ++side) {
      const auto linear = as_linear(rewriter, rewriter.producer(node.inputs[side]));
      if (!linear) continue;
      rewrite = apply(rewriter, node, *linear, node.inputs[1 - side], adds ? 1.0 : -1.0);
      if (std::holds_alternative<Patch>(rewrite)) return rewrite;
    }
    return rewrite;
  }

  static Rewrite apply(Rewriter& rewriter, const Node& node, const Linear& linear, ValueId shift, double sign) {
    const ValueId sums = linear.node->outputs[0];
    if (!linear.plain()) return skip("what is shifted is more than sums");
    if (rewriter.use_count(sums) > 1) return skip("the sums are used without the bias as well");
    if (!rewriter.fact(sums).shape.rank_known()) return skip("the rank is not known");
    const auto added = per_channel(rewriter, shift, linear.channels, rewriter.fact(sums).shape.rank());
    if (!added) return skip("what is added is not one constant for each channel");
    std::vector<double> bias(added->size(), 0.0);
    if (linear.has_bias) {
      const auto old = per_channel(rewriter, linear.node->inputs[linear.bias], linear.channels, 1);
      if (!old) return skip("the bias is not constant");
      bias = *old;
    }
    for (std::size_t i = 0; i < bias.size(); ++i) bias[i] += sign * (*added)[i];
    ValueIds inputs = linear.node->inputs;
    inputs.resize(linear.bias);
    inputs.push_back(rewriter.add_constant(rounded(bias)));
    return Rewriter::replace(node, rewriter.add(with_attributes(linear.node->op, {{"has_bias", true}}), std::move(inputs)));
  }
};
REGISTER_PASS(FuseBias);

}  // namespace temper
