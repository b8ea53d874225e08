#include <cmath>

#include "ops/quantize/slices.h"

namespace temper {

/// y = x, clamped to a range and rounded to the nearest of 2^bits evenly spaced numbers in it (with `narrow`, of one
/// less), of which 0 is one: the range is moved to make it so, and to hold 0. Inputs: float32 x, low, high: scalars, or
/// (`by_channel`) one for each place along the last axis of x.
struct FakeQuant {
  static constexpr std::string_view kName = "fake_quant";

  std::int64_t bits = 8;
  bool narrow = false;
  bool by_channel = false;

  static void fields(auto& self, auto&& field) {
    field("bits", self.bits);
    field("narrow", self.narrow);
    field("by_channel", self.by_channel);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    for (const Fact& x : in) require(x.dtype == DType::kFloat32, "needs float32 inputs, got {}", x.dtype);
    require_bits();
    require(!by_channel || !in[0].shape.rank_known() || in[0].shape.rank() > 0, "a scalar has no channels");
    return {{DType::kFloat32, in[0].shape, {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    for (const Tensor& x : in) require(x.dtype() == DType::kFloat32, "needs float32 inputs, got {}", x.dtype());
    require_bits();
    require(!by_channel || in[0].rank() > 0, "a scalar has no channels");
    const std::int64_t axis = by_channel ? static_cast<std::int64_t>(in[0].rank()) - 1 : -1;
    const Slices slices(in[0].shape(), axis);
    const auto ranges = ranges_of(in[1], in[2], slices.count(), axis);
    Tensor y(DType::kFloat32, in[0].shape());
    const auto from = in[0].data<float>();
    const auto to = y.mutable_data<float>();
    for (std::size_t slice = 0; slice < ranges.size(); ++slice) {
      const Grid grid = nudged(ranges[slice]);
      slices.for_each_run(slice, [&](std::size_t first, std::size_t length) {
        for (std::size_t i = first; i < first + length; ++i) to[i] = grid.nearest(from[i]);
      });
    }
    return {std::move(y)};
  }

 private:
  struct Grid {
    float low = 0;
    float high = 0;
    float scale = 0;
    float inverse = 0;
    float zero = 0;  ///< which of the numbers 0 is, counted from low

    float nearest(float x) const {
      if (scale == 0) return 0;
      const float clamped = x < low ? low : x > high ? high : x;
      return std::floor((clamped - low) * inverse - zero + 0.5F) * scale;
    }
  };

  void require_bits() const { require(bits >= 2 && bits <= 16, "{} bits are not between 2 and 16", bits); }

  Grid nudged(const Range& range) const {
    const float first = narrow ? 1 : 0;
    const auto last = static_cast<float>((std::int64_t{1} << bits) - 1);
    const auto low = static_cast<float>(range.low);
    const auto high = static_cast<float>(range.high);
    if (low == 0 && high == 0) return {};
    Grid grid;
    grid.scale = (high - low) / (last - first);
    const float zero = first - low / grid.scale;
    const float nudged_zero = zero < first ? first : zero > last ? last : std::round(zero);
    grid.low = (first - nudged_zero) * grid.scale;
    grid.high = (last - nudged_zero) * grid.scale;
    grid.inverse = 1 / grid.scale;
    grid.zero = std::floor(-grid.low * grid.inverse + 0.5F);
    return grid;
  }
};
REGISTER_OP(FakeQuant);

}  // namespace temper
