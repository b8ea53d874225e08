#include "ops/nn/softmax.h"

#include <cmath>

#include "ops/nn/compute.h"

namespace temper {
namespace {

/// A row's elements lie `step` apart.
template <class T>
void softmax_row(const T* x, T* y, std::int64_t count, std::int64_t step, T largest) {
  T sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += y[i * step] = std::exp(x[i * step] - largest);
  const T factor = T(1) / sum;
  for (std::int64_t i = 0; i < count; ++i) y[i * step] *= factor;
}

template <class T>
void log_softmax_row(const T* x, T* y, std::int64_t count, std::int64_t step, T largest) {
  T sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += std::exp(x[i * step] - largest);
  const T logarithm = std::log(sum);
  for (std::int64_t i = 0; i < count; ++i) y[i * step] = x[i * step] - largest - logarithm;
}

/// Calls row(x, y, count, step, largest) with each row along `axis`.
template <class T>
Tensor for_rows(const Tensor& x, std::int64_t axis, auto&& row) {
  require(x.rank() >= 1, "needs at least 1 dimension, got {}", x);
  const std::size_t at = normalise_axis(axis, x.rank());
  Tensor out(x.dtype(), x.shape());
  if (x.elements() == 0) return out;
  const std::int64_t outer = x.shape().elements(0, at);
  const std::int64_t count = x.dim(at);
  const std::int64_t step = x.shape().elements(at + 1, x.rank());
  const T* from = x.data<T>().data();
  T* to = out.mutable_data<T>().data();
  for (std::int64_t o = 0; o < outer; ++o, from += count * step, to += count * step) {
    for (std::int64_t i = 0; i < step; ++i) {
      T largest = from[i];
      for (std::int64_t k = 1; k < count; ++k) largest = std::max(largest, from[i + k * step]);
      row(from + i, to + i, count, step, largest);
    }
  }
  return out;
}

Facts infer_like_input(std::span<const Fact> in, std::int64_t axis) {
  require_inputs(in, 1);
  require(is_float(in[0].dtype), "needs a float input, got {}", in[0].dtype);
  if (in[0].shape.rank_known()) {
    require(in[0].shape.rank() >= 1, "needs at least 1 dimension, got {}", in[0]);
    normalise_axis(axis, in[0].shape.rank());
  }
  return {{in[0].dtype, in[0].shape, {}}};
}

}  // namespace

Facts Softmax::infer(std::span<const Fact> in) const { return infer_like_input(in, axis); }

Tensors Softmax::reference(Inputs in) const {
  require_inputs(in, 1);
  return {visit_widened(in[0].dtype(), [&]<class T>(Type<T>) {
    return narrowed(for_rows<T>(widened(in[0]), axis, softmax_row<T>), in[0].dtype());
  })};
}
REGISTER_OP(Softmax);

Facts LogSoftmax::infer(std::span<const Fact> in) const { return infer_like_input(in, axis); }

Tensors LogSoftmax::reference(Inputs in) const {
  require_inputs(in, 1);
  return {visit_widened(in[0].dtype(), [&]<class T>(Type<T>) {
    return narrowed(for_rows<T>(widened(in[0]), axis, log_softmax_row<T>), in[0].dtype());
  })};
}
REGISTER_OP(LogSoftmax);

}  // namespace temper
