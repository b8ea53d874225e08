#include <limits>

#include "ops/arrays/concat.h"
#include "ops/arrays/pad.h"
#include "ops/arrays/strided_slice.h"
#include "passes/pattern.h"

namespace temper {
namespace {

/// What a slice of steps of one takes along each axis; a size of -1: all there is from there.
struct Block {
  std::vector<std::int64_t> begin, size;
};

/// The bound of a strided slice along an axis, counted from the start; nothing where the dim would have to be known.
std::optional<std::int64_t> bound_of(std::int64_t at, const Dim& dim) {
  if (dim.known()) return std::clamp<std::int64_t>(at < 0 ? at + dim.value() : at, 0, dim.value());
  return std::nullopt;
}

std::optional<Block> strided_block(const Rewriter& rewriter, const Node& node, const StridedSlice& slice) {
  const ShapeFact& shape = rewriter.fact(node.inputs[0]).shape;
  const auto begin = constant_integers(rewriter, node.inputs[1]);
  const auto end = constant_integers(rewriter, node.inputs[2]);
  const auto steps = constant_integers(rewriter, node.inputs[3]);
  if ((slice.ellipsis_mask | slice.new_axis_mask | slice.shrink_axis_mask) != 0 || !begin || !end || !steps) return std::nullopt;
  if (steps->size() > shape.rank() || begin->size() != steps->size() || end->size() != steps->size()) return std::nullopt;
  Block block{std::vector<std::int64_t>(shape.rank(), 0), std::vector<std::int64_t>(shape.rank(), -1)};
  for (std::size_t axis = 0; axis < steps->size(); ++axis) {
    if ((*steps)[axis] != 1) return std::nullopt;
    const bool from_start = ((slice.begin_mask >> axis) & 1) != 0 || (*begin)[axis] == 0;
    const bool to_end = ((slice.end_mask >> axis) & 1) != 0;
    if (from_start && to_end) continue;
    const auto first = from_start ? std::optional<std::int64_t>(0) : bound_of((*begin)[axis], shape[axis]);
    const auto last = bound_of(to_end ? std::numeric_limits<std::int64_t>::max() : (*end)[axis], shape[axis]);
    if (!first || !last || *last <= *first) return std::nullopt;
    block.begin[axis] = *first;
    if (*last != shape[axis].value() || *first != 0) block.size[axis] = *last - *first;
  }
  return block;
}

std::optional<Block> block_of(const Rewriter& rewriter, const Node& node) {
  const ShapeFact& shape = rewriter.fact(node.inputs[0]).shape;
  if (!shape.rank_known()) return std::nullopt;
  if (const auto* strided = node.op.as<StridedSlice>()) return strided_block(rewriter, node, *strided);
  const auto begin = constant_integers(rewriter, node.inputs[1]);
  const auto size = constant_integers(rewriter, node.inputs[2]);
  if (!begin || !size || begin->size() != shape.rank() || size->size() != shape.rank()) return std::nullopt;
  Block block{*begin, *size};
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    if (block.size[axis] == -1 && block.begin[axis] != 0) {
      if (!shape[axis].known()) return std::nullopt;
      block.size[axis] = shape[axis].value() - block.begin[axis];
    }
    if (block.begin[axis] < 0 || block.size[axis] < -1) return std::nullopt;
    if (block.begin[axis] == 0 && shape[axis].is(block.size[axis])) block.size[axis] = -1;
  }
  return block;
}

}  // namespace

/// Cuts before joining and before padding, where all that is cut out lies in one piece, and nothing else uses the whole.
///     slice(concat(a, b), from b)   =>   slice(b)
///     slice(pad(x), inside x)       =>   slice(x)
struct HoistSlices {
  static constexpr std::string_view kName = "hoist_slices";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.name() != "slice" && node.op.as<StridedSlice>() == nullptr) return skip();
    const Node* before = rewriter.producer(node.inputs[0]);
    const auto* concat = before == nullptr ? nullptr : before->op.as<Concat>();
    const bool padded = before != nullptr && before->op.name() == "pad";
    if (concat == nullptr && !padded) return skip();
    if (rewriter.use_count(node.inputs[0]) > 1) return skip("what is cut is used whole, or cut elsewhere, as well");
    auto block = block_of(rewriter, node);
    if (!block) return skip("what is cut out is not known");
    return padded ? before_pad(rewriter, node, *before, std::move(*block)) : before_concat(rewriter, node, *before, *concat, std::move(*block));
  }

 private:
  static Rewrite cut(Rewriter& rewriter, const Node& node, ValueId x, const Block& block) {
    return Rewriter::replace(node, rewriter.add("slice", {x, rewriter.add_constant(Tensor::vector<std::int64_t>(block.begin)), rewriter.add_constant(Tensor::vector<std::int64_t>(block.size))}));
  }

  static Rewrite before_concat(Rewriter& rewriter, const Node& node, const Node& join, const Concat& concat, Block block) {
    const std::size_t axis = normalise_axis(concat.axis, block.begin.size());
    if (block.size[axis] == -1) return skip("pieces are cut along another axis than they are joined");
    std::int64_t offset = 0;
    for (const ValueId piece : join.inputs) {
      const ShapeFact& shape = rewriter.fact(piece).shape;
      if (!shape.rank_known() || !shape[axis].known()) return skip("how long the pieces are is not known");
      const std::int64_t end = offset + shape[axis].value();
      if (block.begin[axis] >= offset && block.begin[axis] + block.size[axis] <= end && block.size[axis] > 0) {
        block.begin[axis] -= offset;
        return cut(rewriter, node, piece, block);
      }
      offset = end;
    }
    return skip("what is cut out lies in more than one piece");
  }

  static Rewrite before_pad(Rewriter& rewriter, const Node& node, const Node& pad, Block block) {
    const auto amounts = rewriter.constant(pad.inputs[1]);
    const ShapeFact& shape = rewriter.fact(pad.inputs[0]).shape;
    if (amounts == nullptr || !shape.rank_known() || shape.rank() != block.begin.size()) return skip("the paddings are computed");
    const auto paddings = amounts->to_int64s();
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
      const std::int64_t before = paddings.at(2 * axis), after = paddings.at(2 * axis + 1);
      if (before == 0 && after == 0) continue;
      block.begin[axis] -= before;
      const bool inside = block.size[axis] >= 0 && block.begin[axis] >= 0 && shape[axis].known() && block.begin[axis] + block.size[axis] <= shape[axis].value();
      if (!inside) return skip("what is cut out lies in the padding too");
    }
    return cut(rewriter, node, pad.inputs[0], block);
  }
};
REGISTER_PASS(HoistSlices);

}  // namespace temper
