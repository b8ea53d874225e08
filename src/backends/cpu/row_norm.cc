#include "ops/nn/layer_norm.h"

#include <array>
#include <cmath>

#include "backends/cpu/families.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/prepare.h"
#include "base/threads.h"

namespace temper::cpu {
namespace {

constexpr std::int64_t kLanes = 16;

/// The sum of (x - from)^power, power being 1 or 2, in lanes.
TEMPER_FOR_EACH_ISA float power_sum(const float* x, std::int64_t count, float from, bool squared) {
  std::array<float, kLanes> sums{};
  const auto add = [&](std::int64_t i, std::int64_t k) {
    const float d = x[i + k] - from;
    sums[static_cast<std::size_t>(k)] += squared ? d * d : d;
  };
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::int64_t k = 0; k < kLanes; ++k) add(i, k);
  }
  for (std::int64_t k = 0; i + k < count; ++k) add(i, k);
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t k = 0; k < half; ++k) sums[k] += sums[k + half];
  }
  return sums[0];
}

TEMPER_FOR_EACH_ISA void finish(const float* x, float* y, std::int64_t count, float mean, float factor, const float* scale, const float* offset) {
  _Pragma("GCC ivdep") for (std::int64_t i = 0; i < count; ++i) y[i] = (x[i] - mean) * factor * scale[i] + offset[i];
}

TEMPER_FOR_EACH_ISA void multiply(const float* x, float* y, std::int64_t count, float factor) {
  _Pragma("GCC ivdep") for (std::int64_t i = 0; i < count; ++i) y[i] = x[i] * factor;
}

/// layer_norm and l2_normalise: a row at a time.
class RowNormKernel final : public Kernel {
 public:
  RowNormKernel(bool layer, float epsilon, std::int64_t rows, std::int64_t columns) : layer_(layer), epsilon_(epsilon), rows_(rows), columns_(columns) {}

  std::string_view name() const override { return layer_ ? "f32_layer_norm" : "f32_l2_normalise"; }

  bool in_place(std::size_t input) const override { return input == 0; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    const float* const x = in[0].data<float>().data();
    float* const y = out[0].mutable_data<float>().data();
    const float* const scale = layer_ ? in[1].data<float>().data() : nullptr;
    const float* const offset = layer_ ? in[2].data<float>().data() : nullptr;
    parallel_for(rows_, (1 << 14) / columns_ + 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) one(x + row * columns_, y + row * columns_, scale, offset);
    });
  }

 private:
  void one(const float* x, float* y, const float* scale, const float* offset) const {
    const auto count = static_cast<float>(columns_);
    if (!layer_) {
      const float squares = power_sum(x, columns_, 0, true);
      return multiply(x, y, columns_, 1.0F / std::sqrt(squares < epsilon_ ? epsilon_ : squares));
    }
    const float mean = power_sum(x, columns_, 0, false) / count;
    const float variance = power_sum(x, columns_, mean, true) / count;
    finish(x, y, columns_, mean, 1.0F / std::sqrt(variance + epsilon_), scale, offset);
  }

  bool layer_;
  float epsilon_;
  std::int64_t rows_, columns_;
};

}  // namespace

std::optional<Prepared> prepare_row_norm(const Node& node, std::span<const Fact> in) {
  const auto* layer = node.op.as<LayerNorm>();
  const auto* length = node.op.as<L2Normalise>();
  if (layer == nullptr && length == nullptr) return std::nullopt;
  if (in[0].dtype != DType::kFloat32) return refuse_dtype(in[0].dtype);
  const Shape shape = shape_of(in[0]);
  if (shape.elements() == 0) return Refusal{"there is nothing to compute"};
  const std::int64_t columns = shape[shape.rank() - 1];
  return std::make_unique<RowNormKernel>(layer != nullptr, layer != nullptr ? layer->epsilon : length->epsilon, shape.elements() / columns, columns);
}

}  // namespace temper::cpu
