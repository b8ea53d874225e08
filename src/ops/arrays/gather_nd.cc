#include "ops/arrays/gather_nd.h"

namespace temper {

Coordinates::Coordinates(const Shape& indices, const Shape& target) {
  require(indices.rank() > 0, "indices are a scalar; they need at least one dimension");
  depth = indices[indices.rank() - 1];
  require(depth <= static_cast<std::int64_t>(target.rank()), "indices of {} coordinates are used on shape {}", depth, target);
  count = indices.elements(0, indices.rank() - 1);
  run = target.elements(static_cast<std::size_t>(depth), target.rank());
}

void Coordinates::refuse(const Indices& indices, std::int64_t i, const Shape& target) const {
  std::vector<std::int64_t> row;
  for (std::int64_t k = 0; k < depth; ++k) row.push_back(indices[i * depth + k]);
  throw ModelError(fmt::format("index [{}] at position {} is outside shape {}", fmt::join(row, ","), i, target));
}

/// y[i..., :] = x[indices[i..., 0], ..., indices[i..., K - 1], :]: slices of x named by coordinates.
/// Throws ModelError on coordinates outside x, unless `ignore_bad`: then y is 0 there. Inputs: x, indices (integers).
struct GatherNd {
  static constexpr std::string_view kName = "gather_nd";

  bool ignore_bad = false;

  static void fields(auto& self, auto&& field) { field("ignore_bad", self.ignore_bad); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_integers(in[1], "the tensor of indices");
    const ShapeFact& x = in[0].shape;
    const ShapeFact& indices = in[1].shape;
    if (!indices.rank_known() || !x.rank_known()) return {fact_of(in[0].dtype, {})};
    require(indices.rank() > 0, "indices are a scalar; they need at least one dimension");
    const Dim depth = indices[indices.rank() - 1];
    if (!depth.known()) return {fact_of(in[0].dtype, {})};
    require(depth.value() <= static_cast<std::int64_t>(x.rank()), "indices of {} coordinates are used on shape {}",
            depth.value(), x);
    std::vector<Dim> dims(indices.dims().begin(), indices.dims().end() - 1);
    for (auto i = static_cast<std::size_t>(depth.value()); i < x.rank(); ++i) dims.push_back(x[i]);
    return {fact_of(in[0].dtype, ShapeFact(std::move(dims)))};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    const Tensor& x = in[0];
    const Indices indices(in[1]);
    const Coordinates rows(in[1].shape(), x.shape());
    Shape shape;
    for (std::size_t i = 0; i + 1 < in[1].rank(); ++i) shape.push_back(in[1].dim(i));
    for (auto i = static_cast<std::size_t>(rows.depth); i < x.rank(); ++i) shape.push_back(x.dim(i));
    TensorWriter out(x.dtype(), shape);
    if (ignore_bad) out.clear();
    if (out.elements() == 0) return {out.take()};
    visit_storage(x.dtype(), [&]<class T>(Type<T>) {
      const T* from = static_cast<const T*>(storage(x));
      T* to = static_cast<T*>(out.storage());
      for (std::int64_t i = 0; i < rows.count; ++i, to += rows.run) {
        const std::int64_t offset = rows.offset(indices, i, x.shape());
        if (offset >= 0) copy_run(from + offset, to, rows.run);
        else if (!ignore_bad) rows.refuse(indices, i, x.shape());
      }
    });
    return {out.take()};
  }
};
REGISTER_OP(GatherNd);

}  // namespace temper
