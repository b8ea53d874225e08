#include "passes/row_pattern.h"

#include "passes/pattern.h"
#include "passes/product.h"

namespace temper {

ValueId as_row_reduction(const Rewriter& rewriter, ValueId id, std::string_view op) {
  const Node* node = made_by(rewriter, id, op);
  if (node == nullptr || node->inputs.size() != 1) return ValueId::kNone;
  const ShapeFact& shape = rewriter.fact(node->inputs[0]).shape;
  bool last = false, kept = false;
  for (const auto& [name, value] : node->op.attributes()) {
    const auto* axes = std::get_if<std::vector<std::int64_t>>(&value);
    if (name == "axes" && axes != nullptr && axes->size() == 1 && shape.rank_known() && shape.rank() > 0) {
      last = normalise_axis(axes->front(), shape.rank()) + 1 == shape.rank();
    }
    if (name == "keep_dims") kept = std::get<bool>(value);
  }
  return last && kept ? node->inputs[0] : ValueId::kNone;
}

ValueId as_square(const Rewriter& rewriter, ValueId id) {
  if (const Node* square = made_by(rewriter, id, "square")) return square->inputs[0];
  const Node* mul = made_by(rewriter, id, "mul");
  return mul != nullptr && mul->inputs[0] == mul->inputs[1] ? mul->inputs[0] : ValueId::kNone;
}

std::optional<WithNumber> with_number(const Rewriter& rewriter, ValueId id, std::string_view op) {
  const Node* node = made_by(rewriter, id, op);
  if (node == nullptr) return std::nullopt;
  for (const std::size_t side : {0U, 1U}) {
    const auto number = scalar(rewriter, node->inputs[1 - side]);
    if (number && rewriter.constant(node->inputs[1 - side])->rank() <= 1) return WithNumber{node->inputs[side], *number};
  }
  return std::nullopt;
}

}  // namespace temper
