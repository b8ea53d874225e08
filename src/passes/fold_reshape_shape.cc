#include <numeric>

#include "ir/constant.h"
#include "ops/arrays/reshape.h"
#include "passes/counts.h"
#include "passes/partial.h"
#include "passes/same_shape.h"

namespace temper {
namespace {

constexpr std::int64_t kMostElements = std::int64_t{1} << 40;

/// How many rows of `x` there are for each that `first` counts, as a fraction; nothing where they are not traced to one dim.
std::optional<std::pair<std::int64_t, std::int64_t>> rows_for_each(const Rewriter& rewriter, ValueId first, ValueId x) {
  const Count wanted = rows_of(rewriter, first);
  const Count own = rows_of(rewriter, x);
  if (wanted == own || same_first_dim(rewriter, first, x)) return std::pair<std::int64_t, std::int64_t>(1, 1);
  constexpr std::int64_t kMost = std::int64_t{1} << 20;
  const bool small = std::max({wanted.times, wanted.over, own.times, own.over}) <= kMost;
  if (wanted.number || own.number || wanted.root != own.root || wanted.axis != own.axis || !small) return std::nullopt;
  return std::pair(own.times * wanted.over, own.over * wanted.times);
}

/// Puts a number in the place of a -1 where the first dim is that of `x` itself, or a share of it: what there is for each is known then.
void close(const Rewriter& rewriter, ValueId x, Partial& target) {
  const PartialElement first = target.elements[0];
  const ShapeFact& shape = rewriter.fact(x).shape;
  if (first.known || first.value == ValueId::kNone || first.axis != 0 || !shape.rank_known() || shape.rank() == 0) return;
  const Dim each = ShapeFact(std::vector<Dim>(shape.dims().begin() + 1, shape.dims().end())).elements();
  const auto rows = rows_for_each(rewriter, first.value, x);
  if (!rows || !each.known() || each.value() == 0) return;
  const std::int64_t common = std::gcd(rows->first, rows->second);
  if (each.value() % (rows->second / common) != 0 || rows->first / common > kMostElements / each.value()) return;
  std::int64_t left = each.value() / (rows->second / common) * (rows->first / common);
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
