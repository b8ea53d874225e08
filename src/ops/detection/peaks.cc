#include "ops/detection/peaks.h"

#include "ops/nn/pool.h"

namespace temper {
namespace {

void check(const Peaks& op, const Fact& x) {
  require(x.dtype == DType::kFloat32, "needs a float32 input, got {}", x.dtype);
  require(!x.shape.rank_known() || x.shape.rank() == 4, "needs pictures of 4 dimensions, got {}", x);
  require(op.kernel.size() == 2 && op.kernel[0] > 0 && op.kernel[1] > 0, "the window is of sizes [{}], not two above 0", fmt::join(op.kernel, ","));
}

}  // namespace

Facts Peaks::infer(std::span<const Fact> in) const {
  require_inputs(in, 1);
  check(*this, in[0]);
  return {{in[0].dtype, in[0].shape.rank_known() ? in[0].shape : ShapeFact::of_rank(4), {}}};
}

Tensors Peaks::reference(Inputs in) const {
  require_inputs(in, 1);
  check(*this, Fact{in[0].dtype(), in[0].shape(), {}});
  MaxPool pool;
  pool.kernel = kernel;
  pool.strides = {1, 1};
  pool.padding = Padding::kSame;
  const Tensor largest = pool.reference(in)[0];
  Tensor y(DType::kFloat32, in[0].shape());
  const auto x = in[0].data<float>();
  for (std::size_t i = 0; i < x.size(); ++i) y.mutable_data<float>()[i] = x[i] * (x[i] == largest.data<float>()[i] ? 1.0F : 0.0F);
  return {std::move(y)};
}
REGISTER_OP(Peaks);

}  // namespace temper
