#include <cmath>

#include "backends/cpu/families.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/prepare.h"
#include "backends/cpu/vector_math.h"
#include "base/threads.h"
#include "ops/nn/batch_norm.h"

namespace temper::cpu {
namespace {

constexpr std::int64_t kGrain = 1 << 14;

TEMPER_FOR_EACH_ISA void normalise(const float* x, const float* mean, const float* factor, const float* offset, float* y, std::int64_t channels) {
  _Pragma("GCC ivdep") for (std::int64_t c = 0; c < channels; ++c) y[c] = (x[c] - mean[c]) * factor[c] + offset[c];
}

/// batch_norm of float32; what channels are multiplied by is in the workspace.
class BatchNormKernel final : public Kernel {
 public:
  BatchNormKernel(float epsilon, std::int64_t channels) : epsilon_(epsilon), channels_(channels) {}

  std::string_view name() const override { return "f32_batch_norm"; }

  bool in_place(std::size_t input) const override { return input == 0; }

  std::size_t workspace_bytes() const override { return static_cast<std::size_t>(channels_) * sizeof(float); }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte> workspace) const override {
    if (out[0].elements() == 0) return;
    auto* const factor = reinterpret_cast<float*>(workspace.data());
    const float* const scale = in[1].data<float>().data();
    const float* const variance = in[4].data<float>().data();
    for (std::int64_t c = 0; c < channels_; ++c) factor[c] = scale[c] / std::sqrt(variance[c] + epsilon_);
    const float* const x = in[0].data<float>().data();
    float* const y = out[0].mutable_data<float>().data();
    parallel_for(out[0].elements() / channels_, kGrain / channels_ + 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        normalise(x + row * channels_, in[3].data<float>().data(), factor, in[2].data<float>().data(), y + row * channels_, channels_);
      }
    });
  }

 private:
  float epsilon_;
  std::int64_t channels_;
};

/// What local_response_norm depends on.
struct Response {
  std::int64_t radius;
  float bias, alpha, beta;
};

/// x to the power of `exponent`, x > 0.
TEMPER_INLINE float raised(float x, float exponent) { return exponential(exponent * logarithm(x)); }

/// One row: squares of neighbours are summed shift by shift, so that vectors go along the channels. `squares` has `radius` zeros on both sides.
TEMPER_FOR_EACH_ISA void respond(const float* x, float* y, std::int64_t channels, const Response& response, float* squares, float* sums) {
  const std::int64_t width = 2 * response.radius + 1;
  for (std::int64_t c = 0; c < channels; ++c) squares[response.radius + c] = x[c] * x[c];
  for (std::int64_t c = 0; c < channels; ++c) sums[c] = squares[c];
  for (std::int64_t shift = 1; shift < width; ++shift) {
    _Pragma("GCC ivdep") for (std::int64_t c = 0; c < channels; ++c) sums[c] += squares[c + shift];
  }
  if (response.beta == 0.5F) {
    _Pragma("GCC ivdep") for (std::int64_t c = 0; c < channels; ++c) y[c] = x[c] / std::sqrt(response.bias + response.alpha * sums[c]);
  } else {
    _Pragma("GCC ivdep") for (std::int64_t c = 0; c < channels; ++c) y[c] = x[c] * raised(response.bias + response.alpha * sums[c], -response.beta);
  }
}

class ResponseKernel final : public Kernel {
 public:
  ResponseKernel(const Response& response, std::int64_t rows, std::int64_t channels) : response_(response), rows_(rows), channels_(channels) {}

  std::string_view name() const override { return "f32_local_response_norm"; }

  bool in_place(std::size_t) const override { return true; }

  std::size_t workspace_bytes() const override { return static_cast<std::size_t>(thread_count() * scratch_elements()) * sizeof(float); }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte> workspace) const override {
    const float* const x = in[0].data<float>().data();
    float* const y = out[0].mutable_data<float>().data();
    const std::int64_t room = static_cast<std::int64_t>(workspace.size() / sizeof(float)) / scratch_elements();
    const std::int64_t parts = std::clamp<std::int64_t>(rows_ * channels_ / kGrain, 1, std::min(room, rows_));
    parallel_for(parts, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t part = begin; part < end; ++part) {
        float* const squares = reinterpret_cast<float*>(workspace.data()) + part * scratch_elements();
        float* const sums = squares + padded();
        std::fill_n(squares, padded(), 0.0F);
        for (std::int64_t row = rows_ * part / parts; row < rows_ * (part + 1) / parts; ++row) {
          respond(x + row * channels_, y + row * channels_, channels_, response_, squares, sums);
        }
      }
    });
  }

 private:
  std::int64_t padded() const { return (channels_ + 2 * response_.radius + 15) / 16 * 16; }
  std::int64_t scratch_elements() const { return padded() + (channels_ + 15) / 16 * 16; }

  Response response_;
  std::int64_t rows_, channels_;
};

}  // namespace

std::optional<Prepared> prepare_normalise(const Node& node, std::span<const Fact> in) {
  const auto* batch_norm = node.op.as<BatchNorm>();
  if (batch_norm == nullptr && node.op.name() != "local_response_norm") return std::nullopt;
  for (const Fact& fact : in) {
    if (fact.dtype != DType::kFloat32) return refuse_dtype(fact.dtype);
  }
  const Shape x = shape_of(in[0]);
  const std::int64_t channels = x[x.rank() - 1];
  if (x.elements() == 0) return Refusal{"there is nothing to compute"};
  if (batch_norm != nullptr) return std::make_unique<BatchNormKernel>(batch_norm->epsilon, channels);
  const Response response{std::min(attribute_of<std::int64_t>(node.op, "depth_radius"), channels), attribute_of<float>(node.op, "bias"),
                          attribute_of<float>(node.op, "alpha"), attribute_of<float>(node.op, "beta")};
  if (!(response.bias > 0) || !(response.alpha >= 0)) return Refusal{"only sums above 0 are handled", true};
  return std::make_unique<ResponseKernel>(response, x.elements(0, x.rank() - 1), channels);
}

}  // namespace temper::cpu
