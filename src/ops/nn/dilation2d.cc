#include "ops/nn/compute.h"
#include "ops/nn/pool.h"

namespace temper {

/// Greyscale dilation: y[n, p, c] = max over taps k inside x of x[n, p * stride - pad + k * dilation, c] + filter[k,
/// c]. Inputs: x [N, H, W, C], filter [h, w, C]. NaN counts as smaller than any number; a window of nothing else gives
/// the lowest finite number. Types: numbers; integers wrap around.
struct Dilation2D {
  static constexpr std::string_view kName = "dilation2d";

  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> dilations;
  Padding padding = Padding::kValid;

  static void fields(auto& self, auto&& field) {
    field("strides", self.strides);
    field("dilations", self.dilations);
    field("padding", self.padding);
  }

  WindowRule rule() const { return {strides, dilations, padding, {}}; }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_same_dtype(in[0], in[1]);
    require(is_number(in[0].dtype), "needs number inputs, got {}", in[0].dtype);
    require(padding != Padding::kExplicit, "explicit padding is not supported");
    require_rank(in[0], 4, "the input");
    require_rank(in[1], 3, "the filter");
    require_window_rule(rule(), 2);
    const Dim channels = agreed(dim_of(in[0], 3), dim_of(in[1], 2), "the number of channels");
    std::vector<Dim> dims{dim_of(in[0], 0), window_output(rule(), 0, dim_of(in[0], 1), dim_of(in[1], 0)),
                          window_output(rule(), 1, dim_of(in[0], 2), dim_of(in[1], 1)), channels};
    return {{in[0].dtype, ShapeFact(std::move(dims)), {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require(in[0].dtype() == in[1].dtype(), "inputs are of different types: {} and {}", in[0].dtype(), in[1].dtype());
    require_rank(in[0], 4, "the input");
    require_rank(in[1], 3, "the filter");
    require(padding != Padding::kExplicit, "explicit padding is not supported");
    require(in[0].dim(3) == in[1].dim(2), "the input has {} channels, the filter {}", in[0].dim(3), in[1].dim(2));
    const auto axes = window_axes(rule(), in[0].shape().dims().subspan(1, 2), in[1].shape().dims().first(2));
    return {visit_numbers(in[0].dtype(), [&]<class T>(Type<T>) { return dilate<T>(in[0], in[1], axes); })};
  }

 private:
  template <class T>
  static T sum(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
    } else {
      return static_cast<T>(static_cast<Compute<T>>(a) + static_cast<Compute<T>>(b));
    }
  }

  template <class T>
  static Tensor dilate(const Tensor& x, const Tensor& filter, std::span<const WindowAxis> axes) {
    const std::int64_t channels = x.dim(3);
    Tensor out(x.dtype(), window_shape(x.dim(0), axes, channels));
    if (out.elements() == 0) return out;
    T* y = out.mutable_data<T>().data();
    for (std::int64_t n = 0; n < x.dim(0); ++n) {
      for (std::int64_t i = 0; i < axes[0].output; ++i) {
        for (std::int64_t j = 0; j < axes[1].output; ++j, y += channels) {
          std::fill_n(y, channels, lowest<T>());
          for (std::int64_t k = axes[0].first_tap(i); k < axes[0].last_tap(i); ++k) {
            for (std::int64_t l = axes[1].first_tap(j); l < axes[1].last_tap(j); ++l) {
              const std::int64_t row = n * axes[0].input + axes[0].start(i) + k * axes[0].dilation;
              const std::int64_t pixel = row * axes[1].input + axes[1].start(j) + l * axes[1].dilation;
              const T* values = x.data<T>().data() + pixel * channels;
              const T* added = filter.data<T>().data() + (k * axes[1].kernel + l) * channels;
              for (std::int64_t c = 0; c < channels; ++c) {
                const T value = sum(values[c], added[c]);
                if (value > y[c]) y[c] = value;
              }
            }
          }
        }
      }
    }
    return out;
  }
};
REGISTER_OP(Dilation2D);

}  // namespace temper
