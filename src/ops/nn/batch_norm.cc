#include "ops/nn/batch_norm.h"

#include <cmath>

#include "ops/nn/compute.h"

namespace temper {
namespace {

/// (x - mean[c]) * factor[c] + offset[c] over the last axis.
template <class T>
Tensor normalised(const Tensor& x, std::span<const T> mean, std::span<const T> factor, std::span<const T> offset) {
  Tensor out(x.dtype(), x.shape());
  const auto from = x.data<T>();
  const auto to = out.mutable_data<T>();
  const std::size_t channels = mean.size();
  for (std::size_t start = 0; start < from.size(); start += channels) {
    for (std::size_t c = 0; c < channels; ++c) {
      to[start + c] = (from[start + c] - mean[c]) * factor[c] + offset[c];
    }
  }
  return out;
}

/// A tensor of either float type as T.
template <class T>
std::vector<T> numbers(const Tensor& tensor) {
  const Tensor wide = widened(tensor);
  return visit_widened(wide.dtype(), [&]<class From>(Type<From>) {
    const auto data = wide.data<From>();
    std::vector<T> result(data.size());
    std::ranges::transform(data, result.begin(), [](From x) { return static_cast<T>(x); });
    return result;
  });
}

template <class T>
std::vector<T> factors(std::span<const T> scale, std::span<const T> variance, float epsilon) {
  std::vector<T> result(scale.size());
  for (std::size_t c = 0; c < scale.size(); ++c) {
    result[c] = scale[c] / std::sqrt(variance[c] + static_cast<T>(epsilon));
  }
  return result;
}

/// Checks x and as many parameters as there are names; gives the number of channels, as far as known.
Dim check_facts(std::span<const Fact> in, std::size_t parameters) {
  require(is_float(in[0].dtype), "needs a float input, got {}", in[0].dtype);
  require(!in[0].shape.rank_known() || in[0].shape.rank() >= 1, "needs at least 1 dimension, got {}", in[0]);
  Dim channels = dim_of(in[0], -1);
  for (const Fact& fact : in.subspan(1, parameters)) {
    require(is_float(fact.dtype), "needs float parameters, got {}", fact.dtype);
    require_vector(fact, channels, "a parameter");
    channels = agreed(channels, dim_of(fact, 0), "the number of channels");
  }
  for (const Fact& fact : in.subspan(1)) require_same_dtype(in[1], fact);
  return channels;
}

void check_tensors(Inputs in, std::size_t parameters) {
  require(is_float(in[0].dtype()), "needs a float input, got {}", in[0].dtype());
  require(in[0].rank() >= 1, "needs at least 1 dimension, got {}", in[0]);
  const std::int64_t channels = in[0].dim(in[0].rank() - 1);
  for (const Tensor& tensor : in.subspan(1, parameters)) {
    require(is_float(tensor.dtype()), "needs float parameters, got {}", tensor.dtype());
    require_vector(tensor, channels, "a parameter");
  }
}

ShapeFact with_channels(ShapeFact shape, const Dim& channels) {
  if (shape.rank_known()) shape.set(shape.rank() - 1, channels);
  return shape;
}

}  // namespace

Facts BatchNorm::infer(std::span<const Fact> in) const {
  require_inputs(in, 5);
  const Dim channels = check_facts(in, 4);
  return {{in[0].dtype, with_channels(in[0].shape, channels), {}}};
}

Tensors BatchNorm::reference(Inputs in) const {
  require_inputs(in, 5);
  check_tensors(in, 4);
  return {visit_widened(in[0].dtype(), [&]<class T>(Type<T>) {
    const auto factor = factors<T>(numbers<T>(in[1]), numbers<T>(in[4]), epsilon);
    return narrowed(normalised<T>(widened(in[0]), numbers<T>(in[3]), factor, numbers<T>(in[2])), in[0].dtype());
  })};
}
REGISTER_OP(BatchNorm);

/// Normalises by the mean m[c] and variance v[c] of x itself, over all axes but the last:
///     y[..., c] = (x[..., c] - m[c]) * scale[c] / sqrt(v[c] + epsilon) + offset[c].
/// Inputs: x [..., C]; scale, offset [C]; the running mean and variance [C], which may be empty where average_factor
/// is 1. Outputs: y; the new running mean (1 - f) * mean + f * m and variance (1 - f) * variance + f * v * n / max(n -
/// 1, 1), for n elements a channel and f = average_factor; m; v.
struct BatchNormTraining {
  static constexpr std::string_view kName = "batch_norm_training";

  float epsilon = 1e-3F;
  float average_factor = 1.0F;

  static void fields(auto& self, auto&& field) {
    field("epsilon", self.epsilon);
    field("average_factor", self.average_factor);
  }

  bool blends() const { return average_factor != 1.0F; }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 5);
    const Dim channels = check_facts(in, blends() ? 4 : 2);
    const Fact statistic{in[1].dtype, ShapeFact({channels}), {}};
    return {{in[0].dtype, with_channels(in[0].shape, channels), {}}, statistic, statistic, statistic, statistic};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 5);
    check_tensors(in, blends() ? 4 : 2);
    for (const Tensor& tensor : in.subspan(1)) {
      require(tensor.dtype() == in[1].dtype(), "parameters are of different types: {} and {}", in[1].dtype(),
              tensor.dtype());
    }
    return visit_widened(in[0].dtype(), [&]<class T>(Type<T>) { return train<T>(in); });
  }

 private:
  template <class T>
  Tensors train(Inputs in) const {
    const Tensor x = widened(in[0]);
    const auto channels = static_cast<std::size_t>(x.dim(x.rank() - 1));
    std::vector<double> mean(channels);
    std::vector<double> variance(channels);
    const double count = channels == 0 ? 0 : static_cast<double>(x.elements()) / static_cast<double>(channels);
    const auto data = x.data<T>();
    const auto accumulate = [&](std::vector<double>& sums, auto&& f) {
      for (std::size_t i = 0; i < data.size(); i += channels) {
        for (std::size_t c = 0; c < channels; ++c) sums[c] += f(static_cast<double>(data[i + c]), c);
      }
      for (double& sum : sums) sum /= count;
    };
    accumulate(mean, [](double v, std::size_t) { return v; });
    accumulate(variance, [&](double v, std::size_t c) { return (v - mean[c]) * (v - mean[c]); });
    std::vector<T> m(mean.begin(), mean.end());
    std::vector<T> v(channels);
    std::ranges::transform(variance, v.begin(), [](double s) { return static_cast<T>(s); });
    const auto factor = factors<T>(numbers<T>(in[1]), v, epsilon);
    Tensor y = normalised<T>(x, m, factor, numbers<T>(in[2]));
    const double unbiased = count / std::max(count - 1, 1.0);
    return {narrowed(std::move(y), in[0].dtype()), blended(mean, 1, in[3]), blended(variance, unbiased, in[4]),
            blended(mean, 1, in[1], 1), blended(variance, 1, in[1], 1)};
  }

  /// values * correction, mixed into the running ones; of the type of `running`.
  Tensor blended(std::span<const double> values, double correction, const Tensor& running) const {
    return blended(values, correction, running, static_cast<double>(average_factor));
  }
  static Tensor blended(std::span<const double> values, double correction, const Tensor& running, double factor) {
    const bool blends = factor != 1;
    const auto old = blends ? numbers<double>(running) : std::vector<double>();
    return visit_widened(running.dtype(), [&]<class T>(Type<T>) {
      Tensor out(dtype_of<T>, Shape{static_cast<std::int64_t>(values.size())});
      for (std::size_t c = 0; c < values.size(); ++c) {
        const double value = values[c] * correction;
        out.mutable_data<T>()[c] = static_cast<T>(blends ? (1 - factor) * old[c] + factor * value : value);
      }
      return narrowed(std::move(out), running.dtype());
    });
  }
};
REGISTER_OP(BatchNormTraining);

}  // namespace temper
