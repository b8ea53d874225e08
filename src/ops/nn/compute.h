#pragma once
#include <limits>

#include "ops/definition.h"

namespace temper {

/// The type in which sums over values of `dtype` are done: float32 for the half types, else `dtype` itself.
inline DType compute_dtype(DType dtype) {
  return dtype == DType::kFloat16 || dtype == DType::kBFloat16 ? DType::kFloat32 : dtype;
}

/// A tensor of half type as float32; any other as it is, elements shared.
Tensor widened(const Tensor& tensor);
/// A float32 tensor in half type `dtype`, rounded to nearest; any other as it is.
Tensor narrowed(Tensor tensor, DType dtype);

/// Calls `body(Type<T>{})` with float or double, for tensors that have been widened. Throws ModelError on another
/// dtype.
template <class Body>
decltype(auto) visit_widened(DType dtype, Body&& body) {
  switch (compute_dtype(dtype)) {
    case DType::kFloat32:
      return body(Type<float>{});
    case DType::kFloat64:
      return body(Type<double>{});
    default:
      throw ModelError(fmt::format("needs a float input, got {}", dtype));
  }
}

/// The lowest finite number of an element type.
template <class T>
T lowest() {
  if constexpr (std::is_same_v<T, Half>)
    return Half(-65504.0F);
  else if constexpr (std::is_same_v<T, BFloat16>)
    return BFloat16(-0x1.fep127F);
  else
    return std::numeric_limits<T>::lowest();
}

/// The dim along `axis`, counted from the end where negative; unknown where the rank is, or is too small.
Dim dim_of(const Fact& fact, std::int64_t axis);

/// What both say of one dim. Throws ModelError, naming the dim, where they contradict.
Dim agreed(const Dim& a, const Dim& b, std::string_view what);

/// Throws ModelError unless the value is, as far as known, a vector of `count` elements.
void require_vector(const Fact& fact, const Dim& count, std::string_view what);
void require_vector(const Tensor& tensor, std::int64_t count, std::string_view what);

}  // namespace temper
