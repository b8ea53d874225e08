#include "passes/product.h"

#include <cmath>

namespace temper {
namespace {

constexpr int kDeepest = 3;

void collect(const Rewriter& rewriter, ValueId id, int depth, ValueId whole, Product& product) {
  if (id == whole) return product.factors.push_back(id);
  if (const auto scale = scalar(rewriter, id)) {
    product.scale *= *scale;
    return;
  }
  const Node* node = depth < kDeepest ? rewriter.producer(id) : nullptr;
  if (node != nullptr && node->op.name() == "mul") {
    for (const ValueId input : node->inputs) collect(rewriter, input, depth + 1, whole, product);
  } else if (const auto divisor = node != nullptr && node->op.name() == "div" ? scalar(rewriter, node->inputs[1]) : std::nullopt) {
    product.scale /= *divisor;
    collect(rewriter, node->inputs[0], depth + 1, whole, product);
  } else {
    product.factors.push_back(id);
  }
}

}  // namespace

std::optional<double> scalar(const Rewriter& rewriter, ValueId id) {
  const Tensor* constant = rewriter.constant(id);
  if (constant == nullptr || constant->elements() != 1 || !is_float(constant->dtype())) return std::nullopt;
  return constant->to_double("a scale");
}

std::optional<ValueId> beside(const Rewriter& rewriter, const Node& node, double number) {
  for (std::size_t i = 0; i < 2; ++i) {
    const auto constant = scalar(rewriter, node.inputs[1 - i]);
    if (constant && about(*constant, number)) return node.inputs[i];
  }
  return std::nullopt;
}

bool about(double number, double wanted) { return std::abs(number - wanted) <= 0x1p-11 * std::abs(wanted); }

Product as_product(const Rewriter& rewriter, ValueId id, ValueId whole) {
  Product product;
  collect(rewriter, id, 0, whole, product);
  return product;
}

}  // namespace temper
