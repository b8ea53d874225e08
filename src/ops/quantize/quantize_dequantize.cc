#include <cmath>
#include <limits>

#include "ops/quantize/slices.h"

namespace temper {

/// y = x rounded to the multiples of a scale that integers of `bits` bits would count: signed ones from -2^(bits - 1)
/// (with `narrow`, one more), or unsigned ones. The scale is the least with which the range keeps within them. Inputs:
/// x, low, high of one float type: scalars, or one for each slice along `axis`. With `range_given` they are the range,
/// and x is clamped to it; else the least and greatest of x (of the slice) are, and they are not looked at.
/// Rounding is half to even, or with `round_up` half up.
struct QuantizeDequantize {
  static constexpr std::string_view kName = "quantize_dequantize";

  std::int64_t bits = 8;
  bool is_signed = true;
  bool narrow = false;
  bool range_given = false;
  bool round_up = false;
  std::int64_t axis = -1;

  static void fields(auto& self, auto&& field) {
    field("bits", self.bits);
    field("is_signed", self.is_signed);
    field("narrow", self.narrow);
    field("range_given", self.range_given);
    field("round_up", self.round_up);
    field("axis", self.axis);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    require(is_float(in[0].dtype), "needs a float input, got {}", in[0].dtype);
    require_valid();
    return {{in[0].dtype, in[0].shape, {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    require_valid();
    Tensor y(in[0].dtype(), in[0].shape());
    visit_floats(y.dtype(), [&]<class T>(Type<T>) { round_all<T>(in, y); });
    return {std::move(y)};
  }

 private:
  template <class C>
  struct Grid {
    C low, high, scale, inverse;
  };

  void require_valid() const {
    require(bits >= (is_signed ? 2 : 1) && bits <= 62, "{} bits are too few or too many", bits);
    require(axis >= -1, "axis {} is negative", axis);
  }

  template <class T>
  void round_all(Inputs in, Tensor& y) const {
    using C = Compute<T>;
    const Slices slices(y.shape(), axis);
    const auto from = in[0].data<T>();
    const auto to = y.mutable_data<T>();
    const auto ranges = range_given ? ranges_of(in[1], in[2], slices.count(), axis) : measured<T>(from, slices);
    for (std::size_t slice = 0; slice < ranges.size(); ++slice) {
      const auto grid = grid_of<C>(ranges[slice]);
      slices.for_each_run(slice, [&](std::size_t first, std::size_t length) {
        for (std::size_t i = first; i < first + length; ++i)
          to[i] = static_cast<T>(nearest(grid, static_cast<C>(from[i])));
      });
    }
  }

  template <class T>
  static std::vector<Range> measured(std::span<const T> x, const Slices& slices) {
    std::vector<Range> ranges(slices.count());
    for (std::size_t slice = 0; slice < ranges.size(); ++slice) {
      bool any = false;
      slices.for_each_run(slice, [&](std::size_t first, std::size_t length) {
        for (const T element : x.subspan(first, length)) {
          const auto value = static_cast<double>(static_cast<Compute<T>>(element));
          Range& range = ranges[slice];
          range = any ? Range{std::min(range.low, value), std::max(range.high, value)} : Range{value, value};
          any = true;
        }
      });
    }
    return ranges;
  }

  template <class C>
  Grid<C> grid_of(const Range& range) const {
    require(!(range.low > range.high), "a range from {} to {} does not ascend", range.low, range.high);
    const std::int64_t half = std::int64_t{1} << (bits - 1);
    const auto least = static_cast<C>(is_signed ? (narrow ? 1 : 0) - half : 0);
    const auto most = static_cast<C>(is_signed ? half - 1 : half * 2 - 1);
    Grid<C> grid{static_cast<C>(range.low), static_cast<C>(range.high), 0, 0};
    constexpr C kNone = std::numeric_limits<C>::max();
    const C by_low = least * grid.low > 0 ? least / grid.low : kNone;
    const C by_high = most * grid.high > 0 ? most / grid.high : kNone;
    if (by_low < by_high) {
      grid.scale = by_low;
      grid.inverse = grid.low / least;
      grid.high = most * grid.inverse;
    } else {
      grid.scale = by_high;
      grid.inverse = grid.high / most;
      grid.low = least * grid.inverse;
    }
    return grid;
  }

  template <class C>
  C nearest(const Grid<C>& grid, C x) const {
    if (range_given) x = x < grid.low ? grid.low : x > grid.high ? grid.high : x;
    const C scaled = x * grid.scale;
    return (round_up ? std::floor(scaled + C(0.5)) : std::nearbyint(scaled)) * grid.inverse;
  }
};
REGISTER_OP(QuantizeDequantize);

}  // namespace temper
