#include "ops/quantize/quantize.h"

#include <cmath>
#include <limits>

#include "ops/elementwise/cast.h"
#include "ops/quantize/slices.h"

namespace temper {
namespace {

template <class T>
constexpr auto kLowest = static_cast<float>(std::numeric_limits<T>::lowest());
template <class T>
constexpr auto kHighest = static_cast<float>(std::numeric_limits<T>::max());
/// One less than how many integers T has.
template <class T>
constexpr double kSteps = static_cast<double>(std::numeric_limits<T>::max()) -
                          static_cast<double>(std::numeric_limits<T>::lowest());

struct FloatRange {
  float low = 0;
  float high = 0;

  /// NaN becomes the low end.
  float clamp(float x) const { return x > low ? std::min(x, high) : low; }
};

FloatRange widened(const Range& range, float minimum_range) {
  require(range.low <= range.high, "a range from {} to {} does not ascend", range.low, range.high);
  const auto low = static_cast<float>(range.low);
  const auto high = static_cast<float>(range.high);
  const float least = std::max({1.0F, std::abs(low), std::abs(high)}) * minimum_range;
  FloatRange result;
  result.low = std::min(0.0F, low);
  result.high = std::max(0.0F, std::max(high, result.low + least));
  return result;
}

/// Each of these maps a slice by `each(f)`, which applies f to all its elements, and gives the range that is in force.
template <class T>
FloatRange quantize_combined(FloatRange range, auto&& each) {
  const auto scale = static_cast<float>(kSteps<T> / static_cast<double>(range.high - range.low));
  const float half = std::is_signed_v<T> ? static_cast<float>((kSteps<T> + 1) / 2) : 0.0F;
  each([&](float x) { return float_to_integer<T>(std::round((range.clamp(x) - range.low) * scale - half)); });
  return range;
}

template <class T>
FloatRange quantize_min_first(FloatRange range, auto&& each) {
  const auto scale = static_cast<float>(kSteps<T> / static_cast<double>(range.high - range.low));
  const float origin = std::round(range.low * scale) - kLowest<T>;
  const float most = sizeof(T) < 4 ? kHighest<T> : std::nextafter(kHighest<T>, 0.0F);
  each([&](float x) {
    const float multiple = std::round(x * scale) - origin;
    return float_to_integer<T>(multiple > kLowest<T> ? std::min(multiple, most) : kLowest<T>);
  });
  return range;
}

template <class T>
FloatRange quantize_scaled(FloatRange range, const Quantize& op, auto&& each) {
  constexpr float kNone = std::numeric_limits<float>::max();
  const float least = kLowest<T> + (op.narrow ? 1.0F : 0.0F);
  const float by_low = least * range.low > 0 ? least / range.low : kNone;
  const float by_high = kHighest<T> * range.high > 0 ? kHighest<T> / range.high : kNone;
  const float scale = std::min(by_low, by_high);
  const FloatRange whole{least / scale, kHighest<T> / scale};
  each([&](float x) {
    const float scaled = whole.clamp(x) * scale;
    return float_to_integer<T>(op.round_even ? std::nearbyint(scaled) : std::round(scaled));
  });
  return whole;
}

void require_mode(QuantizeMode mode, std::int64_t axis) {
  require(axis >= -1, "axis {} is negative", axis);
  require(axis < 0 || mode != QuantizeMode::kMinFirst, "slices cannot be quantised in mode min_first");
}

template <class T>
Tensors quantize(const Quantize& op, Inputs in) {
  const Slices slices(in[0].shape(), op.axis);
  const auto ranges = ranges_of(in[1], in[2], slices.count(), op.axis);
  const Shape each_range = op.axis < 0 ? Shape{} : in[1].shape();
  Tensors out{Tensor(op.dtype, in[0].shape()), Tensor(DType::kFloat32, each_range), Tensor(DType::kFloat32, each_range)};
  const auto x = in[0].data<float>();
  const auto q = out[0].mutable_data<T>();
  for (std::size_t slice = 0; slice < ranges.size(); ++slice) {
    const FloatRange range = widened(ranges[slice], op.minimum_range);
    const auto each = [&](auto&& map) {
      slices.for_each_run(slice, [&](std::size_t first, std::size_t length) {
        std::ranges::transform(x.subspan(first, length), q.subspan(first, length).begin(), map);
      });
    };
    const FloatRange meant = op.mode == QuantizeMode::kScaled     ? quantize_scaled<T>(range, op, each)
                             : op.mode == QuantizeMode::kMinFirst ? quantize_min_first<T>(range, each)
                                                                  : quantize_combined<T>(range, each);
    out[1].mutable_data<float>()[slice] = meant.low;
    out[2].mutable_data<float>()[slice] = meant.high;
  }
  return out;
}

/// The number that q stands for is (q - origin) * scale + offset.
struct Line {
  float origin = 0;
  float scale = 0;
  float offset = 0;
};

template <class T>
Line line_of(const Dequantize& op, const Range& range) {
  const auto low = static_cast<float>(range.low);
  const auto high = static_cast<float>(range.high);
  if (op.mode == QuantizeMode::kScaled) {
    const float least = kLowest<T> + (op.narrow ? 1.0F : 0.0F);
    return {0, std::is_signed_v<T> ? std::max(low / least, high / kHighest<T>) : high / kHighest<T>, 0};
  }
  const auto scale = static_cast<float>(static_cast<double>(high - low) / kSteps<T>);
  const bool shifted = op.mode == QuantizeMode::kMinFirst && low != high;
  return {kLowest<T>, scale, shifted ? std::round(low / scale) * scale : low};
}

template <class T>
Tensors dequantize(const Dequantize& op, Inputs in) {
  const Slices slices(in[0].shape(), op.axis);
  const auto ranges = ranges_of(in[1], in[2], slices.count(), op.axis);
  Tensor y(op.dtype, in[0].shape());
  const auto q = in[0].data<T>();
  visit_floats(op.dtype, [&]<class F>(Type<F>) {
    const auto out = y.mutable_data<F>();
    for (std::size_t slice = 0; slice < ranges.size(); ++slice) {
      const Line line = line_of<T>(op, ranges[slice]);
      slices.for_each_run(slice, [&](std::size_t first, std::size_t length) {
        for (std::size_t i = first; i < first + length; ++i) {
          out[i] = static_cast<F>((static_cast<float>(q[i]) - line.origin) * line.scale + line.offset);
        }
      });
    }
  });
  return {std::move(y)};
}

}  // namespace

Facts Quantize::infer(std::span<const Fact> in) const {
  require_inputs(in, 3);
  for (const Fact& x : in) require(x.dtype == DType::kFloat32, "needs float32 inputs, got {}", x.dtype);
  require_mode(mode, axis);
  visit_quantized(dtype, [](auto) {});
  const ShapeFact ends = ranges_shape(in[0].shape, axis);
  return {{dtype, in[0].shape, {}}, {DType::kFloat32, ends, {}}, {DType::kFloat32, ends, {}}};
}

Tensors Quantize::reference(Inputs in) const {
  require_inputs(in, 3);
  for (const Tensor& x : in) require(x.dtype() == DType::kFloat32, "needs float32 inputs, got {}", x.dtype());
  require_mode(mode, axis);
  return visit_quantized(dtype, [&]<class T>(Type<T>) { return quantize<T>(*this, in); });
}
REGISTER_OP(Quantize);

Facts Dequantize::infer(std::span<const Fact> in) const {
  require_inputs(in, 3);
  visit_quantized(in[0].dtype, [](auto) {});
  require(is_float(dtype), "gives floats, not {}", dtype);
  require_mode(mode, axis);
  return {{dtype, in[0].shape, {}}};
}

Tensors Dequantize::reference(Inputs in) const {
  require_inputs(in, 3);
  require(is_float(dtype), "gives floats, not {}", dtype);
  require_mode(mode, axis);
  return visit_quantized(in[0].dtype(), [&]<class T>(Type<T>) { return dequantize<T>(*this, in); });
}
REGISTER_OP(Dequantize);

}  // namespace temper
