#include "ops/nn/compute.h"
#include "ops/nn/pool.h"

namespace temper {
namespace {

template <class Index>
void flat_indices(const Tensor& places, const Shape& x, bool include_batch, Tensor& out) {
  const std::int64_t channels = x[3];
  const std::int64_t image = x[1] * x[2];
  const auto from = places.data<std::int64_t>();
  const auto to = out.mutable_data<Index>();
  require(x.elements() - 1 <= static_cast<std::int64_t>(std::numeric_limits<Index>::max()),
          "indices into shape {} do not fit {}", x, dtype_of<Index>);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::int64_t pixel = include_batch ? from[i] : from[i] % image;
    to[i] = static_cast<Index>(pixel * channels + static_cast<std::int64_t>(i) % channels);
  }
}

}  // namespace

/// max_pool over [N, H, W, C] with, as a second output, where each largest element is: (y * W + x) * C + c, plus
/// n * H * W * C with include_batch_in_index. Of equal elements the first counts. Unlike max_pool, a window's first
/// element stands until a larger one comes, so a NaN there stays. Types: numbers.
struct MaxPoolWithArgmax {
  static constexpr std::string_view kName = "max_pool_with_argmax";

  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> strides;
  Padding padding = Padding::kValid;
  bool include_batch_in_index = false;
  DType index_dtype = DType::kInt64;

  static void fields(auto& self, auto&& field) {
    field("kernel", self.kernel);
    field("strides", self.strides);
    field("padding", self.padding);
    field("include_batch_in_index", self.include_batch_in_index);
    field("index_dtype", self.index_dtype);
  }

  WindowRule rule() const { return {strides, {}, padding, {}}; }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require(is_number(in[0].dtype), "needs a number input, got {}", in[0].dtype);
    require_kernel();
    const ShapeFact shape = pool_shape(in[0], kernel, rule());
    return {{in[0].dtype, shape, {}}, {index_dtype, shape, {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    require_kernel();
    const auto axes = pool_axes(in[0].shape(), kernel, rule());
    const std::int64_t channels = in[0].dim(3);
    const Shape shape = window_shape(in[0].dim(0), axes, channels);
    Tensor largest(in[0].dtype(), shape);
    Tensor indices(index_dtype, shape);
    if (shape.elements() == 0) return {std::move(largest), std::move(indices)};
    Tensor places(DType::kInt64, shape);
    visit_numbers(in[0].dtype(), [&]<class T>(Type<T>) {
      find<T>(in[0].data<T>().data(), three_axes(axes), in[0].dim(0), channels, largest.mutable_data<T>().data(),
              places.mutable_data<std::int64_t>().data());
    });
    if (index_dtype == DType::kInt32) {
      flat_indices<std::int32_t>(places, in[0].shape(), include_batch_in_index, indices);
    } else {
      flat_indices<std::int64_t>(places, in[0].shape(), include_batch_in_index, indices);
    }
    return {std::move(largest), std::move(indices)};
  }

 private:
  void require_kernel() const {
    require(kernel.size() == 2, "the kernel needs 2 numbers, got {}", kernel.size());
    require(padding != Padding::kExplicit, "explicit padding is not supported");
    require(index_dtype == DType::kInt32 || index_dtype == DType::kInt64, "indices of type {} are not supported",
            index_dtype);
  }

  /// `places` gets the pixel, of all images counted through, of each largest element.
  template <class T>
  static void find(const T* x, const WindowAxes3& axes, std::int64_t batch, std::int64_t channels, T* largest,
                   std::int64_t* places) {
    for_each_window(
        batch, axes, [&](std::int64_t o) { std::fill_n(places + o * channels, channels, -1); },
        [&](std::int64_t o, std::int64_t i) {
          for (std::int64_t c = 0; c < channels; ++c) {
            T& best = largest[o * channels + c];
            std::int64_t& place = places[o * channels + c];
            const T value = x[i * channels + c];
            if (place >= 0 && !(value > best)) continue;
            best = value;
            place = i;
          }
        },
        [](std::int64_t, const auto&) {});
  }
};
REGISTER_OP(MaxPoolWithArgmax);

/// y[..., i] = the largest of x[..., i * size] to x[..., i * size + size - 1]: a pool along channels, whose number is a
/// multiple of `size`. NaN and infinities as in max_pool. Types: numbers.
struct ChannelMaxPool {
  static constexpr std::string_view kName = "channel_max_pool";

  std::int64_t size = 1;

  static void fields(auto& self, auto&& field) { field("size", self.size); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require(is_number(in[0].dtype), "needs a number input, got {}", in[0].dtype);
    require(size >= 1, "a window of size {} reads nothing", size);
    if (!in[0].shape.rank_known()) return {{in[0].dtype, {}, {}}};
    require(in[0].shape.rank() >= 1, "needs at least 1 dimension, got {}", in[0]);
    ShapeFact shape = in[0].shape;
    const Dim channels = dim_of(in[0], -1);
    if (channels.known()) require_multiple(channels.value());
    shape.set(shape.rank() - 1, map_dims([&](std::int64_t c) { return c / size; }, channels));
    return {{in[0].dtype, std::move(shape), {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    require(size >= 1, "a window of size {} reads nothing", size);
    require(in[0].rank() >= 1, "needs at least 1 dimension, got {}", in[0]);
    Shape shape = in[0].shape();
    const std::int64_t channels = shape[shape.rank() - 1];
    require_multiple(channels);
    shape.set(shape.rank() - 1, channels / size);
    return {visit_numbers(in[0].dtype(), [&]<class T>(Type<T>) {
      Tensor out(in[0].dtype(), shape);
      const T* x = in[0].data<T>().data();
      for (T& y : out.mutable_data<T>()) {
        y = lowest<T>();
        for (std::int64_t i = 0; i < size; ++i, ++x) y = *x > y ? *x : y;
      }
      return out;
    })};
  }

 private:
  void require_multiple(std::int64_t channels) const {
    require(channels % size == 0, "{} channels are not a multiple of the window of {}", channels, size);
  }
};
REGISTER_OP(ChannelMaxPool);

}  // namespace temper
