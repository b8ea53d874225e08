#include "ir/constant.h"
#include "ops/arrays/reshape.h"
#include "passes/counts.h"
#include "passes/partial.h"
#include "passes/same_shape.h"

namespace temper {
namespace {

/// Puts a number in the place of a -1 where the first dim is that of `x` itself: what each of its rows holds is known then.
void close(const Rewriter& rewriter, ValueId x, Partial& target) {
  const PartialElement first = target.elements[0];
  const ShapeFact& shape = rewriter.fact(x).shape;
  if (first.known || first.value == ValueId::kNone || first.axis != 0 || !shape.rank_known() || shape.rank() == 0) return;
  if (rows_of(rewriter, first.value) != rows_of(rewriter, x) && !same_first_dim(rewriter, first.value, x)) return;
  const Dim each = ShapeFact(std::vector<Dim>(shape.dims().begin() + 1, shape.dims().end())).elements();
  if (!each.known() || each.value() == 0) return;
  std::int64_t left = each.value();
  PartialElement* open = nullptr;
  for (PartialElement& element : std::span(target.elements).subspan(1)) {
    if (!element.known || *element.known == 0) return;
    if (*element.known == -1) open = &element;
    else if (left % *element.known != 0) return;
    else left /= *element.known;
  }
  if (open != nullptr) open->known = left;
}

}  // namespace

/// Writes the shape of a reshape as a constant where only one of its dims is computed: the elements leave it no choice.
///     reshape(x, pack(n, 2, 3))                =>   reshape(x, [-1, 2, 3])
///     reshape(x, pack(shape(x)[0], -1, 3))     =>   reshape(x, [-1, 4, 3]), where x is [?,12]
struct FoldReshapeShape {
  static constexpr std::string_view kName = "fold_reshape_shape";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.as<Reshape>() == nullptr || rewriter.constant(node.inputs[1]) != nullptr) return skip();
    auto target = partly_known(rewriter, node.inputs[1]);
    if (!target) return skip("the shape is computed");
    if (target->shape.rank() != 1 || target->elements.empty()) return skip();
    close(rewriter, node.inputs[0], *target);
    int computed = 0;
    for (PartialElement& dim : target->elements) {
      if (dim.known && *dim.known <= 0) return skip("beside the computed dim there is one that is 0 or left open");
      if (!dim.known) ++computed, dim.known = -1;
    }
    if (computed > 1) return skip("more than one dim is computed");
    const ValueId shape = rewriter.add_constant(to_tensor(*target, rewriter.fact(node.inputs[1]).dtype));
    return Rewriter::replace(node, rewriter.add(Reshape{}, {node.inputs[0], shape}));
  }
};
REGISTER_PASS(FoldReshapeShape);

}  // namespace temper
