#include "ops/arrays/storage.h"

namespace temper {
namespace {

void require_block(std::int64_t block) { require(block > 0 && block < (1 << 20), "a block size of {} is not possible", block); }

std::int64_t divided(std::int64_t dim, std::int64_t by, std::size_t axis) {
  require(dim % by == 0, "dimension {} of {} is no multiple of {}", axis, dim, by);
  return dim / by;
}

std::int64_t multiplied(std::int64_t dim, std::int64_t by) {
  std::int64_t result = 0;
  require(!__builtin_mul_overflow(dim, by, &result), "a dimension of {} is too large", dim);
  return result;
}

}  // namespace

/// y[n, h, w, (i * block + j) * c + k] = x[n, h * block + i, w * block + j, k], for x of [n, height, width, c].
struct SpaceToDepth {
  static constexpr std::string_view kName = "space_to_depth";

  std::int64_t block = 1;

  static void fields(auto& self, auto&& field) { field("block", self.block); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require_block(block);
    require_rank(in[0], 4, "the input");
    ShapeFact shape = in[0].shape.rank_known() ? in[0].shape : ShapeFact::of_rank(4);
    for (const std::size_t axis : {1U, 2U}) {
      shape.set(axis, map_dims([&](std::int64_t dim) { return divided(dim, block, axis); }, shape[axis]));
    }
    shape.set(3, map_dims([&](std::int64_t dim) { return multiplied(dim, block * block); }, shape[3]));
    return {fact_of(in[0].dtype, shape)};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    require_block(block);
    require_rank(in[0], 4, "the input");
    const Shape& from = in[0].shape();
    const Shape shape{from[0], divided(from[1], block, 1), divided(from[2], block, 2), multiplied(from[3], block * block)};
    const auto strides = from.strides();
    View view;
    view.add(shape[0], strides[0]);
    view.add(shape[1], strides[1] * block);
    view.add(shape[2], strides[2] * block);
    view.add(block, strides[1]);
    view.add(block, strides[2]);
    view.add(from[3], 1);
    return {read_view(in[0], view, shape)};
  }
};
REGISTER_OP(SpaceToDepth);

/// y[n, h * block + i, w * block + j, k] = x[n, h, w, (i * block + j) * c + k], for x of [n, height, width, block^2 * c].
struct DepthToSpace {
  static constexpr std::string_view kName = "depth_to_space";

  std::int64_t block = 1;

  static void fields(auto& self, auto&& field) { field("block", self.block); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require_block(block);
    require_rank(in[0], 4, "the input");
    ShapeFact shape = in[0].shape.rank_known() ? in[0].shape : ShapeFact::of_rank(4);
    for (const std::size_t axis : {1U, 2U}) {
      shape.set(axis, map_dims([&](std::int64_t dim) { return multiplied(dim, block); }, shape[axis]));
    }
    shape.set(3, map_dims([&](std::int64_t dim) { return divided(dim, block * block, 3); }, shape[3]));
    return {fact_of(in[0].dtype, shape)};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    require_block(block);
    require_rank(in[0], 4, "the input");
    const Shape& from = in[0].shape();
    const std::int64_t depth = divided(from[3], block * block, 3);
    const Shape shape{from[0], multiplied(from[1], block), multiplied(from[2], block), depth};
    const auto strides = from.strides();
    View view;
    view.add(from[0], strides[0]);
    view.add(from[1], strides[1]);
    view.add(block, block * depth);
    view.add(from[2], strides[2]);
    view.add(block, depth);
    view.add(depth, 1);
    return {read_view(in[0], view, shape)};
  }
};
REGISTER_OP(DepthToSpace);

}  // namespace temper
