#include "ops/linalg/matmul.h"
#include "ops/nn/conv.h"
#include "passes/linear.h"

namespace temper {
namespace {

/// Whether no window reaches beyond the input, where zeros would stand unshifted.
bool stays_inside(const Linear& linear, const Tensor& filter) {
  const auto* conv = linear.node->op.as<Conv>();
  if (conv == nullptr || conv->padding == Padding::kValid) return true;
  if (conv->padding == Padding::kExplicit) return std::ranges::all_of(conv->pads, [](std::int64_t pad) { return pad == 0; });
  return filter.shape().elements(0, filter.rank() - 2) == 1;
}

}  // namespace

/// Adds to the bias what a constant that is added to the input comes to, computed in double.
///     conv(add(x, shift), filter) {padding: valid}   =>   conv(x, filter, filter * shift)
struct FuseInputShift {
  static constexpr std::string_view kName = "fuse_input_shift";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const auto linear = as_linear(rewriter, &node);
    if (!linear || linear->has_residual) return skip();
    const Node* sum = rewriter.producer(node.inputs[0]);
    if (sum == nullptr) return skip();
    const bool subtracts = sum->op.name() == "sub";
    if (!subtracts && sum->op.name() != "add") return skip();
    for (std::size_t side = 0; side < (subtracts ? 1U : 2U); ++side) {
      if (rewriter.constant(sum->inputs[1 - side]) == nullptr) continue;
      return apply(rewriter, *linear, sum->inputs[side], sum->inputs[1 - side], subtracts ? -1.0 : 1.0);
    }
    return skip();
  }

  static Rewrite apply(Rewriter& rewriter, const Linear& linear, ValueId x, ValueId added, double sign) {
    const Node& node = *linear.node;
    const ShapeFact& shape = rewriter.fact(x).shape;
    if (rewriter.use_count(node.inputs[0]) > 1) return skip("the input is used shifted elsewhere as well");
    if (takes_arithmetic(rewriter, x)) return skip("what makes the input takes the shift");
    const Tensor* filter = rewriter.constant(node.inputs[linear.filter]);
    const bool flat = filter != nullptr && (linear.node->op.as<Conv>() != nullptr || filter->rank() == 2);
    if (!flat || filter->dtype() != DType::kFloat32) return skip("the filter is not a constant float32");
    if (!stays_inside(linear, *filter)) return skip("windows reach beyond the input");
    const auto channels = input_channels(linear, *filter);
    if (!channels || !linear.channels.known() || !shape.rank_known() || shape.rank() == 0) return skip("which channels the filter takes is not known");
    const auto shift = per_channel(rewriter, added, shape[shape.rank() - 1], shape.rank());
    if (!shift) return skip("what is added is not one constant for each channel");
    std::vector<double> bias(static_cast<std::size_t>(linear.channels.value()), 0.0);
    if (linear.has_bias) {
      const auto old = per_channel(rewriter, node.inputs[linear.bias], linear.channels, 1);
      if (!old) return skip("the bias is not constant");
      bias = *old;
    }
    const auto* matmul = node.op.as<MatMul>();
    const bool by_row = matmul != nullptr && matmul->transpose_b;
    const auto columns = static_cast<std::size_t>(filter->dim(filter->rank() - 1));
    for (std::size_t i = 0; i < channels->size(); ++i) {
      bias[by_row ? i / columns : i % columns] += sign * filter->data<float>()[i] * shift->at((*channels)[i]);
    }
    ValueIds inputs = node.inputs;
    inputs[0] = x;
    inputs.resize(linear.bias);
    inputs.push_back(rewriter.add_constant(rounded(bias)));
    return Rewriter::replace(node, rewriter.add(with_attributes(node.op, {{"has_bias", true}}), std::move(inputs)));
  }
};
REGISTER_PASS(FuseInputShift);

}  // namespace temper
