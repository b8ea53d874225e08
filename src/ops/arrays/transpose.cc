#include "ops/arrays/transpose.h"

#include "ops/arrays/storage.h"

namespace temper {
namespace {

/// The entries of perm counted from the start. Throws ModelError where it is no permutation of `rank` dims.
std::array<std::size_t, kMaxRank> checked_perm(std::span<const std::int64_t> perm, std::size_t rank) {
  require(perm.size() == rank, "a permutation of {} dimensions is given for a value of {}", perm.size(), rank);
  std::array<std::size_t, kMaxRank> axes{};
  std::array<bool, kMaxRank> seen{};
  for (std::size_t i = 0; i < rank; ++i) {
    axes[i] = normalise_axis(perm[i], rank);
    require(!seen[axes[i]], "[{}] is not a permutation: {} comes twice", fmt::join(perm, ","), perm[i]);
    seen[axes[i]] = true;
  }
  return axes;
}

Facts permuted(const Fact& x, std::span<const std::int64_t> perm) {
  require_rank(x, perm.size(), "a transposed value");
  require(perm.size() <= kMaxRank, "a permutation of {} dimensions is not supported", perm.size());
  ShapeFact shape = ShapeFact::of_rank(perm.size());
  const auto axes = checked_perm(perm, perm.size());
  for (std::size_t i = 0; i < perm.size() && x.shape.rank_known(); ++i) shape.set(i, x.shape[axes[i]]);
  return {fact_of(x.dtype, shape)};
}

Tensor permuted(const Tensor& x, std::span<const std::int64_t> perm) {
  const auto axes = checked_perm(perm, x.rank());
  const View whole(x.shape());
  View view;
  Shape shape;
  for (std::size_t i = 0; i < x.rank(); ++i) {
    view.add(x.dim(axes[i]), whole.strides[axes[i]]);
    shape.push_back(x.dim(axes[i]));
  }
  return read_view(x, view, shape);
}

}  // namespace

Facts Transpose::infer(std::span<const Fact> in) const {
  require_inputs(in, 1);
  return permuted(in[0], perm);
}

Tensors Transpose::reference(Inputs in) const {
  require_inputs(in, 1);
  return {permuted(in[0], perm)};
}
REGISTER_OP(Transpose);

/// transpose by a permutation that is only known when the graph runs. Inputs: x, perm.
struct TransposeBy {
  static constexpr std::string_view kName = "transpose_by";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_integers(in[1], "the permutation");
    require_rank(in[1], 1, "the permutation");
    if (in[1].constant) return permuted(in[0], IndexList(*in[1].constant, "the permutation").values());
    if (in[0].shape.rank_known()) return {fact_of(in[0].dtype, ShapeFact::of_rank(in[0].shape.rank()))};
    return {fact_of(in[0].dtype, shape_from_elements(in[1]))};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require(in[1].rank() == 1, "the permutation has {} dimensions, not 1", in[1].rank());
    return {permuted(in[0], IndexList(in[1], "the permutation").values())};
  }
};
REGISTER_OP(TransposeBy);

}  // namespace temper
