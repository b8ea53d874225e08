#include "ops/detection/peaks.h"

#include <limits>

#include "backends/cpu/families.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/prepare.h"
#include "base/threads.h"

namespace temper::cpu {
namespace {

/// to = max(to, from)
TEMPER_FOR_EACH_ISA void raise_to(const float* from, float* to, std::int64_t count) {
  _Pragma("GCC ivdep") for (std::int64_t i = 0; i < count; ++i) to[i] = to[i] < from[i] ? from[i] : to[i];
}

TEMPER_FOR_EACH_ISA void keep_equal(const float* x, const float* largest, float* y, std::int64_t count) {
  _Pragma("GCC ivdep") for (std::int64_t i = 0; i < count; ++i) y[i] = x[i] * (x[i] == largest[i] ? 1.0F : 0.0F);
}

/// The greatest of each window is that of its columns' greatest: a row of those is kept while a row is searched.
class PeaksKernel final : public Kernel {
 public:
  PeaksKernel(const Shape& shape, const Peaks& op) : shape_(shape), rows_(op.kernel[0]), columns_(op.kernel[1]) {}

  std::string_view name() const override { return "f32_peaks"; }

  std::size_t workspace_bytes() const override { return static_cast<std::size_t>(2 * thread_count() * row()) * sizeof(float); }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte> workspace) const override {
    const float* const x = in[0].data<float>().data();
    float* const y = out[0].mutable_data<float>().data();
    const std::int64_t rows = shape_[0] * shape_[1];
    const std::int64_t room = static_cast<std::int64_t>(workspace.size() / sizeof(float)) / (2 * row());
    const std::int64_t parts = std::clamp<std::int64_t>(rows * row() / (1 << 14), 1, std::min(room, rows));
    parallel_for(parts, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t part = begin; part < end; ++part) {
        float* const scratch = reinterpret_cast<float*>(workspace.data()) + part * 2 * row();
        for (std::int64_t at = rows * part / parts; at < rows * (part + 1) / parts; ++at) search(x, y, at, scratch, scratch + row());
      }
    });
  }

 private:
  std::int64_t row() const { return shape_[2] * shape_[3]; }

  void search(const float* x, float* y, std::int64_t at, float* tallest, float* largest) const {
    const std::int64_t height = shape_[1], width = shape_[2], channels = shape_[3];
    const std::int64_t own = at % height, first = at - own;
    const std::int64_t top = std::max<std::int64_t>(own - (rows_ - 1) / 2, 0), bottom = std::min(own + rows_ / 2, height - 1);
    std::fill_n(tallest, row(), std::numeric_limits<float>::lowest());  // NaN is no greatest, nor is -infinity
    for (std::int64_t r = top; r <= bottom; ++r) raise_to(x + (first + r) * row(), tallest, row());
    std::copy_n(tallest, row(), largest);
    for (std::int64_t d = 1; d <= std::min((columns_ - 1) / 2, width - 1); ++d) raise_to(tallest, largest + d * channels, (width - d) * channels);
    for (std::int64_t d = 1; d <= std::min(columns_ / 2, width - 1); ++d) raise_to(tallest + d * channels, largest, (width - d) * channels);
    keep_equal(x + at * row(), largest, y + at * row(), row());
  }

  Shape shape_;
  std::int64_t rows_, columns_;
};

}  // namespace

std::optional<Prepared> prepare_peaks(const Node& node, std::span<const Fact> in) {
  const auto* peaks = node.op.as<Peaks>();
  if (peaks == nullptr) return std::nullopt;
  const Shape shape = shape_of(in[0]);
  if (shape.elements() == 0) return Refusal{"there is nothing to compute"};
  return std::make_unique<PeaksKernel>(shape, *peaks);
}

}  // namespace temper::cpu
