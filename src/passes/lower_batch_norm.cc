#include <array>
#include <cmath>

#include "ops/nn/batch_norm.h"
#include "passes/linear.h"

namespace temper {

/// Writes a batch norm of known statistics as a product and a sum, computed in double, for others to fuse.
///     batch_norm(x, scale, offset, mean, variance)   =>   add(mul(x, a), offset - mean * a),  a = scale / sqrt(variance + epsilon)
struct LowerBatchNorm {
  static constexpr std::string_view kName = "lower_batch_norm";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const auto* norm = node.op.as<BatchNorm>();
    if (norm == nullptr) return skip();
    if (rewriter.fact(node.inputs[0]).dtype != DType::kFloat32) return skip("steps would be rounded to a shorter type");
    const Dim channels = rewriter.fact(node.inputs[1]).shape.elements();
    std::array<std::vector<double>, 4> parameters;
    for (std::size_t i = 0; i < 4; ++i) {
      auto numbers = per_channel(rewriter, node.inputs[i + 1], channels, 1);
      if (!numbers) return skip("a parameter is not a constant float32");
      parameters[i] = std::move(*numbers);
    }
    const auto& [scale, offset, mean, variance] = parameters;
    std::vector<double> factor(scale.size()), shift(scale.size());
    for (std::size_t i = 0; i < scale.size(); ++i) {
      factor[i] = scale[i] / std::sqrt(variance[i] + static_cast<double>(norm->epsilon));
      shift[i] = offset[i] - mean[i] * factor[i];
    }
    const ValueId product = rewriter.add("mul", {node.inputs[0], rewriter.add_constant(rounded(factor))});
    return Rewriter::replace(node, rewriter.add("add", {product, rewriter.add_constant(rounded(shift))}));
  }
};
REGISTER_PASS(LowerBatchNorm);

}  // namespace temper
