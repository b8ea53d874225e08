#include "ops/arrays/storage.h"

namespace temper {
namespace {

/// Dims and their counts along each, read from a tensor.
void require_vector(const Fact& fact, std::string_view what) {
  require_integers(fact, what);
  require_rank(fact, 1, what);
}

}  // namespace

/// x repeated multiples[i] times along each dim i. Inputs: x, multiples (integers, one a dim).
struct Tile {
  static constexpr std::string_view kName = "tile";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_vector(in[1], "the list of multiples");
    ShapeFact shape = in[0].shape;
    if (!shape.rank_known()) return {fact_of(in[0].dtype, shape_from_elements(fact_of(in[1].dtype, in[1].shape)))};
    if (in[1].shape.rank_known()) unify(in[1].shape[0], static_cast<std::int64_t>(shape.rank()), "the number of multiples");
    if (!in[1].constant) return {fact_of(in[0].dtype, ShapeFact::of_rank(shape.rank()))};
    const IndexList multiples(*in[1].constant, "the list of multiples");
    for (std::size_t i = 0; i < shape.rank(); ++i) {
      shape.set(i, map_dims([&](std::int64_t dim) { return product(dim, multiples[i]); }, shape[i]));
    }
    return {fact_of(in[0].dtype, shape)};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    const Tensor& x = in[0];
    const IndexList multiples(in[1], "the list of multiples");
    require(in[1].rank() == 1 && multiples.size() == x.rank(), "{} multiples are given for shape {}", multiples.size(),
            x.shape());
    const View whole(x.shape());
    View view;
    Shape shape;
    for (std::size_t i = 0; i < x.rank(); ++i) {
      shape.push_back(product(x.dim(i), multiples[i]));
      view.add(multiples[i], 0);
      view.add(x.dim(i), whole.strides[i]);
    }
    return {read_view(x, view, shape)};
  }

 private:
  static std::int64_t product(std::int64_t dim, std::int64_t times) {
    std::int64_t result = 0;
    require(times >= 0 && !__builtin_mul_overflow(dim, times, &result), "a dimension of {} cannot be repeated {} times", dim,
            times);
    return result;
  }
};
REGISTER_OP(Tile);

/// x repeated along its dims of 1, and along new dims before its first, so that it takes the dims that `shape` lists.
/// Inputs: x, shape.
struct BroadcastTo {
  static constexpr std::string_view kName = "broadcast_to";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_vector(in[1], "the shape");
    ShapeFact shape = shape_from_elements(in[1]);
    if (!shape.rank_known() || !in[0].shape.rank_known()) return {fact_of(in[0].dtype, shape)};
    const ShapeFact& from = in[0].shape;
    require(from.rank() <= shape.rank(), "shape {} cannot be broadcast to {} dimensions", from, shape.rank());
    for (std::size_t i = 0; i < from.rank(); ++i) {
      const std::size_t at = i + shape.rank() - from.rank();
      if (from[i].is(1)) continue;
      require(!from[i].known() || !shape[at].known() || from[i] == shape[at], "shape {} cannot be broadcast to {}", from, shape);
      if (from[i].known()) shape.set(at, from[i]);
    }
    return {fact_of(in[0].dtype, shape)};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    const Tensor& x = in[0];
    const Shape shape(IndexList(in[1], "the shape").values());
    require(in[1].rank() == 1, "a shape of {} dimensions is given, not 1", in[1].rank());
    bool fits = x.rank() <= shape.rank();
    for (std::size_t i = 0; fits && i < x.rank(); ++i) {
      fits = x.dim(i) == 1 || x.dim(i) == shape[i + shape.rank() - x.rank()];
    }
    require(fits, "shape {} cannot be broadcast to {}", x.shape(), shape);
    const auto strides = broadcast_strides(x.shape(), shape);
    View view;
    for (std::size_t i = 0; i < shape.rank(); ++i) view.add(shape[i], strides[i]);
    return {read_view(x, view, shape)};
  }
};
REGISTER_OP(BroadcastTo);

}  // namespace temper
