#pragma once
#include "ops/definition.h"

namespace temper {

/// y = x as another element type. Numbers become bool by x != 0; bools become 0 or 1; integers keep their low bits; integers
/// and floats become floats by rounding to nearest even (float16 and bfloat16 by way of float32).
/// Floats become integers by cutting off at the point. Where that does not fit, the answer is what x86 gives: types of up to
/// 32 bits are the low bits of an int32 (uint32: of an int64), which is the lowest number of its type where x does not fit it.
/// With `truncate`, a float that becomes a narrower one is cut off, not rounded (but float64 to bfloat16 is rounded).
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

}  // namespace temper
