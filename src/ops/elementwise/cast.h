#pragma once
#include <limits>

#include "ops/definition.h"

namespace temper {

/// y = x as another element type. Numbers become bool by x != 0; bools become 0 or 1; integers keep their low bits;
/// integers and floats become floats by rounding to nearest even (float16 and bfloat16 by way of float32). Floats
/// become integers by cutting off at the point. Where that does not fit, the answer is what x86 gives: types of up to
/// 32 bits are the low bits of an int32 (uint32: of an int64), which is the lowest number of its type where x does not
/// fit it. With `truncate`, a float that becomes a narrower one is cut off, not rounded (but float64 to bfloat16 is
/// rounded).
struct Cast {
  static constexpr std::string_view kName = "cast";

  DType dtype = DType::kFloat32;
  bool truncate = false;

  static void fields(auto& self, auto&& field) {
    field("dtype", self.dtype);
    field("truncate", self.truncate);
  }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// x cut off at the point; the lowest Int where that does not fit, as the instructions of x86 answer.
template <class Int, class Float>
Int cut(Float x) {
  constexpr Float kEnd = static_cast<Float>(std::uint64_t{1} << (std::numeric_limits<Int>::digits));
  return x >= -kEnd && x < kEnd ? static_cast<Int>(x) : std::numeric_limits<Int>::min();
}

/// x as the integer that Cast makes of it.
template <class To, class Float>
To float_to_integer(Float x) {
  if constexpr (std::is_same_v<To, std::uint64_t>) {
    constexpr Float kHalf = static_cast<Float>(std::uint64_t{1} << 63);
    if (x >= kHalf && x < 2 * kHalf) return static_cast<To>(x);
    return static_cast<To>(cut<std::int64_t>(x));
  } else if constexpr (sizeof(To) < 4 || std::is_same_v<To, std::int32_t>) {
    return static_cast<To>(cut<std::int32_t>(x));
  } else {
    return static_cast<To>(cut<std::int64_t>(x));
  }
}

}  // namespace temper
