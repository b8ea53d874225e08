#include <cmath>
#include <limits>

#include "ops/quantize/quantize.h"
#include "ops/quantize/slices.h"

namespace temper {
namespace {

/// The numbers that all int32 stand for, lowest to highest, within a range.
class Int32Line {
 public:
  Int32Line(const Tensor& low, const Tensor& high) {
    low_ = static_cast<float>(low.to_double("the low end of the range"));
    const auto top = static_cast<float>(high.to_double("the high end of the range"));
    require(low_ <= top, "a range from {} to {} does not ascend", low_, top);
    constexpr double kCount = 4294967296.0;
    const double adjusted = static_cast<double>(top - low_) * (kCount / (kCount - 1));
    scale_ = adjusted / kCount;
    const auto rounded = static_cast<float>(scale_);
    origin_ = scale_ == 0 ? static_cast<double>(low_) : static_cast<double>(std::round(low_ / rounded) * rounded);
  }

  float number(std::int32_t q) const {
    constexpr double kLowest = std::numeric_limits<std::int32_t>::lowest();
    return static_cast<float>(origin_ + (static_cast<double>(q) - kLowest) * scale_);
  }

 private:
  float low_ = 0;
  double scale_ = 0;
  double origin_ = 0;
};

/// Int32 laid on uint8 in fixed point, with 16 bits after the point, as accumulators of quantised layers are narrowed:
/// what a ratio of ranges too great for it would overflow is not served.
class FixedPoint {
 public:
  FixedPoint(Range from, Range to) {
    const double width = to.high - to.low;
    if (width == 0) return;
    const double ratio = kOne * 255 * (from.high - from.low) / width;
    scale_ = ratio < 0x1p31 ? static_cast<std::int64_t>(ratio) : 0;
    const double middle = (from.low + from.high) / 2 * (255 / width) * kOne;
    const double low = kOne * (to.low * 255) / width;
    served_ = scale_ > 0 && std::abs(middle) < 0x1p60 && std::abs(low) < 0x1p60;
    if (served_) offset_ = static_cast<std::int64_t>(middle) - static_cast<std::int64_t>(low);
  }

  bool served() const { return served_; }
  std::uint8_t narrow(std::int32_t q) const {
    const std::int64_t value = ((q * scale_) >> 32) + offset_ + kOne / 2;
    return static_cast<std::uint8_t>(std::clamp<std::int64_t>(value >> 16, 0, 255));
  }

 private:
  static constexpr std::int64_t kOne = 1 << 16;
  bool served_ = false;
  std::int64_t scale_ = 0;
  std::int64_t offset_ = 0;
};

void require_range(std::span<const Fact> in, std::size_t first) {
  for (const Fact& end : in.subspan(first)) {
    require(end.dtype == DType::kFloat32, "needs a range of float32, got {}", end.dtype);
  }
}

void require_range(Inputs in, std::size_t first) {
  for (const Tensor& end : in.subspan(first)) {
    require(end.dtype() == DType::kFloat32, "needs a range of float32, got {}", end.dtype());
  }
}

}  // namespace

/// The least and the greatest number that quantised x holds, 0 being among them. Inputs: int32 x, and the float32 low
/// and high that the lowest and highest int32 stand for. Outputs: two float32 scalars.
struct RequantizationRange {
  static constexpr std::string_view kName = "requantization_range";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    require(in[0].dtype == DType::kInt32, "needs an int32 input, got {}", in[0].dtype);
    require_range(in, 1);
    return {{DType::kFloat32, Shape{}, {}}, {DType::kFloat32, Shape{}, {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    require(in[0].dtype() == DType::kInt32, "needs an int32 input, got {}", in[0].dtype());
    require_range(in, 1);
    require(in[0].elements() > 0, "nothing has no range");
    const Int32Line line(in[1], in[2]);
    const auto [least, most] = std::ranges::minmax(in[0].data<std::int32_t>());
    return {Tensor::scalar(std::min(0.0F, line.number(least))), Tensor::scalar(std::max(0.0F, line.number(most)))};
  }
};
REGISTER_OP(RequantizationRange);

/// Quantised x laid on the integers of a narrower `dtype`, by another range; what is beyond it becomes its end. Inputs:
/// int32 x, the float32 low and high that the lowest and highest int32 stand for, and the low and high asked for.
/// Outputs: as Quantize.
struct Requantize {
  static constexpr std::string_view kName = "requantize";

  DType dtype = DType::kUInt8;

  static void fields(auto& self, auto&& field) { field("dtype", self.dtype); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 5);
    require(in[0].dtype == DType::kInt32, "needs an int32 input, got {}", in[0].dtype);
    require_range(in, 1);
    require(size_of(dtype) < 4 && is_integer(dtype), "cannot lay numbers on {}", dtype);
    return {{dtype, in[0].shape, {}}, {DType::kFloat32, Shape{}, {}}, {DType::kFloat32, Shape{}, {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 5);
    require(in[0].dtype() == DType::kInt32, "needs an int32 input, got {}", in[0].dtype());
    require_range(in, 1);
    const Int32Line line(in[1], in[2]);
    const double low = in[3].to_double("the low end of the range");
    const double high = in[4].to_double("the high end of the range");
    require(low <= high, "a range from {} to {} does not ascend", low, high);
    Tensor q(dtype, in[0].shape());
    const Tensors ends{Tensor::scalar(static_cast<float>(low)), Tensor::scalar(static_cast<float>(high))};
    const FixedPoint fixed({in[1].to_double("low"), in[2].to_double("high")}, {low, high});
    if (dtype == DType::kUInt8 && fixed.served()) {
      std::ranges::transform(in[0].data<std::int32_t>(), q.mutable_data<std::uint8_t>().begin(),
                             [&](std::int32_t x) { return fixed.narrow(x); });
      return {std::move(q), ends[0], ends[1]};
    }
    visit_quantized(dtype, [&]<class T>(Type<T>) {
      constexpr double kLowest = std::numeric_limits<T>::lowest();
      constexpr double kHighest = std::numeric_limits<T>::max();
      const double scale = low == high ? 0 : (kHighest - kLowest) / (high - low);
      const double origin = std::round(low * scale) - kLowest;
      std::ranges::transform(in[0].data<std::int32_t>(), q.mutable_data<T>().begin(), [&](std::int32_t x) {
        const double multiple = std::round(static_cast<double>(line.number(x)) * scale) - origin;
        return static_cast<T>(multiple > kLowest ? std::min(multiple, kHighest) : kLowest);
      });
    });
    return {std::move(q), ends[0], ends[1]};
  }
};
REGISTER_OP(Requantize);

}  // namespace temper
