#include "ops/nn/conv_transpose.h"

#include "ops/nn/compute.h"

namespace temper {
namespace {

/// The loops over dims padded to three. The filter comes as [taps, M, C/groups], so that what is added lies together.
template <class T>
struct ScatterLoops {
  const T* x;
  const T* filter;
  T* y;
  WindowAxes3 axes;
  std::int64_t channels, outputs, groups;

  void run(std::int64_t batch) const {
    const auto& [d, h, w] = axes;
    const T* pixel = x;
    for (std::int64_t n = 0; n < batch; ++n) {
      for (std::int64_t od = 0; od < d.output; ++od) {
        for (std::int64_t oh = 0; oh < h.output; ++oh) {
          for (std::int64_t ow = 0; ow < w.output; ++ow, pixel += outputs) scatter(pixel, n, od, oh, ow);
        }
      }
    }
  }

  void scatter(const T* pixel, std::int64_t n, std::int64_t od, std::int64_t oh, std::int64_t ow) const {
    const auto& [d, h, w] = axes;
    for (std::int64_t kd = d.first_tap(od); kd < d.last_tap(od); ++kd) {
      const std::int64_t id = d.start(od) + kd * d.dilation;
      for (std::int64_t kh = h.first_tap(oh); kh < h.last_tap(oh); ++kh) {
        const std::int64_t ih = h.start(oh) + kh * h.dilation;
        for (std::int64_t kw = w.first_tap(ow); kw < w.last_tap(ow); ++kw) {
          const std::int64_t iw = w.start(ow) + kw * w.dilation;
          const std::int64_t tap = (kd * h.kernel + kh) * w.kernel + kw;
          add(pixel, filter + tap * outputs * (channels / groups),
              y + (((n * d.input + id) * h.input + ih) * w.input + iw) * channels);
        }
      }
    }
  }

  void add(const T* pixel, const T* taps, T* out) const {
    const std::int64_t in_group = channels / groups;
    const std::int64_t out_group = outputs / groups;
    for (std::int64_t g = 0; g < groups; ++g) {
      T* __restrict sums = out + g * in_group;
      for (std::int64_t m = g * out_group; m < (g + 1) * out_group; ++m) {
        const T value = pixel[m];
        const T* __restrict f = taps + m * in_group;
        for (std::int64_t c = 0; c < in_group; ++c) sums[c] += value * f[c];
      }
    }
  }
};

/// The last two dims exchanged.
template <class T>
Tensor transposed_filter(const Tensor& filter) {
  const std::size_t rank = filter.rank();
  const std::int64_t rows = filter.dim(rank - 2);
  const std::int64_t columns = filter.dim(rank - 1);
  Tensor out(filter.dtype(), filter.shape());
  const auto from = filter.data<T>();
  const auto to = out.mutable_data<T>();
  const std::int64_t size = rows * columns;
  for (std::int64_t start = 0; start < filter.elements(); start += size) {
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < columns; ++c) {
        to[static_cast<std::size_t>(start + c * rows + r)] = from[static_cast<std::size_t>(start + r * columns + c)];
      }
    }
  }
  return out;
}

template <class T>
Tensor convolve_transposed(const ConvTranspose& conv, const ConvGeometry& geometry, const Shape& shape, Inputs in) {
  Tensor out = Tensor::zeros(in[2].dtype(), shape);
  const auto y = out.mutable_data<T>();
  if (y.empty()) return out;
  if (geometry.output_channels > 0) {
    const Tensor filter = transposed_filter<T>(in[1]);
    ScatterLoops<T>{in[2].data<T>().data(), filter.data<T>().data(),  y.data(),   three_axes(geometry.axes),
                    geometry.channels,      geometry.output_channels, conv.groups}
        .run(geometry.batch);
  }
  if (conv.has_bias) {
    const auto bias = in[3].data<T>();
    for (std::size_t i = 0; i < y.size(); i += bias.size()) {
      for (std::size_t c = 0; c < bias.size(); ++c) y[i + c] += bias[c];
    }
  }
  if (conv.has_residual) {
    std::ranges::transform(y, in.back().data<T>(), y.begin(), std::plus());
  }
  apply_activation(conv.activation, conv.alpha, y);
  return out;
}

std::optional<std::size_t> spatial_rank(const ConvTranspose& conv, const Fact& filter, const Fact& x) {
  for (const Fact* fact : {&filter, &x}) {
    if (!fact->shape.rank_known()) continue;
    require(fact->shape.rank() >= 3 && fact->shape.rank() <= 5, "needs 3 to 5 dimensions, got {}", *fact);
    return fact->shape.rank() - 2;
  }
  if (!conv.strides.empty()) return conv.strides.size();
  return std::nullopt;
}

std::int64_t output_channels(std::int64_t in_group, std::int64_t groups) {
  std::int64_t channels = 0;
  require(groups >= 1 && !__builtin_mul_overflow(in_group, groups, &channels), "{} groups of {} channels are too many",
          groups, in_group);
  return channels;
}

Shape output_shape(const ConvGeometry& geometry) {
  Shape shape{geometry.batch};
  for (const WindowAxis& axis : geometry.axes) shape.push_back(axis.input);
  shape.push_back(geometry.channels);
  return shape;
}

}  // namespace

ConvGeometry conv_transpose_geometry(const ConvTranspose& conv, std::span<const std::int64_t> sizes,
                                     const Shape& filter, const Shape& x) {
  require(x.rank() >= 3 && filter.rank() == x.rank(), "an input of shape {} does not fit a filter of shape {}", x,
          filter);
  const std::size_t spatial = x.rank() - 2;
  const bool full = sizes.size() == spatial + 2;
  require(full || sizes.size() == spatial, "the output size needs {} or {} numbers, got {}", spatial, spatial + 2,
          sizes.size());
  const std::int64_t channels = output_channels(filter[spatial], conv.groups);
  require(!full || (sizes.front() == x[0] && sizes.back() == channels),
          "the output size [{}] does not fit an input of shape {} and a filter of shape {}", fmt::join(sizes, ","), x,
          filter);
  Shape y{x[0]};
  for (const std::int64_t size : full ? sizes.subspan(1, spatial) : sizes) y.push_back(size);
  y.push_back(channels);
  ConvGeometry geometry = conv_geometry(conv.forward(), y, filter);
  require(geometry.output == x, "an output of shape {} would come from an input of shape {}, not {}", y,
          geometry.output, x);
  return geometry;
}

Facts ConvTranspose::infer(std::span<const Fact> in) const {
  require_inputs(in, input_count());
  require(in[0].dtype == DType::kInt32 || in[0].dtype == DType::kInt64, "the output size is {}, not int32 or int64",
          in[0].dtype);
  require_rank(in[0], 1, "the output size");
  require(is_float(in[2].dtype), "needs float inputs, got {}", in[2].dtype);
  for (const Fact& fact : in.subspan(1)) require_same_dtype(in[1], fact);
  require(groups >= 1, "groups must be at least 1, got {}", groups);
  const auto spatial = spatial_rank(*this, in[1], in[2]);
  if (!spatial) return {{in[2].dtype, has_residual ? in.back().shape : ShapeFact(), {}}};
  require_window_rule({strides, dilations, padding, pads}, *spatial);
  const auto in_group = dim_of(in[1], -2);
  std::vector<Dim> dims(*spatial + 2);
  dims.front() = dim_of(in[2], 0);
  dims.back() = map_dims([&](std::int64_t c) { return output_channels(c, groups); }, in_group);
  if (in[0].constant) {
    const std::vector<std::int64_t> sizes = in[0].constant->to_int64s();
    require(sizes.size() == *spatial || sizes.size() == *spatial + 2, "the output size needs {} or {} numbers, got {}",
            *spatial, *spatial + 2, sizes.size());
    for (const std::int64_t size : sizes) require(size >= 0, "an output size of {} is negative", size);
    for (std::size_t axis = 0; axis < *spatial; ++axis) {
      dims[axis + 1] = sizes[axis + (sizes.size() == *spatial ? 0 : 1)];
    }
    const auto filter = in[1].shape.known();
    const auto x = in[2].shape.known();
    if (filter && x) return {{in[2].dtype, output_shape(conv_transpose_geometry(*this, sizes, *filter, *x)), {}}};
  }
  return {{in[2].dtype, ShapeFact(std::move(dims)), {}}};
}

Tensors ConvTranspose::reference(Inputs in) const {
  require_inputs(in, input_count());
  const DType dtype = in[2].dtype();
  require_activation(activation, dtype);
  require_rank(in[0], 1, "the output size");
  const std::vector<std::int64_t> sizes = in[0].to_int64s();
  const ConvGeometry geometry = conv_transpose_geometry(*this, sizes, in[1].shape(), in[2].shape());
  const Shape shape = output_shape(geometry);
  if (has_bias) require_vector(in[3], geometry.channels, "bias");
  require(!has_residual || in.back().shape() == shape, "a residual of shape {} does not fit an output of {}",
          in.back().shape(), shape);
  Tensors wide{in[0]};
  for (const Tensor& tensor : in.subspan(1)) {
    require(tensor.dtype() == dtype, "inputs are of different types: {} and {}", dtype, tensor.dtype());
    wide.push_back(widened(tensor));
  }
  return {visit_widened(
      dtype, [&]<class T>(Type<T>) { return narrowed(convolve_transposed<T>(*this, geometry, shape, wide), dtype); })};
}
REGISTER_OP(ConvTranspose);

}  // namespace temper
