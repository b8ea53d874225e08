#include "passes/linear.h"

namespace temper {

/// Multiplies a filter by what its input is multiplied by, channel by channel, computed in double. Padding stays zeros.
///     conv(mul(x, scale), filter)   =>   conv(x, filter * scale)
struct FuseInputScale {
  static constexpr std::string_view kName = "fuse_input_scale";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const auto linear = as_linear(rewriter, &node);
    if (!linear) return skip();
    const Node* mul = rewriter.producer(node.inputs[0]);
    if (mul == nullptr || mul->op.name() != "mul") return skip();
    for (const std::size_t side : {0U, 1U}) {
      if (rewriter.constant(mul->inputs[1 - side]) != nullptr) return apply(rewriter, *linear, mul->inputs[side], mul->inputs[1 - side]);
    }
    return skip();
  }

  static Rewrite apply(Rewriter& rewriter, const Linear& linear, ValueId x, ValueId factor) {
    const Node& node = *linear.node;
    const ShapeFact& shape = rewriter.fact(x).shape;
    if (rewriter.use_count(node.inputs[0]) > 1) return skip("the input is used scaled elsewhere as well");
    if (takes_arithmetic(rewriter, x)) return skip("what makes the input takes the scale");
    const Tensor* filter = rewriter.constant(node.inputs[linear.filter]);
    if (filter == nullptr || filter->dtype() != DType::kFloat32) return skip("the filter is not a constant float32");
    const auto channels = input_channels(linear, *filter);
    if (!channels || !shape.rank_known() || shape.rank() == 0) return skip("which channels the filter takes is not known");
    const auto scale = per_channel(rewriter, factor, shape[shape.rank() - 1], shape.rank());
    if (!scale) return skip("the factor is not one constant for each channel");
    Tensor scaled(DType::kFloat32, filter->shape());
    for (std::size_t i = 0; i < channels->size(); ++i) {
      scaled.mutable_data<float>()[i] = static_cast<float>(filter->data<float>()[i] * scale->at((*channels)[i]));
    }
    ValueIds inputs = node.inputs;
    inputs[0] = x;
    inputs[linear.filter] = rewriter.add_constant(std::move(scaled));
    return Rewriter::replace(node, rewriter.add(node.op, std::move(inputs)));
  }
};
REGISTER_PASS(FuseInputScale);

}  // namespace temper
