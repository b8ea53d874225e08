#include "ops/nn/softmax.h"

#include <limits>

#include "backends/cpu/families.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/prepare.h"
#include "backends/cpu/vector_math.h"
#include "base/threads.h"

namespace temper::cpu {
namespace {

constexpr std::int64_t kLanes = 16;

/// y = e^(x - largest).
TEMPER_FOR_EACH_ISA void raise(const float* x, float* y, std::int64_t count, float largest) {
  _Pragma("GCC ivdep") for (std::int64_t i = 0; i < count; ++i) y[i] = exponential(x[i] - largest);
}

TEMPER_FOR_EACH_ISA float sum_of(const float* x, std::int64_t count) {
  std::array<float, kLanes> sums{};
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::int64_t k = 0; k < kLanes; ++k) sums[static_cast<std::size_t>(k)] += x[i + k];
  }
  for (std::int64_t k = 0; i < count; ++i, ++k) sums[static_cast<std::size_t>(k)] += x[i];
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t k = 0; k < half; ++k) sums[k] += sums[k + half];
  }
  return sums[0];
}

/// NaN may be the largest or not; it comes out all the same.
TEMPER_FOR_EACH_ISA float largest_of(const float* x, std::int64_t count) {
  std::int32_t largest = std::numeric_limits<std::int32_t>::min();
  for (std::int64_t i = 0; i < count; ++i) largest = std::max(largest, ordered(x[i]));
  return from_ordered(largest);
}

TEMPER_FOR_EACH_ISA void exponentials(float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) x[i] = exponential(x[i]);
}

TEMPER_FOR_EACH_ISA void scale(const float* x, float* y, std::int64_t count, float factor) {
  _Pragma("GCC ivdep") for (std::int64_t i = 0; i < count; ++i) y[i] = x[i] * factor;
}

TEMPER_FOR_EACH_ISA void subtract(const float* x, float* y, std::int64_t count, float first, float second) {
  _Pragma("GCC ivdep") for (std::int64_t i = 0; i < count; ++i) y[i] = x[i] - first - second;
}

/// Rows that are long enough for vectors, one at a time.
void long_rows(const float* x, float* y, std::int64_t rows, std::int64_t columns, float* scratch, bool logarithmic) {
  for (std::int64_t row = 0; row < rows; ++row, x += columns, y += columns) {
    const float largest = largest_of(x, columns);
    float* const powers = logarithmic ? scratch : y;
    raise(x, powers, columns, largest);
    const float sum = sum_of(powers, columns);
    if (logarithmic) subtract(x, y, columns, largest, std::log(sum));
    else scale(y, y, columns, 1.0F / sum);
  }
}

/// Shorter rows, `block` at a time, so that vectors go across them.
void short_rows(const float* x, float* y, std::int64_t rows, std::int64_t columns, float* scratch, bool logarithmic, std::int64_t block) {
  for (std::int64_t first = 0; first < rows; first += block) {
    const std::int64_t count = std::min(block, rows - first);
    float* const to = y + first * columns;
    for (std::int64_t row = 0; row < count; ++row) {
      const float* const in = x + (first + row) * columns;
      float* const shifted = scratch + row * columns;
      subtract(in, shifted, columns, largest_of(in, columns), 0.0F);
      if (logarithmic) std::copy_n(shifted, columns, to + row * columns);
    }
    exponentials(scratch, count * columns);
    for (std::int64_t row = 0; row < count; ++row) {
      float* const out = to + row * columns;
      const float sum = sum_of(scratch + row * columns, columns);
      if (logarithmic) subtract(out, out, columns, std::log(sum), 0.0F);
      else scale(scratch + row * columns, out, columns, 1.0F / sum);
    }
  }
}

/// The same of rows of a few elements, where calls would take longer than loops.
void tiny_rows(const float* x, float* y, std::int64_t rows, std::int64_t columns, float* scratch, bool logarithmic, std::int64_t block) {
  for (std::int64_t first = 0; first < rows; first += block) {
    const std::int64_t count = std::min(block, rows - first);
    const float* const from = x + first * columns;
    float* const to = y + first * columns;
    for (std::int64_t row = 0; row < count; ++row) {
      const float* const in = from + row * columns;
      float largest = in[0];
      for (std::int64_t k = 1; k < columns; ++k) largest = largest < in[k] ? in[k] : largest;
      for (std::int64_t k = 0; k < columns; ++k) scratch[row * columns + k] = in[k] - largest;
      if (logarithmic) std::copy_n(scratch + row * columns, columns, to + row * columns);
    }
    exponentials(scratch, count * columns);
    for (std::int64_t row = 0; row < count; ++row) {
      const float* const in = scratch + row * columns;
      float* const out = to + row * columns;
      float sum = 0;
      for (std::int64_t k = 0; k < columns; ++k) sum += in[k];
      const float term = logarithmic ? std::log(sum) : 1.0F / sum;
      for (std::int64_t k = 0; k < columns; ++k) out[k] = logarithmic ? out[k] - term : in[k] * term;
    }
  }
}

/// Rows of two, which detectors have many of.
TEMPER_FOR_EACH_ISA void pairs(const float* x, float* y, std::int64_t rows) {
  _Pragma("GCC ivdep") for (std::int64_t i = 0; i < rows; ++i) {
    const float a = x[2 * i];
    const float b = x[2 * i + 1];
    const float largest = a < b ? b : a;
    const float first = exponential(a - largest);
    const float second = exponential(b - largest);
    const float factor = 1.0F / (first + second);
    y[2 * i] = first * factor;
    y[2 * i + 1] = second * factor;
  }
}

/// softmax and log_softmax along the last axis.
class SoftmaxKernel final : public Kernel {
 public:
  SoftmaxKernel(bool logarithmic, std::int64_t rows, std::int64_t columns)
      : logarithmic_(logarithmic), rows_(rows), columns_(columns), block_(std::max<std::int64_t>(kBlock / columns, 1)) {}

  std::string_view name() const override { return logarithmic_ ? "f32_log_softmax" : "f32_softmax"; }

  bool in_place(std::size_t) const override { return true; }

  std::size_t workspace_bytes() const override { return static_cast<std::size_t>(thread_count() * scratch_elements()) * sizeof(float); }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte> workspace) const override {
    const float* const x = in[0].data<float>().data();
    float* const y = out[0].mutable_data<float>().data();
    constexpr std::int64_t kGrain = 1 << 13;
    const std::int64_t room = std::max<std::int64_t>(static_cast<std::int64_t>(workspace.size() / sizeof(float)) / scratch_elements(), 1);
    const std::int64_t parts = std::clamp<std::int64_t>(rows_ * columns_ / kGrain, 1, std::min(room, rows_));
    parallel_for(parts, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t part = begin; part < end; ++part) {
        const std::int64_t first = rows_ * part / parts;
        const std::int64_t count = rows_ * (part + 1) / parts - first;
        float* const scratch = reinterpret_cast<float*>(workspace.data()) + part * scratch_elements();
        if (columns_ == 2 && !logarithmic_) pairs(x + first * 2, y + first * 2, count);
        else if (columns_ >= kLong) long_rows(x + first * columns_, y + first * columns_, count, columns_, scratch, logarithmic_);
        else if (columns_ >= kShort) short_rows(x + first * columns_, y + first * columns_, count, columns_, scratch, logarithmic_, block_);
        else tiny_rows(x + first * columns_, y + first * columns_, count, columns_, scratch, logarithmic_, block_);
      }
    });
  }

 private:
  static constexpr std::int64_t kShort = 48;
  static constexpr std::int64_t kLong = 512;
  static constexpr std::int64_t kBlock = 1024;

  std::int64_t scratch_elements() const { return (std::max(block_ * columns_, std::int64_t{1}) + 15) / 16 * 16; }

  bool logarithmic_;
  std::int64_t rows_, columns_, block_;
};

/// Along another axis: `inner` neighbours at a time.
class InnerSoftmaxKernel final : public Kernel {
 public:
  InnerSoftmaxKernel(bool logarithmic, std::int64_t outer, std::int64_t count, std::int64_t inner)
      : logarithmic_(logarithmic), outer_(outer), count_(count), inner_(inner) {}

  std::string_view name() const override { return logarithmic_ ? "f32_log_softmax_strided" : "f32_softmax_strided"; }

  bool in_place(std::size_t) const override { return true; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    const float* const x = in[0].data<float>().data();
    float* const y = out[0].mutable_data<float>().data();
    const std::int64_t blocks = (inner_ + kBlock - 1) / kBlock;
    parallel_for(outer_ * blocks, (1 << 13) / (kBlock * count_) + 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t at = begin; at < end; ++at) {
        const std::int64_t first = at % blocks * kBlock;
        const std::int64_t offset = at / blocks * count_ * inner_ + first;
        columns(x + offset, y + offset, std::min(kBlock, inner_ - first));
      }
    });
  }

 private:
  static constexpr std::int64_t kBlock = 256;

  void columns(const float* x, float* y, std::int64_t width) const {
    std::array<float, kBlock> largest, sum, part;
    std::copy_n(x, width, largest.begin());
    for (std::int64_t k = 1; k < count_; ++k) {
      for (std::int64_t i = 0; i < width; ++i) {
        float& best = largest[static_cast<std::size_t>(i)];
        best = best < x[k * inner_ + i] ? x[k * inner_ + i] : best;
      }
    }
    sum.fill(0);
    for (std::int64_t k = 0; k < count_; ++k) {
      for (std::int64_t i = 0; i < width; ++i) part[static_cast<std::size_t>(i)] = x[k * inner_ + i] - largest[static_cast<std::size_t>(i)];
      if (logarithmic_) std::copy_n(part.begin(), width, y + k * inner_);
      exponentials(part.data(), width);
      for (std::int64_t i = 0; i < width; ++i) sum[static_cast<std::size_t>(i)] += part[static_cast<std::size_t>(i)];
      if (!logarithmic_) std::copy_n(part.begin(), width, y + k * inner_);
    }
    for (std::int64_t i = 0; i < width; ++i) {
      float& term = sum[static_cast<std::size_t>(i)];
      term = logarithmic_ ? std::log(term) : 1.0F / term;
    }
    for (std::int64_t k = 0; k < count_; ++k) {
      for (std::int64_t i = 0; i < width; ++i) {
        float& element = y[k * inner_ + i];
        element = logarithmic_ ? element - sum[static_cast<std::size_t>(i)] : element * sum[static_cast<std::size_t>(i)];
      }
    }
  }

  bool logarithmic_;
  std::int64_t outer_, count_, inner_;
};

}  // namespace

std::optional<Prepared> prepare_softmax(const Node& node, std::span<const Fact> in) {
  const auto* softmax = node.op.as<Softmax>();
  const auto* log_softmax = node.op.as<LogSoftmax>();
  if (softmax == nullptr && log_softmax == nullptr) return std::nullopt;
  if (in[0].dtype != DType::kFloat32) return refuse_dtype(in[0].dtype);
  const Shape shape = shape_of(in[0]);
  if (shape.elements() == 0) return Refusal{"there is nothing to compute"};
  const std::size_t axis = normalise_axis(softmax != nullptr ? softmax->axis : log_softmax->axis, shape.rank());
  const std::int64_t outer = shape.elements(0, axis);
  const std::int64_t inner = shape.elements(axis + 1, shape.rank());
  if (inner == 1) return std::make_unique<SoftmaxKernel>(log_softmax != nullptr, outer, shape[axis]);
  return std::make_unique<InnerSoftmaxKernel>(log_softmax != nullptr, outer, shape[axis], inner);
}

}  // namespace temper::cpu
