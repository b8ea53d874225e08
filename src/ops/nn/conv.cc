#include "ops/nn/conv.h"

#include "ops/nn/compute.h"

namespace temper {
namespace {

/// Output positions that share one reading of the filter, so that it comes from memory once for all of them.
constexpr std::int64_t kBlock = 8;

/// The loops of a convolution whose dims are padded to three. T is unsigned for integers, so that they wrap around.
template <class T>
struct ConvLoops {
  const T* x;
  const T* filter;
  T* y;  ///< holds what the sums start from
  WindowAxes3 axes;
  std::int64_t channels, outputs, groups;

  void run(std::int64_t batch) const {
    const auto& [d, h, w] = axes;
    for (std::int64_t n = 0; n < batch; ++n) {
      for (std::int64_t od = 0; od < d.output; ++od) {
        for (std::int64_t oh = 0; oh < h.output; ++oh) {
          for (std::int64_t ow = 0; ow < w.output; ow += kBlock) block(n, od, oh, ow);
        }
      }
    }
  }

  /// Up to kBlock outputs along the last spatial dim.
  void block(std::int64_t n, std::int64_t od, std::int64_t oh, std::int64_t ow) const {
    const auto& [d, h, w] = axes;
    T* out = y + (((n * d.output + od) * h.output + oh) * w.output) * outputs;
    const std::int64_t end = std::min(ow + kBlock, w.output);
    for (std::int64_t kd = d.first_tap(od); kd < d.last_tap(od); ++kd) {
      const std::int64_t id = d.start(od) + kd * d.dilation;
      for (std::int64_t kh = h.first_tap(oh); kh < h.last_tap(oh); ++kh) {
        const std::int64_t ih = h.start(oh) + kh * h.dilation;
        const T* row = x + ((n * d.input + id) * h.input + ih) * w.input * channels;
        // The taps that any output of the block reads.
        for (std::int64_t kw = w.first_tap(end - 1); kw < w.last_tap(ow); ++kw) {
          const T* taps = filter + ((kd * h.kernel + kh) * w.kernel + kw) * (channels / groups) * outputs;
          tap(row, taps, out, ow, end, kw);
        }
      }
    }
  }

  void tap(const T* row, const T* taps, T* out, std::int64_t first, std::int64_t end, std::int64_t kw) const {
    const WindowAxis& w = axes[2];
    const auto inside = [&](std::int64_t p) {
      const std::int64_t at = w.start(p) + kw * w.dilation;
      return at >= 0 && at < w.input;
    };
    while (first < end && !inside(first)) ++first;
    while (first < end && !inside(end - 1)) --end;
    const T* in = row + (w.start(first) + kw * w.dilation) * channels;
    const std::int64_t step = w.stride * channels;
    if (channels == groups && groups > 1)
      depthwise(in, step, taps, out + first * outputs, end - first);
    else
      grouped(in, step, taps, out + first * outputs, end - first);
  }

  void grouped(const T* in, std::int64_t step, const T* __restrict taps, T* out, std::int64_t count) const {
    const std::int64_t in_group = channels / groups;
    const std::int64_t out_group = outputs / groups;
    for (std::int64_t g = 0; g < groups; ++g) {
      for (std::int64_t c = 0; c < in_group; ++c) {
        const T* __restrict f = taps + c * outputs + g * out_group;
        for (std::int64_t p = 0; p < count; ++p) {
          const T value = in[p * step + g * in_group + c];
          T* __restrict sums = out + p * outputs + g * out_group;
          for (std::int64_t m = 0; m < out_group; ++m) sums[m] += value * f[m];
        }
      }
    }
  }

  void depthwise(const T* in, std::int64_t step, const T* __restrict f, T* out, std::int64_t count) const {
    const std::int64_t multiplier = outputs / groups;
    for (std::int64_t p = 0; p < count; ++p) {
      const T* __restrict values = in + p * step;
      T* __restrict sums = out + p * outputs;
      if (multiplier == 1) {
        for (std::int64_t c = 0; c < channels; ++c) sums[c] += values[c] * f[c];
        continue;
      }
      for (std::int64_t c = 0; c < channels; ++c) {
        for (std::int64_t m = c * multiplier; m < (c + 1) * multiplier; ++m) sums[m] += values[c] * f[m];
      }
    }
  }
};

/// Fills y with the bias repeated, or with 0.
template <class T>
void start_sums(std::span<T> y, const Tensor* bias) {
  if (bias == nullptr) {
    std::ranges::fill(y, T(0));
    return;
  }
  const auto b = bias->data<T>();
  for (std::size_t i = 0; i < y.size(); i += b.size()) std::ranges::copy(b, y.begin() + static_cast<std::ptrdiff_t>(i));
}

template <class T>
void add_residual(std::span<T> y, std::span<const T> residual) {
  using Wrapping = std::conditional_t<std::is_integral_v<T>, std::make_unsigned<T>, std::type_identity<T>>::type;
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] = static_cast<T>(static_cast<Wrapping>(y[i]) + static_cast<Wrapping>(residual[i]));
  }
}

/// T is what the tensors hold; Sum what is computed in, of the same size.
template <class T, class Sum>
Tensor convolve(const Conv& conv, const ConvGeometry& geometry, std::span<const Tensor> in) {
  Tensor out(in[0].dtype(), geometry.output);
  const auto y = out.mutable_data<T>();
  if (y.empty()) return out;
  start_sums<T>(y, conv.has_bias ? &in[2] : nullptr);
  if (geometry.channels > 0) {
    ConvLoops<Sum>{reinterpret_cast<const Sum*>(in[0].data<T>().data()),
                   reinterpret_cast<const Sum*>(in[1].data<T>().data()),
                   reinterpret_cast<Sum*>(y.data()),
                   three_axes(geometry.axes),
                   geometry.channels,
                   geometry.output_channels,
                   conv.groups}
        .run(geometry.batch);
  }
  if (conv.has_residual) add_residual<T>(y, in.back().data<T>());
  apply_activation(conv.activation, conv.alpha, y);
  return out;
}

void require_conv_dtype(const Conv& conv, DType dtype) {
  require(is_float(dtype) || dtype == DType::kInt32, "needs float or int32 inputs, got {}", dtype);
  require_activation(conv.activation, dtype);
}

/// The number of spatial dims, as far as known.
std::optional<std::size_t> spatial_rank(const Conv& conv, std::span<const Fact> in) {
  std::size_t rank = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    if (!in[i].shape.rank_known()) continue;
    require(rank == 0 || rank == in[i].shape.rank(), "input {} and filter {} have different ranks", in[0],
            in[1]);
    rank = in[i].shape.rank();
    require(rank >= 3 && rank <= 5, "needs 3 to 5 dimensions, got {}", in[i]);
  }
  if (rank > 0) return rank - 2;
  if (!conv.strides.empty()) return conv.strides.size();
  return std::nullopt;
}

}  // namespace

ConvGeometry conv_geometry(const Conv& conv, const Shape& x, const Shape& filter) {
  require(x.rank() == filter.rank() && x.rank() >= 3, "an input of shape {} does not fit a filter of shape {}", x,
          filter);
  const std::size_t spatial = x.rank() - 2;
  ConvGeometry geometry;
  geometry.batch = x[0];
  geometry.channels = x[spatial + 1];
  geometry.output_channels = filter[spatial + 1];
  require(conv.groups >= 1 && geometry.output_channels % conv.groups == 0, "{} output channels do not make {} groups",
          geometry.output_channels, conv.groups);
  require(geometry.channels % conv.groups == 0 && geometry.channels / conv.groups == filter[spatial],
          "an input of {} channels in {} groups does not fit a filter of shape {}", geometry.channels, conv.groups,
          filter);
  geometry.axes = window_axes(conv.rule(), x.dims().subspan(1, spatial), filter.dims().first(spatial));
  geometry.output = window_shape(geometry.batch, geometry.axes, geometry.output_channels);
  return geometry;
}

Facts Conv::infer(std::span<const Fact> in) const {
  require_inputs(in, input_count());
  require_conv_dtype(*this, in[0].dtype);
  for (const Fact& fact : in) require_same_dtype(in[0], fact);
  require(groups >= 1, "groups must be at least 1, got {}", groups);
  const auto spatial = spatial_rank(*this, in);
  if (!spatial) return {{in[0].dtype, has_residual ? in.back().shape : ShapeFact(), {}}};
  require_window_rule(rule(), *spatial);
  const Dim channels = dim_of(in[0], -1);
  const Dim in_group = dim_of(in[1], -2);
  require(!channels.known() || !in_group.known() ||
              (channels.value() % groups == 0 && channels.value() / groups == in_group.value()),
          "an input {} in {} groups does not fit a filter {}", in[0], groups, in[1]);
  Dim outputs = dim_of(in[1], -1);
  if (has_bias) {
    require_vector(in[2], outputs, "bias");
    outputs = agreed(outputs, dim_of(in[2], 0), "the number of output channels");
  }
  require(!outputs.known() || outputs.value() % groups == 0, "{} output channels do not make {} groups",
          outputs.known() ? outputs.value() : 0, groups);
  std::vector<Dim> dims{dim_of(in[0], 0)};
  for (std::size_t axis = 0; axis < *spatial; ++axis) {
    dims.push_back(window_output(rule(), axis, dim_of(in[0], static_cast<std::int64_t>(axis) + 1),
                                 dim_of(in[1], static_cast<std::int64_t>(axis))));
  }
  dims.push_back(outputs);
  if (has_residual && in.back().shape.rank_known()) {
    require_rank(in.back(), dims.size(), "residual");
    for (std::size_t i = 0; i < dims.size(); ++i) dims[i] = agreed(dims[i], in.back().shape[i], "a dim of the output");
  }
  return {{in[0].dtype, ShapeFact(std::move(dims)), {}}};
}

Tensors Conv::reference(Inputs in) const {
  require_inputs(in, input_count());
  const DType dtype = in[0].dtype();
  require_conv_dtype(*this, dtype);
  const ConvGeometry geometry = conv_geometry(*this, in[0].shape(), in[1].shape());
  if (has_bias) require_vector(in[2], geometry.output_channels, "bias");
  require(!has_residual || in.back().shape() == geometry.output, "a residual of shape {} does not fit an output of {}",
          in.back().shape(), geometry.output);
  Tensors wide;
  for (const Tensor& tensor : in) {
    require(tensor.dtype() == dtype, "inputs are of different types: {} and {}", dtype, tensor.dtype());
    wide.push_back(widened(tensor));
  }
  if (dtype == DType::kInt32) return {convolve<std::int32_t, std::uint32_t>(*this, geometry, wide)};
  return {
      visit_widened(dtype, [&]<class T>(Type<T>) { return narrowed(convolve<T, T>(*this, geometry, wide), dtype); })};
}
REGISTER_OP(Conv);

}  // namespace temper
