#include "ops/arrays/storage.h"

namespace temper {
namespace {

/// Blocks of the dims after the first, and how much each dim is padded (or cropped) on its two sides.
struct Blocks {
  std::array<std::int64_t, kMaxRank> size{};
  std::array<std::int64_t, kMaxRank> before{};
  std::array<std::int64_t, kMaxRank> after{};
  std::size_t count = 0;
  std::int64_t product = 1;

  Blocks(const Tensor& block_shape, const Tensor& sides) {
    const IndexList sizes(block_shape, "the block shape");
    const IndexList edges(sides, "the list of paddings or crops");
    count = sizes.size();
    const Shape wanted{static_cast<std::int64_t>(count), 2};
    require(block_shape.rank() == 1 && sides.shape() == wanted, "a block shape of {} goes with sides of shape {}, not {}",
            block_shape.shape(), wanted, sides.shape());
    require(count < kMaxRank, "blocks of {} dimensions are not supported", count);
    for (std::size_t i = 0; i < count; ++i) {
      size[i] = sizes[i];
      before[i] = edges[2 * i];
      after[i] = edges[2 * i + 1];
      require(size[i] > 0, "block size {} is {}", i, size[i]);
      constexpr std::int64_t kMost = std::int64_t{1} << 40;
      require(before[i] >= 0 && after[i] >= 0 && before[i] < kMost && after[i] < kMost, "sides of dimension {} are {} and {}",
              i + 1, before[i], after[i]);
      require(!__builtin_mul_overflow(product, size[i], &product) && product < kMost, "blocks are too large");
    }
  }

  /// Calls `body(block index, place within the block along each dim)` for every place of a block.
  void each_place(auto&& body) const {
    std::array<std::int64_t, kMaxRank> at{};
    for (std::int64_t block = 0; block < product; ++block) {
      body(block, at);
      for (std::size_t i = count; i-- > 0;) {
        if (++at[i] < size[i]) break;
        at[i] = 0;
      }
    }
  }
};

/// The steps k with 0 <= at + k * step - shift < dim.
struct Steps {
  std::int64_t first = 0;
  std::int64_t count = 0;

  Steps(std::int64_t at, std::int64_t step, std::int64_t shift, std::int64_t dim) {
    first = shift > at ? (shift - at + step - 1) / step : 0;
    const std::int64_t room = dim + shift - at;
    count = std::max<std::int64_t>((room > 0 ? (room + step - 1) / step : 0) - first, 0);
  }
};

/// Copies between a tensor of blocks (batch * places, positions..., rest) and a tensor of space (batch, dims..., rest), of
/// which `before` elements of a dim precede the first.
void copy_places(const Blocks& blocks, const Shape& block_shape, const Shape& space_shape, auto&& copy) {
  const std::int64_t batch = space_shape[0];
  blocks.each_place([&](std::int64_t block, const std::array<std::int64_t, kMaxRank>& at) {
    View in_blocks = View(block_shape).narrow(0, block * batch, batch);
    View in_space(space_shape);
    for (std::size_t i = 0; i < blocks.count; ++i) {
      const std::size_t axis = i + 1;
      const Steps steps(at[i], blocks.size[i], blocks.before[i], space_shape[axis]);
      const std::int64_t count = std::min(steps.count, std::max<std::int64_t>(block_shape[axis] - steps.first, 0));
      in_blocks.narrow(axis, steps.first, count);
      in_space.narrow(axis, at[i] + steps.first * blocks.size[i] - blocks.before[i], count);
      if (count > 1) in_space.strides[axis] *= blocks.size[i];
    }
    copy(in_blocks, in_space);
  });
}

/// Facts and errors that both directions share: x has a batch and the block's dims at least.
std::optional<Blocks> known_blocks(std::span<const Fact> in) {
  require_inputs(in, 3);
  require_integers(in[1], "the block shape");
  require_rank(in[1], 1, "the block shape");
  require_integers(in[2], "the list of paddings or crops");
  require_rank(in[2], 2, "the list of paddings or crops");
  if (!in[1].constant || !in[2].constant) return std::nullopt;
  return Blocks(*in[1].constant, *in[2].constant);
}

std::int64_t blocked(const Blocks& blocks, std::size_t i, std::int64_t dim) {
  const std::int64_t padded = dim + blocks.before[i] + blocks.after[i];
  require(padded % blocks.size[i] == 0, "dimension {} of {} when padded is no multiple of {}", i + 1, padded, blocks.size[i]);
  return padded / blocks.size[i];
}

std::int64_t spread(const Blocks& blocks, std::size_t i, std::int64_t dim) {
  std::int64_t size = 0;
  require(!__builtin_mul_overflow(dim, blocks.size[i], &size), "a dimension is too large");
  size -= blocks.before[i] + blocks.after[i];
  require(size >= 0, "dimension {} is cropped to {}", i + 1, size);
  return size;
}

void require_blocked_rank(std::size_t rank, const Blocks& blocks) {
  require(rank > blocks.count, "blocks of {} dimensions need a value of more, got {}", blocks.count, rank);
}

std::int64_t multiplied(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  require(!__builtin_mul_overflow(a, b, &result), "a dimension is too large");
  return result;
}

}  // namespace

/// The dims after the first padded with zeros and cut into blocks; each place within a block becomes a batch of its own:
/// y[p * batch + b, q..., r...] = padded x[b, q * block + p..., r...], p counted row-major.
/// Inputs: x, block shape [m], paddings [m, 2].
struct SpaceToBatch {
  static constexpr std::string_view kName = "space_to_batch";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    const auto blocks = known_blocks(in);
    ShapeFact shape = in[0].shape;
    if (!shape.rank_known()) return {fact_of(in[0].dtype, {})};
    if (!blocks) return {fact_of(in[0].dtype, ShapeFact::of_rank(shape.rank()))};
    require_blocked_rank(shape.rank(), *blocks);
    shape.set(0, map_dims([&](std::int64_t dim) { return multiplied(dim, blocks->product); }, shape[0]));
    for (std::size_t i = 0; i < blocks->count; ++i) {
      shape.set(i + 1, map_dims([&](std::int64_t dim) { return blocked(*blocks, i, dim); }, shape[i + 1]));
    }
    return {fact_of(in[0].dtype, shape)};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    const Tensor& x = in[0];
    const Blocks blocks(in[1], in[2]);
    require_blocked_rank(x.rank(), blocks);
    Shape shape = x.shape();
    shape.set(0, multiplied(x.dim(0), blocks.product));
    for (std::size_t i = 0; i < blocks.count; ++i) shape.set(i + 1, blocked(blocks, i, x.dim(i + 1)));
    TensorWriter out(x.dtype(), shape);
    out.clear();
    if (x.elements() == 0 || out.elements() == 0) return {out.take()};
    copy_places(blocks, shape, x.shape(), [&](const View& in_blocks, const View& in_space) {
      copy_view(x.dtype(), storage(x), in_space, out.storage(), in_blocks);
    });
    return {out.take()};
  }
};
REGISTER_OP(SpaceToBatch);

/// Undoes space_to_batch; what it padded is cropped. Inputs: x, block shape [m], crops [m, 2].
struct BatchToSpace {
  static constexpr std::string_view kName = "batch_to_space";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    const auto blocks = known_blocks(in);
    ShapeFact shape = in[0].shape;
    if (!shape.rank_known()) return {fact_of(in[0].dtype, {})};
    if (!blocks) return {fact_of(in[0].dtype, ShapeFact::of_rank(shape.rank()))};
    require_blocked_rank(shape.rank(), *blocks);
    shape.set(0, map_dims([&](std::int64_t dim) { return batch_of(*blocks, dim); }, shape[0]));
    for (std::size_t i = 0; i < blocks->count; ++i) {
      shape.set(i + 1, map_dims([&](std::int64_t dim) { return spread(*blocks, i, dim); }, shape[i + 1]));
    }
    return {fact_of(in[0].dtype, shape)};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    const Tensor& x = in[0];
    const Blocks blocks(in[1], in[2]);
    require_blocked_rank(x.rank(), blocks);
    Shape shape = x.shape();
    shape.set(0, batch_of(blocks, x.dim(0)));
    for (std::size_t i = 0; i < blocks.count; ++i) shape.set(i + 1, spread(blocks, i, x.dim(i + 1)));
    TensorWriter out(x.dtype(), shape);
    if (out.elements() == 0) return {out.take()};
    copy_places(blocks, x.shape(), shape, [&](const View& in_blocks, const View& in_space) {
      copy_view(x.dtype(), storage(x), in_blocks, out.storage(), in_space);
    });
    return {out.take()};
  }

 private:
  static std::int64_t batch_of(const Blocks& blocks, std::int64_t dim) {
    require(dim % blocks.product == 0, "a batch of {} is no multiple of the {} places of a block", dim, blocks.product);
    return dim / blocks.product;
  }
};
REGISTER_OP(BatchToSpace);

}  // namespace temper
