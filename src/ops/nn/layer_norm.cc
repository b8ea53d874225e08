#include "ops/nn/layer_norm.h"

#include <cmath>

#include "ops/nn/compute.h"

namespace temper {
namespace {

void require_rows(const Fact& x) {
  require(is_float(x.dtype), "needs a float input, got {}", x.dtype);
  require(!x.shape.rank_known() || x.shape.rank() >= 1, "needs at least 1 dimension, got {}", x);
}

/// Calls body(x, y, columns) with each row along the last axis, as T.
template <class T, class Body>
Tensor for_rows(const Tensor& x, Body&& body) {
  Tensor out(x.dtype(), x.shape());
  if (x.elements() == 0) return out;
  const auto columns = static_cast<std::size_t>(x.dim(x.rank() - 1));
  const auto from = x.data<T>();
  const auto to = out.mutable_data<T>();
  for (std::size_t at = 0; at < from.size(); at += columns) body(from.subspan(at, columns), to.subspan(at, columns));
  return out;
}

template <class T>
void normalise(std::span<const T> x, std::span<T> y, std::span<const T> scale, std::span<const T> offset, T epsilon) {
  double sum = 0, squares = 0;
  for (const T each : x) sum += static_cast<double>(each);
  const double mean = sum / static_cast<double>(x.size());
  for (const T each : x) squares += (static_cast<double>(each) - mean) * (static_cast<double>(each) - mean);
  const double factor = 1 / std::sqrt(squares / static_cast<double>(x.size()) + static_cast<double>(epsilon));
  for (std::size_t c = 0; c < x.size(); ++c) y[c] = static_cast<T>((static_cast<double>(x[c]) - mean) * factor) * scale[c] + offset[c];
}

}  // namespace

Facts LayerNorm::infer(std::span<const Fact> in) const {
  require_inputs(in, 3);
  require_rows(in[0]);
  Dim channels = dim_of(in[0], -1);
  for (const Fact& parameter : in.subspan(1)) {
    require_same_dtype(in[0], parameter);
    require_vector(parameter, channels, "a parameter");
    channels = agreed(channels, dim_of(parameter, 0), "the number of channels");
  }
  ShapeFact shape = in[0].shape;
  if (shape.rank_known()) shape.set(shape.rank() - 1, channels);
  return {{in[0].dtype, shape, {}}};
}

Tensors LayerNorm::reference(Inputs in) const {
  require_inputs(in, 3);
  infer(std::array{Fact{in[0].dtype(), in[0].shape(), {}}, Fact{in[1].dtype(), in[1].shape(), {}}, Fact{in[2].dtype(), in[2].shape(), {}}});
  return {visit_widened(in[0].dtype(), [&]<class T>(Type<T>) {
    const Tensor scale = widened(in[1]);
    const Tensor offset = widened(in[2]);
    return narrowed(for_rows<T>(widened(in[0]), [&](std::span<const T> x, std::span<T> y) {
      normalise<T>(x, y, scale.data<T>(), offset.data<T>(), static_cast<T>(epsilon));
    }), in[0].dtype());
  })};
}
REGISTER_OP(LayerNorm);

Facts L2Normalise::infer(std::span<const Fact> in) const {
  require_inputs(in, 1);
  require_rows(in[0]);
  return {{in[0].dtype, in[0].shape, {}}};
}

Tensors L2Normalise::reference(Inputs in) const {
  require_inputs(in, 1);
  infer(std::array{Fact{in[0].dtype(), in[0].shape(), {}}});
  return {visit_widened(in[0].dtype(), [&]<class T>(Type<T>) {
    return narrowed(for_rows<T>(widened(in[0]), [&](std::span<const T> x, std::span<T> y) {
      double squares = 0;
      for (const T each : x) squares += static_cast<double>(each) * static_cast<double>(each);
      const double factor = 1 / std::sqrt(squares < static_cast<double>(epsilon) ? static_cast<double>(epsilon) : squares);
      for (std::size_t c = 0; c < x.size(); ++c) y[c] = static_cast<T>(static_cast<double>(x[c]) * factor);
    }), in[0].dtype());
  })};
}
REGISTER_OP(L2Normalise);

}  // namespace temper
