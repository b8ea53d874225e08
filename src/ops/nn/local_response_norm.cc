#include <cmath>

#include "ops/nn/compute.h"

namespace temper {

/// y[..., c] = x[..., c] / (bias + alpha * sum of x[..., j]^2 over |j - c| <= depth_radius)^beta. Any rank but 0;
/// floats.
struct LocalResponseNorm {
  static constexpr std::string_view kName = "local_response_norm";

  std::int64_t depth_radius = 5;
  float bias = 1.0F;
  float alpha = 1.0F;
  float beta = 0.5F;

  static void fields(auto& self, auto&& field) {
    field("depth_radius", self.depth_radius);
    field("bias", self.bias);
    field("alpha", self.alpha);
    field("beta", self.beta);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require(is_float(in[0].dtype), "needs a float input, got {}", in[0].dtype);
    require(!in[0].shape.rank_known() || in[0].shape.rank() >= 1, "needs at least 1 dimension, got {}",
            in[0]);
    require(depth_radius >= 0, "a depth radius of {} is negative", depth_radius);
    return {{in[0].dtype, in[0].shape, {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    require(in[0].rank() >= 1, "needs at least 1 dimension, got {}", in[0]);
    require(depth_radius >= 0, "a depth radius of {} is negative", depth_radius);
    return {visit_widened(in[0].dtype(),
                          [&]<class T>(Type<T>) { return narrowed(normalised<T>(widened(in[0])), in[0].dtype()); })};
  }

 private:
  template <class T>
  Tensor normalised(const Tensor& x) const {
    Tensor out(x.dtype(), x.shape());
    const auto to = out.mutable_data<T>();
    const std::int64_t channels = x.dim(x.rank() - 1);
    const std::int64_t radius = std::min(depth_radius, channels);
    for (std::int64_t start = 0; start < x.elements(); start += channels) {
      const auto row = x.data<T>().subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(channels));
      for (std::int64_t c = 0; c < channels; ++c) {
        T sum = 0;
        for (std::int64_t j = std::max<std::int64_t>(c - radius, 0); j <= std::min(c + radius, channels - 1); ++j) {
          sum += row[static_cast<std::size_t>(j)] * row[static_cast<std::size_t>(j)];
        }
        const T scale = std::pow(static_cast<T>(bias) + static_cast<T>(alpha) * sum, -static_cast<T>(beta));
        to[static_cast<std::size_t>(start + c)] = row[static_cast<std::size_t>(c)] * scale;
      }
    }
    return out;
  }
};
REGISTER_OP(LocalResponseNorm);

}  // namespace temper
