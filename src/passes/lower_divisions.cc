#include <cmath>

#include "passes/pass.h"

namespace temper {
namespace {

/// Whether 1 / x is exact, and so a product with it rounds as the quotient does.
bool has_exact_reciprocal(float x) {
  int exponent = 0;
  return std::abs(std::frexp(x, &exponent)) == 0.5F && exponent > -125 && exponent < 125;
}

}  // namespace

/// Multiplies instead of dividing where that is exactly the same: by powers of two.
///     div(x, 4)   =>   mul(x, 0.25)
struct LowerDivisions {
  static constexpr std::string_view kName = "lower_divisions";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.name() != "div" || rewriter.fact(node.inputs[0]).dtype != DType::kFloat32) return skip();
    const Tensor* divisor = rewriter.constant(node.inputs[1]);
    if (divisor == nullptr) return skip();
    const auto numbers = divisor->data<float>();
    if (!std::ranges::all_of(numbers, has_exact_reciprocal)) return skip("the divisor is not a power of two");
    Tensor factor(DType::kFloat32, divisor->shape());
    std::ranges::transform(numbers, factor.mutable_data<float>().begin(), [](float x) { return 1 / x; });
    return Rewriter::replace(node, rewriter.add("mul", {node.inputs[0], rewriter.add_constant(std::move(factor))}));
  }
};
REGISTER_PASS(LowerDivisions);

}  // namespace temper
