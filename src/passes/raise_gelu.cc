#include <numbers>

#include "passes/product.h"

namespace temper {
namespace {

/// The function of which `id` is 1 + f(...), and what it is of.
const Node* behind_one_plus(const Rewriter& rewriter, ValueId id) {
  const Node* add = rewriter.producer(id);
  if (add == nullptr || add->op.name() != "add") return nullptr;
  const auto function = beside(rewriter, *add, 1);
  return function ? rewriter.producer(*function) : nullptr;
}

bool is_cube(const Rewriter& rewriter, const ValueIds& factors, ValueId x) {
  if (factors == ValueIds{x, x, x}) return true;
  const auto is_power = [&](ValueId id, std::string_view op, std::optional<double> exponent) {
    const Node* node = rewriter.producer(id);
    if (node == nullptr || node->op.name() != op || node->inputs[0] != x) return false;
    return !exponent || scalar(rewriter, node->inputs[1]) == exponent;
  };
  if (factors.size() == 1) return is_power(factors[0], "pow", 3);
  if (factors.size() != 2) return false;
  const ValueId other = factors[0] == x ? factors[1] : factors[0];
  return (factors[0] == x || factors[1] == x) && (is_power(other, "square", {}) || is_power(other, "pow", 2));
}

/// Whether `id` is sqrt(2 / pi) * (x + 0.044715 * x^3).
bool is_tanh_argument(const Rewriter& rewriter, ValueId id, ValueId x) {
  const Product outer = as_product(rewriter, id);
  if (outer.factors.size() != 1 || !about(outer.scale, std::numbers::sqrt2 * std::numbers::inv_sqrtpi)) return false;
  const Node* add = rewriter.producer(outer.factors[0]);
  if (add == nullptr || add->op.name() != "add") return false;
  for (const std::size_t side : {0U, 1U}) {
    if (add->inputs[side] != x) continue;
    const Product cube = as_product(rewriter, add->inputs[1 - side], x);
    if (about(cube.scale, 0.044715) && is_cube(rewriter, cube.factors, x)) return true;
  }
  return false;
}

bool is_erf_argument(const Rewriter& rewriter, ValueId id, ValueId x) {
  const Product product = as_product(rewriter, id, x);
  return product.factors == ValueIds{x} && about(product.scale, 1 / std::numbers::sqrt2);
}

}  // namespace

/// Recognises x times the normal distribution's share below x, by its formula and by that with tanh which is near to it.
///     mul(mul(x, 0.5), add(erf(mul(x, 0.7071)), 1))                             =>   gelu(x)
///     mul(mul(x, 0.5), add(tanh(mul(add(x, mul(x^3, 0.0447)), 0.7979)), 1))     =>   gelu_tanh(x)
struct RaiseGelu {
  static constexpr std::string_view kName = "raise_gelu";
  static constexpr Stage kStage = Stage::kRaise;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.name() != "mul" && node.op.name() != "div") return skip();
    const Product all = as_product(rewriter, node.outputs[0]);
    for (const ValueId share : all.factors) {
      const Node* function = behind_one_plus(rewriter, share);
      if (function == nullptr || (function->op.name() != "erf" && function->op.name() != "tanh")) continue;
      const bool erf = function->op.name() == "erf";
      for (const ValueId x : candidates(rewriter, node, share)) {
        const Product product = as_product(rewriter, node.outputs[0], x);
        if (product.factors != ValueIds{x, share} && product.factors != ValueIds{share, x}) continue;
        const ValueId argument = function->inputs[0];
        if (!(erf ? is_erf_argument(rewriter, argument, x) : is_tanh_argument(rewriter, argument, x))) continue;
        if (!about(product.scale, 0.5)) return skip("the scale is not 1/2");
        return Rewriter::replace(node, rewriter.add(erf ? "gelu" : "gelu_tanh", {x}));
      }
    }
    return skip();
  }

  /// What may be x: any factor beside `share`, or a product of some of them as it is written.
  static ValueIds candidates(const Rewriter& rewriter, const Node& node, ValueId share) {
    ValueIds open{node.outputs[0]}, found;
    while (!open.empty() && found.size() < 16) {
      const ValueId id = open.back();
      open.pop_back();
      if (id != share && id != node.outputs[0]) found.push_back(id);
      const Node* producer = rewriter.producer(id);
      if (producer == nullptr || (producer->op.name() != "mul" && producer->op.name() != "div")) continue;
      open.insert(open.end(), producer->inputs.begin(), producer->inputs.end());
    }
    return found;
  }
};
REGISTER_PASS(RaiseGelu);

}  // namespace temper
