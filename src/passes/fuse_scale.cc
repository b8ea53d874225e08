#include "passes/linear.h"

namespace temper {

/// Multiplies a filter and bias by what their output is multiplied by, or divides them, computed in double.
///     mul(conv(x, filter, bias), scale)   =>   conv(x, filter * scale, bias * scale)
struct FuseScale {
  static constexpr std::string_view kName = "fuse_scale";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const bool divides = node.op.name() == "div";
    if (!divides && node.op.name() != "mul") return skip();
    for (std::size_t side = 0; side < (divides ? 1U : 2U); ++side) {
      const auto linear = as_linear(rewriter, rewriter.producer(node.inputs[side]));
      if (linear) return apply(rewriter, node, *linear, node.inputs[1 - side]);
    }
    return skip();
  }

  static Rewrite apply(Rewriter& rewriter, const Node& node, const Linear& linear, ValueId factor) {
    const ValueId sums = linear.node->outputs[0];
    if (!linear.plain()) return skip("what is scaled is more than sums");
    if (rewriter.use_count(sums) > 1) return skip("the sums are used unscaled as well");
    if (!rewriter.fact(sums).shape.rank_known()) return skip("the rank is not known");
    auto scale = per_channel(rewriter, factor, linear.channels, rewriter.fact(sums).shape.rank());
    if (!scale) return skip("the factor is not one constant for each channel");
    if (node.op.name() == "div") {
      if (std::ranges::find(*scale, 0.0) != scale->end()) return skip("the divisor is 0");
      for (double& number : *scale) number = 1 / number;
    }
    const Tensor* filter = rewriter.constant(linear.node->inputs[linear.filter]);
    if (filter == nullptr) return skip("the filter is not constant");
    ValueIds inputs = linear.node->inputs;
    if (linear.has_bias) {
      const auto bias = per_channel(rewriter, inputs[linear.bias], linear.channels, 1);
      if (!bias) return skip("the bias is not constant");
      std::vector<double> product = *bias;
      std::ranges::transform(product, *scale, product.begin(), std::multiplies());
      inputs[linear.bias] = rewriter.add_constant(rounded(product));
    }
    inputs[linear.filter] = rewriter.add_constant(scaled_filter(linear, *filter, *scale));
    return Rewriter::replace(node, rewriter.add(linear.node->op, std::move(inputs)));
  }
};
REGISTER_PASS(FuseScale);

}  // namespace temper
