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

/// Adds the factors of `id`, looking into this many products and quotients one within another, but not into `whole`.
void collect(const Rewriter& rewriter, ValueId id, int depth, ValueId whole, Product& product) {
  if (id == whole) return product.factors.push_back(id);
  if (const auto scale = scalar(rewriter, id)) {
    product.scale *= *scale;
    return;
  }
  const Node* node = rewriter.producer(id);
  if (node != nullptr && depth > 0 && node->op.name() == "mul") {
    for (const ValueId input : node->inputs) collect(rewriter, input, depth - 1, whole, product);
  } else if (const auto divisor = node != nullptr && depth > 0 && node->op.name() == "div"
                                      ? scalar(rewriter, node->inputs[1]) : std::nullopt) {
    product.scale /= *divisor;
    collect(rewriter, node->inputs[0], depth - 1, whole, product);
  } else {
    product.factors.push_back(id);
  }
}

/// x where `id` is relu6(x + 3), else kNone.
ValueId shifted_in_relu6(const Rewriter& rewriter, ValueId id) {
  const Node* relu6 = rewriter.producer(id);
  if (relu6 == nullptr || relu6->op.name() != "relu6") return ValueId::kNone;
  const Node* add = rewriter.producer(relu6->inputs[0]);
  if (add == nullptr || add->op.name() != "add") return ValueId::kNone;
  for (std::size_t i = 0; i < 2; ++i) {
    if (scalar(rewriter, add->inputs[1 - i]) == 3.0) return add->inputs[i];
  }
  return ValueId::kNone;
}

/// Models kept in half precision hold 1/6 as a half does.
bool is_sixth(double scale) { return std::abs(scale * 6 - 1) <= 0x1p-11; }

}  // namespace

/// Recognises x * relu6(x + 3) / 6, in any order of its factors.
///     mul(mul(x, 0.1667), relu6(add(x, 3)))   =>   hard_swish(x)
struct RaiseHardSwish {
  static constexpr std::string_view kName = "raise_hard_swish";
  static constexpr Stage kStage = Stage::kRaise;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.name() != "mul" && node.op.name() != "div") return skip();
    Product all;
    collect(rewriter, node.outputs[0], 3, ValueId::kNone, all);
    for (const ValueId factor : all.factors) {
      const ValueId x = shifted_in_relu6(rewriter, factor);
      if (x == ValueId::kNone) continue;
      Product product;
      collect(rewriter, node.outputs[0], 3, x, product);
      if (product.factors != ValueIds{x, factor} && product.factors != ValueIds{factor, x}) continue;
      if (!is_sixth(product.scale)) return skip("the scale is not 1/6");
      return Rewriter::replace(node, rewriter.add("hard_swish", {x}));
    }
    return skip();
  }
};
REGISTER_PASS(RaiseHardSwish);

}  // namespace temper
