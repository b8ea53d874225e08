#include "ops/nn/pool.h"

#include "ops/nn/compute.h"

namespace temper {
namespace {

void require_kernel(std::span<const std::int64_t> kernel) {
  require(kernel.size() >= 1 && kernel.size() <= 3, "the kernel needs 1 to 3 numbers, got {}", kernel.size());
}

/// The taps of output `out` that lie inside the input or its padding.
std::int64_t taps_with_padding(const WindowAxis& axis, std::int64_t out) {
  const std::int64_t room = axis.input + axis.pad_after - axis.start(out);
  return std::clamp<std::int64_t>((room + axis.dilation - 1) / axis.dilation, 0, axis.kernel);
}

template <class T>
Tensor pool_max(const Tensor& x, std::span<const WindowAxis> axes) {
  const std::int64_t channels = x.dim(x.rank() - 1);
  Tensor out(x.dtype(), window_shape(x.dim(0), axes, channels));
  if (out.elements() == 0) return out;
  const T* from = x.data<T>().data();
  T* to = out.mutable_data<T>().data();
  for_each_window(
      x.dim(0), three_axes(axes), [&](std::int64_t o) { std::fill_n(to + o * channels, channels, lowest<T>()); },
      [&](std::int64_t o, std::int64_t i) {
        const T* __restrict values = from + i * channels;
        T* __restrict best = to + o * channels;
        for (std::int64_t c = 0; c < channels; ++c) best[c] = values[c] > best[c] ? values[c] : best[c];
      },
      [](std::int64_t, const auto&) {});
  return out;
}

template <class T>
Tensor pool_mean(const AvgPool& pool, const Tensor& x, std::span<const WindowAxis> axes) {
  const std::int64_t channels = x.dim(x.rank() - 1);
  Tensor out = Tensor::zeros(x.dtype(), window_shape(x.dim(0), axes, channels));
  if (out.elements() == 0) return out;
  const T* from = x.data<T>().data();
  T* to = out.mutable_data<T>().data();
  const WindowAxes3 axes3 = three_axes(axes);
  double inside = 0;  // a product of three kernel sizes may pass any integer
  for_each_window(
      x.dim(0), axes3, [&](std::int64_t) { inside = 0; },
      [&](std::int64_t o, std::int64_t i) {
        const T* __restrict values = from + i * channels;
        T* __restrict sums = to + o * channels;
        for (std::int64_t c = 0; c < channels; ++c) sums[c] += values[c];
        inside += 1;
      },
      [&](std::int64_t o, const std::array<std::int64_t, 3>& at) {
        if (pool.count_include_pad) {
          inside = 1;
          for (std::size_t axis = 0; axis < 3; ++axis)
            inside *= static_cast<double>(taps_with_padding(axes3[axis], at[axis]));
        }
        if (inside == 0) return;
        for (std::int64_t c = 0; c < channels; ++c) to[o * channels + c] /= static_cast<T>(inside);
      });
  return out;
}

}  // namespace

ShapeFact pool_shape(const Fact& x, std::span<const std::int64_t> kernel, const WindowRule& rule) {
  require_kernel(kernel);
  require_rank(x, kernel.size() + 2, "a pool's input");
  require_window_rule(rule, kernel.size());
  std::vector<Dim> dims{dim_of(x, 0)};
  for (std::size_t axis = 0; axis < kernel.size(); ++axis) {
    dims.push_back(window_output(rule, axis, dim_of(x, static_cast<std::int64_t>(axis) + 1), kernel[axis]));
  }
  dims.push_back(dim_of(x, -1));
  return ShapeFact(std::move(dims));
}

std::vector<WindowAxis> pool_axes(const Shape& x, std::span<const std::int64_t> kernel, const WindowRule& rule) {
  require_kernel(kernel);
  require(x.rank() == kernel.size() + 2, "a pool over {} dimensions does not fit an input of shape {}", kernel.size(),
          x);
  return window_axes(rule, x.dims().subspan(1, kernel.size()), kernel);
}

Facts MaxPool::infer(std::span<const Fact> in) const {
  require_inputs(in, 1);
  require(is_number(in[0].dtype), "needs a number input, got {}", in[0].dtype);
  return {{in[0].dtype, pool_shape(in[0], kernel, rule()), {}}};
}

Tensors MaxPool::reference(Inputs in) const {
  require_inputs(in, 1);
  const auto axes = pool_axes(in[0].shape(), kernel, rule());
  return {visit_numbers(in[0].dtype(), [&]<class T>(Type<T>) { return pool_max<T>(in[0], axes); })};
}
REGISTER_OP(MaxPool);

Facts AvgPool::infer(std::span<const Fact> in) const {
  require_inputs(in, 1);
  require(is_float(in[0].dtype), "needs a float input, got {}", in[0].dtype);
  return {{in[0].dtype, pool_shape(in[0], kernel, rule()), {}}};
}

Tensors AvgPool::reference(Inputs in) const {
  require_inputs(in, 1);
  const auto axes = pool_axes(in[0].shape(), kernel, rule());
  return {visit_widened(in[0].dtype(), [&]<class T>(Type<T>) {
    return narrowed(pool_mean<T>(*this, widened(in[0]), axes), in[0].dtype());
  })};
}
REGISTER_OP(AvgPool);

}  // namespace temper
