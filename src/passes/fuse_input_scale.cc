#include <cmath>

#include "passes/linear.h"

namespace temper {

/// Multiplies a filter by what its input is multiplied by, channel by channel, computed in double. Padding stays zeros. What is
/// added to the product in between is added to what it is made of.
///     conv(mul(x, scale), filter)               =>   conv(x, filter * scale)
///     conv(sub(mul(x, scale), shift), filter)   =>   conv(sub(x, shift / scale), filter * scale)
struct FuseInputScale {
  static constexpr std::string_view kName = "fuse_input_scale";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const auto linear = as_linear(rewriter, &node);
    if (!linear) return skip();
    const Node* sum = rewriter.producer(node.inputs[0]);
    const std::size_t summand = sum == nullptr ? 0 : shifted_side(rewriter, *sum);
    const bool shifts = sum != nullptr && (sum->op.name() == "add" || sum->op.name() == "sub");
    if (shifts && (rewriter.constant(sum->inputs[1 - summand]) == nullptr || rewriter.use_count(sum->inputs[summand]) > 1)) return skip();
    const Node* mul = shifts ? rewriter.producer(sum->inputs[summand]) : sum;
    if (mul == nullptr || mul->op.name() != "mul") return skip();
    for (const std::size_t side : {0U, 1U}) {
      if (rewriter.constant(mul->inputs[1 - side]) == nullptr) continue;
      return apply(rewriter, *linear, mul->inputs[side], mul->inputs[1 - side], shifts ? sum : nullptr, summand);
    }
    return skip();
  }

 private:
  /// Which operand of a sum is not the constant; of a difference the first.
  static std::size_t shifted_side(const Rewriter& rewriter, const Node& sum) {
    return sum.op.name() == "add" && rewriter.constant(sum.inputs[0]) != nullptr ? 1 : 0;
  }

  /// What comes to the shift after it is multiplied by `scale`; nothing where that says too much or too little.
  static std::optional<Tensor> shift_before(const std::vector<double>& shift, const std::vector<double>& scale) {
    constexpr double kLargest = 1e6, kSmallest = 1e-6;
    std::vector<double> before;
    for (std::size_t i = 0; i < shift.size(); ++i) {
      before.push_back(shift[i] / scale[i]);
      const bool moderate = std::abs(scale[i]) > kSmallest && std::abs(scale[i]) < kLargest && std::abs(before[i]) < kLargest;
      if (!moderate) return std::nullopt;
    }
    return rounded(before);
  }

  static Rewrite apply(Rewriter& rewriter, const Linear& linear, ValueId x, ValueId factor, const Node* sum, std::size_t summand) {
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
    if (sum != nullptr) {
      const auto shift = per_channel(rewriter, sum->inputs[1 - summand], shape[shape.rank() - 1], shape.rank());
      const auto before = shift ? shift_before(*shift, *scale) : std::nullopt;
      if (!before) return skip("what is added to the product is not a moderate constant for each channel");
      ValueIds operands = sum->inputs;
      operands[summand] = x;
      operands[1 - summand] = rewriter.add_constant(*before);
      inputs[0] = rewriter.add(sum->op, std::move(operands));
    }
    inputs[linear.filter] = rewriter.add_constant(std::move(scaled));
    return Rewriter::replace(node, rewriter.add(node.op, std::move(inputs)));
  }
};
REGISTER_PASS(FuseInputScale);

}  // namespace temper
