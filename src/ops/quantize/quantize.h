#pragma once
#include "ops/definition.h"

namespace temper {

/// How a range of numbers is laid on the integers of a type, whose lowest and highest are L and H:
/// kMinCombined: low on L, high on H; kMinFirst: likewise, but shifted so that 0 meets an integer; kScaled: 0 on 0, by
/// the least scale with which neither low nor high passes L or H.
enum class QuantizeMode { kMinCombined, kMinFirst, kScaled };

template <>
struct EnumNames<QuantizeMode> {
  static constexpr std::array<std::string_view, 3> kNames{"min_combined", "min_first", "scaled"};
};

/// q = x laid on the integers of `dtype` (8, 16 or 32 bits, not uint32), with its range. Inputs: float32 x, low, high
/// (scalars, or one for each slice along `axis`). Outputs: q, and the low and high that it stands for. The range is
/// widened to hold 0, and to be no narrower than `minimum_range` of the greatest of 1, |low|, |high|. What is beyond it
/// becomes its end; NaN its low end. Rounding is half away from 0, or for kScaled as `round_even` says. With `narrow`,
/// kScaled leaves L unused. Arithmetic is in float32, and what the rounded scale carries past the highest int32 becomes
/// the lowest.
struct Quantize {
  static constexpr std::string_view kName = "quantize";

  DType dtype = DType::kUInt8;
  QuantizeMode mode = QuantizeMode::kMinCombined;
  bool round_even = false;
  bool narrow = false;
  std::int64_t axis = -1;
  float minimum_range = 0.01F;

  static void fields(auto& self, auto&& field) {
    field("dtype", self.dtype);
    field("mode", self.mode);
    field("round_even", self.round_even);
    field("narrow", self.narrow);
    field("axis", self.axis);
    field("minimum_range", self.minimum_range);
  }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// The numbers that integers of a range stand for: what Quantize does, undone. Inputs: integers of 8, 16 or 32 bits
/// (not uint32), float32 low and high (scalars, or one for each slice along `axis`). Arithmetic is in float32.
struct Dequantize {
  static constexpr std::string_view kName = "dequantize";

  DType dtype = DType::kFloat32;
  QuantizeMode mode = QuantizeMode::kMinCombined;
  bool narrow = false;
  std::int64_t axis = -1;

  static void fields(auto& self, auto&& field) {
    field("dtype", self.dtype);
    field("mode", self.mode);
    field("narrow", self.narrow);
    field("axis", self.axis);
  }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// Calls `body(Type<T>{})` with a type that numbers are laid on. Throws ModelError on others.
template <class Body>
decltype(auto) visit_quantized(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::kInt8:
      return body(Type<std::int8_t>{});
    case DType::kUInt8:
      return body(Type<std::uint8_t>{});
    case DType::kInt16:
      return body(Type<std::int16_t>{});
    case DType::kUInt16:
      return body(Type<std::uint16_t>{});
    case DType::kInt32:
      return body(Type<std::int32_t>{});
    default:
      throw ModelError(fmt::format("numbers cannot be quantised to or from {}", dtype));
  }
}

}  // namespace temper
