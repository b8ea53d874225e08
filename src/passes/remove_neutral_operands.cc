#include "passes/pass.h"

namespace temper {
namespace {

/// Whether all elements are `number`.
bool is_all(const Tensor& tensor, double number) {
  return visit_elements(tensor.dtype(), [&]<class T>(Type<T>) {
    return std::ranges::all_of(tensor.data<T>(), [&](T x) {
      if constexpr (std::is_same_v<T, bool>) return false;
      else if constexpr (is_float_type<T> || std::is_integral_v<T>) return static_cast<double>(x) == number;
      else return false;
    });
  });
}

/// Whether `operand` (the second of the operator, or either where it commutes) changes no bit of the other. A sum with a
/// floating zero is another matter: it loses the sign of -0, and becomes a bias.
bool is_neutral(std::string_view op, const Tensor& operand, bool second) {
  if (op == "mul" || (op == "div" && second)) return is_all(operand, 1);
  return is_integer(operand.dtype()) && (op == "add" || (op == "sub" && second)) && is_all(operand, 0);
}

/// Whether the operand does not make the result larger than the other.
bool keeps_shape(const Fact& other, const Tensor& operand, const Fact& result) {
  if (!other.shape.rank_known() || operand.rank() > other.shape.rank()) return false;
  return operand.elements() == 1 || (other.shape.known() && other.shape == result.shape);
}

}  // namespace

/// Takes away arithmetic that changes nothing: products with 1, quotients by 1, integer sums with zero.
///     mul(x, 1)   =>   x
struct RemoveNeutralOperands {
  static constexpr std::string_view kName = "remove_neutral_operands";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const std::string_view op = node.op.name();
    if (op != "mul" && op != "div" && op != "add" && op != "sub") return skip();
    for (const std::size_t i : {0U, 1U}) {
      const Tensor* operand = rewriter.constant(node.inputs[i]);
      if (operand == nullptr || operand->elements() == 0 || operand->dtype() == DType::kString) continue;
      const ValueId other = node.inputs[1 - i];
      if (!is_neutral(op, *operand, i == 1) ||
          !keeps_shape(rewriter.fact(other), *operand, rewriter.fact(node.outputs[0])))
        continue;
      return Rewriter::replace(node, other);
    }
    return skip();
  }
};
REGISTER_PASS(RemoveNeutralOperands);

}  // namespace temper
