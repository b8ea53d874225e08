#include "passes/pass.h"

namespace temper {
namespace {

/// Where one operand is a constant of one element and the result has the shape of the other: that one, and the number.
struct Bound {
  ValueId x = ValueId::kNone;
  double number = 0;
};

std::optional<Bound> as_bound(const Rewriter& rewriter, const Node& node) {
  for (const std::size_t side : {0U, 1U}) {
    const Tensor* constant = rewriter.constant(node.inputs[1 - side]);
    const ShapeFact& x = rewriter.fact(node.inputs[side]).shape;
    if (constant == nullptr || constant->elements() != 1 || !is_number(constant->dtype())) continue;
    if (!x.rank_known() || x.rank() < constant->rank()) continue;
    return Bound{node.inputs[side], constant->to_double("a bound")};
  }
  return std::nullopt;
}

}  // namespace

/// Recognises what is cut off at 0, and at 6. After raising: larger groups are recognised by their bounds.
///     maximum(x, 0)                 =>   relu(x)
///     minimum(relu(x), 6)           =>   relu6(x)
///     maximum(minimum(x, 6), 0)     =>   relu6(x)
struct RaiseRelu {
  static constexpr std::string_view kName = "raise_relu";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const std::string_view op = node.op.name();
    if (op == "relu") {
      const ValueId inner = bounded(rewriter, node.inputs[0], "minimum", 6);
      return inner == ValueId::kNone ? Rewrite(skip()) : Rewriter::replace(node, rewriter.add("relu6", {inner}));
    }
    if (op != "maximum" && op != "minimum") return skip();
    const auto bound = as_bound(rewriter, node);
    if (!bound) return skip();
    if (op == "maximum") {
      if (bound->number != 0) return skip();
      return Rewriter::replace(node, rewriter.add("relu", {bound->x}));
    }
    const Node* relu = rewriter.producer(bound->x);
    if (bound->number != 6 || relu == nullptr || relu->op.name() != "relu") return skip();
    return Rewriter::replace(node, rewriter.add("relu6", {relu->inputs[0]}));
  }

  /// x where `id` is op(x, number), else kNone.
  static ValueId bounded(const Rewriter& rewriter, ValueId id, std::string_view op, double number) {
    const Node* node = rewriter.producer(id);
    if (node == nullptr || node->op.name() != op) return ValueId::kNone;
    const auto bound = as_bound(rewriter, *node);
    return bound && bound->number == number ? bound->x : ValueId::kNone;
  }
};
REGISTER_PASS(RaiseRelu);

}  // namespace temper
