#include "ops/arrays/gather.h"

#include "ops/arrays/at_axis.h"

namespace temper {
namespace {

struct Axes {
  std::size_t axis = 0;
  std::size_t batch = 0;
};

Axes checked_axes(const Gather& op, std::size_t rank, std::size_t index_rank) {
  const std::size_t axis = normalise_axis(op.axis, rank);
  const auto signed_rank = static_cast<std::int64_t>(index_rank);
  const std::int64_t batch = op.batch_dims < 0 ? op.batch_dims + signed_rank : op.batch_dims;
  require(batch >= 0 && batch <= signed_rank && batch <= static_cast<std::int64_t>(axis),
          "{} batch dimensions do not fit axis {} and indices of {} dimensions", op.batch_dims, axis, index_rank);
  return {axis, static_cast<std::size_t>(batch)};
}

/// How much lies before, within and after the axis.
struct Extent {
  std::int64_t batch = 1;
  std::int64_t outer = 1;
  std::int64_t dim = 1;
  std::int64_t count = 1;  ///< indices of one batch item
  std::int64_t run = 1;
};

template <class T>
void gather_runs(const T* from, T* to, const Extent& extent, const Indices& indices) {
  for (std::int64_t b = 0; b < extent.batch; ++b) {
    for (std::int64_t o = 0; o < extent.outer; ++o, from += extent.dim * extent.run) {
      for (std::int64_t i = 0; i < extent.count; ++i, to += extent.run) {
        copy_run(from + indices[b * extent.count + i] * extent.run, to, extent.run);
      }
    }
  }
}

void check_indices(const Indices& indices, std::int64_t count, std::int64_t dim) {
  for (std::int64_t i = 0; i < count; ++i) {
    if (const std::int64_t index = indices[i]; index < 0 || index >= dim) {
      throw ModelError(fmt::format("index {} at position {} is outside a dimension of {}", index, i, dim));
    }
  }
}

}  // namespace

Facts Gather::infer(std::span<const Fact> in) const {
  require_inputs(in, 2);
  require_integers(in[1], "the tensor of indices");
  if (!in[0].shape.rank_known() || !in[1].shape.rank_known()) return {fact_of(in[0].dtype, {})};
  const ShapeFact& x = in[0].shape;
  const ShapeFact& indices = in[1].shape;
  const auto [at, batch] = checked_axes(*this, x.rank(), indices.rank());
  std::vector<Dim> dims(x.dims().begin(), x.dims().begin() + static_cast<std::ptrdiff_t>(at));
  for (std::size_t i = 0; i < batch; ++i) dims[i] = unify(dims[i], indices[i], "a batch dimension");
  for (std::size_t i = batch; i < indices.rank(); ++i) dims.push_back(indices[i]);
  for (std::size_t i = at + 1; i < x.rank(); ++i) dims.push_back(x[i]);
  return {fact_of(in[0].dtype, ShapeFact(std::move(dims)))};
}

Tensors Gather::reference(Inputs in) const {
  require_inputs(in, 2);
  const Tensor& x = in[0];
  const Indices indices(in[1]);
  const auto [at, batch] = checked_axes(*this, x.rank(), in[1].rank());
  Shape shape;
  for (std::size_t i = 0; i < at; ++i) {
    require(i >= batch || x.dim(i) == in[1].dim(i), "batch dimensions of {} and {} differ", x.shape(), in[1].shape());
    shape.push_back(x.dim(i));
  }
  for (std::size_t i = batch; i < in[1].rank(); ++i) shape.push_back(in[1].dim(i));
  for (std::size_t i = at + 1; i < x.rank(); ++i) shape.push_back(x.dim(i));
  if (shape.elements() == 0) return {TensorWriter(x.dtype(), shape).take()};
  check_indices(indices, in[1].elements(), x.dim(at));
  const Extent extent{x.shape().elements(0, batch), x.shape().elements(batch, at), x.dim(at),
                      in[1].shape().elements(batch, in[1].rank()), x.shape().elements(at + 1, x.rank())};
  if (extent.batch * extent.outer * extent.count == 1 && x.dtype() != DType::kString) {  // one run is shared
    return {x.reshaped(Shape{x.elements()}).rows(indices[0] * extent.run, extent.run).reshaped(shape)};
  }
  TensorWriter out(x.dtype(), shape);
  visit_storage(x.dtype(), [&]<class T>(Type<T>) {
    gather_runs(static_cast<const T*>(storage(x)), static_cast<T*>(out.storage()), extent, indices);
  });
  return {out.take()};
}
REGISTER_OP(Gather);

/// gather along an axis that is the last input.
struct GatherAt : AtAxis<Gather> {
  static constexpr std::string_view kName = "gather_at";
};
REGISTER_OP(GatherAt);

}  // namespace temper
