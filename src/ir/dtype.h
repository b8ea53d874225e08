#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "base/error.h"
#include "base/half.h"
#include "temper/dtype.h"

namespace temper {

/// "float32", as NumPy names it.
std::string_view dtype_name(DType dtype);
std::optional<DType> find_dtype(std::string_view name);

/// Bytes of one element; 0 for kString and kList, whose elements live elsewhere.
std::size_t size_of(DType dtype);

bool is_float(DType dtype);
/// Signed or unsigned integers; not bool.
bool is_integer(DType dtype);
bool is_signed(DType dtype);
inline bool is_number(DType dtype) { return is_float(dtype) || is_integer(dtype); }

template <class T>
inline constexpr DType dtype_of = [] {
  if constexpr (std::is_same_v<T, Half>) return DType::kFloat16;
  else if constexpr (std::is_same_v<T, BFloat16>) return DType::kBFloat16;
  else if constexpr (std::is_same_v<T, float>) return DType::kFloat32;
  else if constexpr (std::is_same_v<T, double>) return DType::kFloat64;
  else if constexpr (std::is_same_v<T, std::int8_t>) return DType::kInt8;
  else if constexpr (std::is_same_v<T, std::int16_t>) return DType::kInt16;
  else if constexpr (std::is_same_v<T, std::int32_t>) return DType::kInt32;
  else if constexpr (std::is_same_v<T, std::int64_t>) return DType::kInt64;
  else if constexpr (std::is_same_v<T, std::uint8_t>) return DType::kUInt8;
  else if constexpr (std::is_same_v<T, std::uint16_t>) return DType::kUInt16;
  else if constexpr (std::is_same_v<T, std::uint32_t>) return DType::kUInt32;
  else if constexpr (std::is_same_v<T, std::uint64_t>) return DType::kUInt64;
  else {
    static_assert(std::is_same_v<T, bool>, "not an element type");
    return DType::kBool;
  }
}();

/// Carries an element type into a generic lambda: `[&]<class T>(Type<T>) { ... }`.
template <class T>
struct Type {
  using type = T;
};

/// Calls `body(Type<T>{})` with the element type. Families: every number and bool; numbers; floats; integers.
/// Throws ModelError naming the dtype where it is not of the family.
template <class Body>
decltype(auto) visit_floats(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::kFloat16: return body(Type<Half>{});
    case DType::kBFloat16: return body(Type<BFloat16>{});
    case DType::kFloat32: return body(Type<float>{});
    case DType::kFloat64: return body(Type<double>{});
    default: throw ModelError(fmt::format("needs a float input, got {}", dtype_name(dtype)));
  }
}

template <class Body>
decltype(auto) visit_integers(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::kInt8: return body(Type<std::int8_t>{});
    case DType::kInt16: return body(Type<std::int16_t>{});
    case DType::kInt32: return body(Type<std::int32_t>{});
    case DType::kInt64: return body(Type<std::int64_t>{});
    case DType::kUInt8: return body(Type<std::uint8_t>{});
    case DType::kUInt16: return body(Type<std::uint16_t>{});
    case DType::kUInt32: return body(Type<std::uint32_t>{});
    case DType::kUInt64: return body(Type<std::uint64_t>{});
    default: throw ModelError(fmt::format("needs an integer input, got {}", dtype_name(dtype)));
  }
}

template <class Body>
decltype(auto) visit_numbers(DType dtype, Body&& body) {
  if (is_float(dtype)) return visit_floats(dtype, body);
  if (is_integer(dtype)) return visit_integers(dtype, body);
  throw ModelError(fmt::format("needs a number input, got {}", dtype_name(dtype)));
}

template <class Body>
decltype(auto) visit_elements(DType dtype, Body&& body) {
  return dtype == DType::kBool ? body(Type<bool>{}) : visit_numbers(dtype, body);
}

/// The type in which arithmetic on T is done: float for the half types, T itself otherwise.
template <class T>
using Compute = std::conditional_t<std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>, float, T>;

template <class T>
inline constexpr bool is_float_type = std::is_floating_point_v<Compute<T>>;

}  // namespace temper

template <>
struct fmt::formatter<temper::DType> : fmt::formatter<std::string_view> {
  auto format(temper::DType value, auto& context) const {
    return fmt::formatter<std::string_view>::format(temper::dtype_name(value), context);
  }
};
