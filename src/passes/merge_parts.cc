#include "ops/arrays/concat.h"
#include "ops/arrays/split.h"
#include "ops/arrays/strided_slice.h"
#include "passes/pass.h"

namespace temper {
namespace {

/// [begin, end) of a value along an axis.
struct Piece {
  ValueId whole = ValueId::kNone;
  std::size_t axis = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// Counted in parts: their size need not be known.
std::optional<Piece> part_of_split(const Rewriter& rewriter, ValueId id) {
  const auto* split = rewriter.producer_as<Split>(id);
  if (split == nullptr) return std::nullopt;
  const ValueId x = rewriter.producer(id)->inputs[0];
  const ShapeFact& shape = rewriter.fact(x).shape;
  if (!shape.rank_known()) return std::nullopt;
  const std::size_t axis = normalise_axis(split->axis, shape.rank());
  const std::int64_t size = shape[axis].known() ? shape[axis].value() / split->parts : 1;
  const auto output = static_cast<std::int64_t>(rewriter.graph().value(id).output);
  return Piece{x, axis, output * size, (output + 1) * size};
}

/// A slice of steps of one that cuts along one axis of a value whose dims are known.
std::optional<Piece> part_of_slice(const Rewriter& rewriter, ValueId id) {
  const auto* slice = rewriter.producer_as<StridedSlice>(id);
  if (slice == nullptr || (slice->ellipsis_mask | slice->new_axis_mask | slice->shrink_axis_mask) != 0) return std::nullopt;
  const ValueIds& inputs = rewriter.producer(id)->inputs;
  const auto shape = rewriter.fact(inputs[0]).shape.known();
  const Tensor* begin = rewriter.constant(inputs[1]);
  const Tensor* end = rewriter.constant(inputs[2]);
  const Tensor* strides = rewriter.constant(inputs[3]);
  if (!shape || begin == nullptr || end == nullptr || strides == nullptr) return std::nullopt;
  const auto steps = strides->to_int64s();
  if (steps.size() > shape->rank() || std::ranges::any_of(steps, [](std::int64_t step) { return step != 1; })) return std::nullopt;
  std::optional<Piece> piece;
  for (std::size_t axis = 0; axis < steps.size(); ++axis) {
    const std::int64_t dim = (*shape)[axis];
    const auto bound = [&](const Tensor& bounds, std::int64_t mask, std::int64_t open) {
      if (((mask >> axis) & 1) != 0) return open;
      const std::int64_t at = bounds.to_int64s()[axis];
      return std::clamp<std::int64_t>(at < 0 ? at + dim : at, 0, dim);
    };
    const std::int64_t first = bound(*begin, slice->begin_mask, 0);
    const std::int64_t last = bound(*end, slice->end_mask, dim);
    if (first == 0 && last == dim) continue;
    if (piece || first >= last) return std::nullopt;
    piece = Piece{inputs[0], axis, first, last};
  }
  return piece;
}

std::optional<Piece> as_piece(const Rewriter& rewriter, ValueId id) {
  if (const auto part = part_of_split(rewriter, id)) return part;
  return part_of_slice(rewriter, id);
}

/// How far pieces of a value reach along an axis, in what part_of_split counts in.
std::optional<std::int64_t> length(const Rewriter& rewriter, ValueId id, const Piece& first) {
  const Dim dim = rewriter.fact(first.whole).shape[first.axis];
  if (dim.known()) return dim.value();
  const auto* split = rewriter.producer_as<Split>(id);
  return split == nullptr ? std::nullopt : std::optional(split->parts);
}

}  // namespace

/// Takes away cuts that are joined again, joins that are cut where they were joined, and joins within joins.
///     a, b = split(x); concat(a, b)      =>   x
///     split(concat(a, b)) {parts: 2}     =>   a, b, where these are of equal size
///     concat(concat(a, b), c)            =>   concat(a, b, c)
struct MergeParts {
  static constexpr std::string_view kName = "merge_parts";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (const auto* concat = node.op.as<Concat>()) return joined(rewriter, node, *concat);
    if (const auto* split = node.op.as<Split>()) return cut(rewriter, node, *split);
    return skip();
  }

 private:
  static Rewrite joined(Rewriter& rewriter, const Node& node, const Concat& concat) {
    const ShapeFact& shape = rewriter.fact(node.outputs[0]).shape;
    if (!shape.rank_known()) return skip("the rank is not known");
    const std::size_t axis = normalise_axis(concat.axis, shape.rank());
    const auto first = as_piece(rewriter, node.inputs[0]);
    if (first && first->axis == axis && first->begin == 0) {
      std::int64_t reached = 0;
      for (const ValueId input : node.inputs) {
        const auto piece = as_piece(rewriter, input);
        if (!piece || piece->whole != first->whole || piece->axis != axis || piece->begin != reached) return skip("not all pieces are joined in order");
        reached = piece->end;
      }
      if (length(rewriter, node.inputs[0], *first) != reached) return skip("not all pieces are joined in order");
      return Rewriter::replace(node, first->whole);
    }
    ValueIds flat;
    for (const ValueId input : node.inputs) {
      const auto* inner = rewriter.producer_as<Concat>(input);
      const bool merges = inner != nullptr && rewriter.use_count(input) == 1 && normalise_axis(inner->axis, shape.rank()) == axis;
      if (!merges) flat.push_back(input);
      else flat.insert(flat.end(), rewriter.producer(input)->inputs.begin(), rewriter.producer(input)->inputs.end());
    }
    if (flat == node.inputs) return skip();
    return Rewriter::replace(node, rewriter.add(Concat{static_cast<std::int64_t>(axis)}, std::move(flat)));
  }

  static Rewrite cut(const Rewriter& rewriter, const Node& node, const Split& split) {
    const auto* concat = rewriter.producer_as<Concat>(node.inputs[0]);
    const ShapeFact& shape = rewriter.fact(node.inputs[0]).shape;
    if (concat == nullptr || !shape.rank_known()) return skip();
    const std::size_t axis = normalise_axis(split.axis, shape.rank());
    const ValueIds& parts = rewriter.producer(node.inputs[0])->inputs;
    if (normalise_axis(concat->axis, shape.rank()) != axis || parts.size() != node.outputs.size()) return skip("cut elsewhere than joined");
    const Fact& first = rewriter.fact(parts[0]);
    for (const ValueId part : parts) {
      const ShapeFact& dims = rewriter.fact(part).shape;
      if (!dims.rank_known() || !dims[axis].known() || dims[axis] != first.shape[axis]) return skip("cut elsewhere than joined");
    }
    return Rewriter::replace(node, parts);
  }
};
REGISTER_PASS(MergeParts);

}  // namespace temper
