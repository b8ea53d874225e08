#include <cmath>

#include "passes/pass.h"

namespace temper {
namespace {

/// What a product is made of: at most one constant scale, and the rest.
struct Product {
  double scale = 1;
  ValueIds factors;
};

std::optional<double> scalar(const Rewriter& rewriter, ValueId id) {
  const Tensor* constant = rewriter.constant(id);
  if (constant == nullptr || constant->elements() != 1 || !is_float(constant->dtype())) return std::nullopt;
  return constant->to_double("a scale");
}

/// Adds the factors of `id`, looking into products and quotients that nothing else uses.
void collect(const Rewriter& rewriter, ValueId id, bool look_inside, Product& product) {
  if (const auto scale = scalar(rewriter, id)) {
    product.scale *= *scale;
    return;
  }
  const Node* node = rewriter.producer(id);
  if (node != nullptr && look_inside && node->op.name() == "mul") {
    for (const ValueId input : node->inputs) collect(rewriter, input, rewriter.use_count(input) == 1, product);
  } else if (const auto divisor = node != nullptr && look_inside && node->op.name() == "div"
                                      ? scalar(rewriter, node->inputs[1]) : std::nullopt) {
    product.scale /= *divisor;
    collect(rewriter, node->inputs[0], rewriter.use_count(node->inputs[0]) == 1, product);
  } else {
    product.factors.push_back(id);
  }
}

/// Whether `id` is relu6(x + 3).
bool is_shifted_relu6(const Rewriter& rewriter, ValueId id, ValueId x) {
  const Node* relu6 = rewriter.producer(id);
  if (relu6 == nullptr || relu6->op.name() != "relu6") return false;
  const Node* add = rewriter.producer(relu6->inputs[0]);
  if (add == nullptr || add->op.name() != "add") return false;
  for (std::size_t i = 0; i < 2; ++i) {
    if (add->inputs[i] == x && scalar(rewriter, add->inputs[1 - i]) == 3.0) return true;
  }
  return false;
}

/// Models kept in half precision hold 1/6 as a half does.
bool is_sixth(double scale) { return std::abs(scale * 6 - 1) <= 0x1p-11; }

}  // namespace

/// Recognises x * relu6(x + 3) / 6, in any order of its factors.
///     mul(mul(x, 0.1667), relu6(add(x, 3)))   =>   hard_swish(x)
struct RaiseHardSwish {
  static constexpr std::string_view kName = "raise_hard_swish";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.name() != "mul" && node.op.name() != "div") return skip();
    Product product;
    collect(rewriter, node.outputs[0], true, product);
    if (product.factors.size() != 2) return skip();
    for (std::size_t i = 0; i < 2; ++i) {
      const ValueId x = product.factors[i];
      if (!is_shifted_relu6(rewriter, product.factors[1 - i], x)) continue;
      if (!is_sixth(product.scale)) return skip("the scale is not 1/6");
      return Rewriter::replace(node, rewriter.add("hard_swish", {x}));
    }
    return skip();
  }
};
REGISTER_PASS(RaiseHardSwish);

}  // namespace temper
