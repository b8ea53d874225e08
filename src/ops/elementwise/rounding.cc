#include <cmath>

#include "ops/elementwise/elementwise.h"

namespace temper {

/// The largest whole number not above x.
struct Floor : Unary<Floor, Floats> {
  static constexpr std::string_view kName = "floor";
  template <class T>
  T apply(T x) const {
    return std::floor(x);
  }
};
REGISTER_OP(Floor);

/// The smallest whole number not below x.
struct Ceil : Unary<Ceil, Floats> {
  static constexpr std::string_view kName = "ceil";
  template <class T>
  T apply(T x) const {
    return std::ceil(x);
  }
};
REGISTER_OP(Ceil);

/// The whole number nearest to x; of two, the even one. Integers stay themselves.
struct Round : Unary<Round, Numbers> {
  static constexpr std::string_view kName = "round";
  template <class T>
  T apply(T x) const {
    if constexpr (std::is_integral_v<T>)
      return x;
    else
      return std::nearbyint(x);
  }
};
REGISTER_OP(Round);

/// Whether x is NaN.
struct IsNan : Unary<IsNan, Floats> {
  static constexpr std::string_view kName = "is_nan";
  template <class T>
  bool apply(T x) const {
    return std::isnan(x);
  }
};
REGISTER_OP(IsNan);

/// Whether x is an infinity.
struct IsInf : Unary<IsInf, Floats> {
  static constexpr std::string_view kName = "is_inf";
  template <class T>
  bool apply(T x) const {
    return std::isinf(x);
  }
};
REGISTER_OP(IsInf);

/// Whether x is neither NaN nor an infinity.
struct IsFinite : Unary<IsFinite, Floats> {
  static constexpr std::string_view kName = "is_finite";
  template <class T>
  bool apply(T x) const {
    return std::isfinite(x);
  }
};
REGISTER_OP(IsFinite);

}  // namespace temper
