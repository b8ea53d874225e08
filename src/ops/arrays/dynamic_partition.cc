#include "ops/arrays/storage.h"

namespace temper {

/// The slices of x sorted into `parts` lists, in order: slice i goes to list partitions[i...]. Partitions' dims are the
/// first dims of x. Inputs: x, partitions (integers).
struct DynamicPartition {
  static constexpr std::string_view kName = "dynamic_partition";

  std::int64_t parts = 1;

  static void fields(auto& self, auto&& field) { field("parts", self.parts); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_integers(in[1], "the tensor of partitions");
    require(parts > 0 && parts <= (1 << 20), "cannot make {} parts", parts);
    ShapeFact shape;
    if (in[0].shape.rank_known() && in[1].shape.rank_known()) {
      const std::vector<Dim>& all = in[0].shape.dims();
      const std::size_t used = in[1].shape.rank();
      require(used <= all.size(), "partitions of shape {} do not fit {}", in[1].shape, in[0].shape);
      for (std::size_t i = 0; i < used; ++i) unify(all[i], in[1].shape[i], "a dimension");
      std::vector<Dim> dims(1);
      dims.insert(dims.end(), all.begin() + static_cast<std::ptrdiff_t>(used), all.end());
      shape = ShapeFact(std::move(dims));
    }
    return Facts(static_cast<std::size_t>(parts), fact_of(in[0].dtype, shape));
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require(parts > 0 && parts <= (1 << 20), "cannot make {} parts", parts);
    const Tensor& x = in[0];
    const std::size_t used = in[1].rank();
    bool fits = used <= x.rank();
    for (std::size_t i = 0; fits && i < used; ++i) fits = x.dim(i) == in[1].dim(i);
    require(fits, "partitions of shape {} do not fit {}", in[1].shape(), x.shape());
    const Indices partitions(in[1]);
    std::vector<std::int64_t> counts(static_cast<std::size_t>(parts));
    for (std::int64_t i = 0; i < in[1].elements(); ++i) {
      const std::int64_t part = partitions[i];
      require(part >= 0 && part < parts, "partition {} at position {} is outside {}", part, i, parts);
      ++counts[static_cast<std::size_t>(part)];
    }
    std::vector<TensorWriter> lists;
    for (const std::int64_t count : counts) {
      Shape shape{count};
      for (std::size_t i = used; i < x.rank(); ++i) shape.push_back(x.dim(i));
      lists.emplace_back(x.dtype(), shape);
    }
    const std::int64_t run = x.shape().elements(used, x.rank());
    std::vector<std::int64_t> filled(counts.size());
    if (run > 0) {
      visit_storage(x.dtype(), [&]<class T>(Type<T>) {
        const T* from = static_cast<const T*>(storage(x));
        for (std::int64_t i = 0; i < in[1].elements(); ++i, from += run) {
          const auto part = static_cast<std::size_t>(partitions[i]);
          copy_run(from, static_cast<T*>(lists[part].storage()) + run * filled[part]++, run);
        }
      });
    }
    Tensors out;
    for (TensorWriter& list : lists) out.push_back(list.take());
    return out;
  }
};
REGISTER_OP(DynamicPartition);

/// One tensor of slices that lie in several: y[indices[k][i...], :] = data[k][i..., :], later ones winning; 0 where no index
/// points. y has as many slices as the largest index needs. Inputs: n tensors of indices, then n of data.
struct DynamicStitch {
  static constexpr std::string_view kName = "dynamic_stitch";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require(!in.empty() && in.size() % 2 == 0, "takes as many tensors of indices as of data, got {} inputs", in.size());
    const std::size_t n = in.size() / 2;
    ShapeFact slice;
    Dim rows = 0;
    for (std::size_t k = 0; k < n; ++k) {
      const Fact& indices = in[k];
      const Fact& data = in[n + k];
      require_integers(indices, "the tensor of indices");
      require_same_dtype(data, in[n]);
      rows = indices.constant ? map_dims([&](std::int64_t a) { return std::max(a, needed(*indices.constant)); }, rows) : Dim();
      if (!indices.shape.rank_known() || !data.shape.rank_known()) continue;
      require(indices.shape.rank() <= data.shape.rank(), "indices of shape {} do not fit data of {}", indices.shape, data.shape);
      const auto first = data.shape.dims().begin() + static_cast<std::ptrdiff_t>(indices.shape.rank());
      std::vector<Dim> dims(first, data.shape.dims().end());
      if (slice.rank_known()) {
        require(slice.rank() == dims.size(), "slices of {} and {} dimensions are put together", slice.rank(), dims.size());
        for (std::size_t i = 0; i < dims.size(); ++i) dims[i] = unify(slice[i], dims[i], "a dimension");
      }
      slice = ShapeFact(std::move(dims));
    }
    if (!slice.rank_known()) return {fact_of(in[n].dtype, {})};
    std::vector<Dim> dims = slice.dims();
    dims.insert(dims.begin(), rows);
    return {fact_of(in[n].dtype, ShapeFact(std::move(dims)))};
  }

  Tensors reference(Inputs in) const {
    require(!in.empty() && in.size() % 2 == 0, "takes as many tensors of indices as of data, got {} inputs", in.size());
    const std::size_t n = in.size() / 2;
    std::int64_t rows = 0;
    for (const Tensor& indices : in.first(n)) rows = std::max(rows, needed(indices));
    Shape shape{rows};
    for (std::size_t i = in[0].rank(); i < in[n].rank(); ++i) shape.push_back(in[n].dim(i));
    for (std::size_t k = 0; k < n; ++k) check_data(in[k], in[n + k], in[n].dtype(), shape);
    TensorWriter out(in[n].dtype(), shape);
    out.clear();
    if (out.elements() == 0) return {out.take()};
    const std::int64_t run = shape.elements(1, shape.rank());
    visit_storage(out.dtype(), [&]<class T>(Type<T>) {
      T* to = static_cast<T*>(out.storage());
      for (std::size_t k = 0; k < n; ++k) {
        const Indices indices(in[k]);
        const T* from = static_cast<const T*>(storage(in[n + k]));
        for (std::int64_t i = 0; i < in[k].elements(); ++i) copy_run(from + i * run, to + indices[i] * run, run);
      }
    });
    return {out.take()};
  }

 private:
  /// How many slices the indices need.
  static std::int64_t needed(const Tensor& tensor) {
    const Indices indices(tensor);
    std::int64_t rows = 0;
    for (std::int64_t i = 0; i < tensor.elements(); ++i) {
      require(indices[i] >= 0 && indices[i] < (std::int64_t{1} << 40), "index {} at position {} is out of range", indices[i], i);
      rows = std::max(rows, indices[i] + 1);
    }
    return rows;
  }

  static void check_data(const Tensor& indices, const Tensor& data, DType dtype, const Shape& shape) {
    bool fits = data.dtype() == dtype && data.rank() + 1 == indices.rank() + shape.rank();
    for (std::size_t i = 0; fits && i < data.rank(); ++i) {
      fits = data.dim(i) == (i < indices.rank() ? indices.dim(i) : shape[i + 1 - indices.rank()]);
    }
    if (!fits) throw ModelError(fmt::format("indices {} do not fit data {}", describe(indices), describe(data)));
  }
};
REGISTER_OP(DynamicStitch);

}  // namespace temper
