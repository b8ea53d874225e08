#include <cstring>

#include "ops/detection/multiclass_nms.h"

namespace temper {

Facts GatherOrZero::infer(std::span<const Fact> in) const {
  require_inputs(in, 2);
  require(size_of(in[0].dtype) > 0, "rows of {} are not of numbers", in[0].dtype);
  require(in[1].dtype == DType::kInt32, "indices are {}, not int32", in[1].dtype);
  require_rank(in[1], 2, "the index");
  if (!in[0].shape.rank_known()) return {{in[0].dtype, {}, {}}};
  require(in[0].shape.rank() >= 2, "rows of {} have no index", in[0]);
  std::vector<Dim> dims = in[0].shape.dims();
  dims[1] = in[1].shape.rank_known() ? in[1].shape[1] : Dim();
  if (in[1].shape.rank_known() && !dims[0].known()) dims[0] = in[1].shape[0];
  return {{in[0].dtype, ShapeFact(std::move(dims)), {}}};
}

Tensors GatherOrZero::reference(Inputs in) const {
  require_inputs(in, 2);
  const Tensor& x = in[0];
  const Tensor& index = in[1];
  infer(std::array{Fact{x.dtype(), x.shape(), {}}, Fact{index.dtype(), index.shape(), {}}});
  require(index.dim(0) == x.dim(0), "indices of shape {} are not of {}", index.shape(), x);
  Shape shape = x.shape();
  shape.set(1, index.dim(1));
  Tensor y = Tensor::zeros(x.dtype(), shape);
  if (y.elements() == 0) return {std::move(y)};
  const std::size_t row = y.size_bytes() / static_cast<std::size_t>(index.elements());
  const auto rows = index.data<std::int32_t>();
  std::byte* to = y.mutable_bytes().data();
  for (std::size_t i = 0; i < rows.size(); ++i, to += row) {
    require(rows[i] < x.dim(1), "index {} is outside of {} rows", rows[i], x.dim(1));
    if (rows[i] < 0) continue;
    const auto picture = static_cast<std::int64_t>(i) / index.dim(1);
    std::memcpy(to, x.bytes().data() + static_cast<std::size_t>(picture * x.dim(1) + rows[i]) * row, row);
  }
  return {std::move(y)};
}
REGISTER_OP(GatherOrZero);

}  // namespace temper
