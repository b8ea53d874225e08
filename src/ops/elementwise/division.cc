#include <cmath>

#include "ops/elementwise/elementwise.h"

namespace temper {
namespace {

/// x / y cut off at the point. Throws ModelError where y is 0; the lowest integer over -1 wraps around to itself.
template <class T>
T quotient(T x, T y) {
  require(y != T(0), "integer division by zero");
  if (std::is_signed_v<T> && y == static_cast<T>(-1))
    return static_cast<T>(Wrapping<T>(0) - static_cast<Wrapping<T>>(x));
  return static_cast<T>(x / y);
}

/// x - y * quotient(x, y).
template <class T>
T remainder(T x, T y) {
  require(y != T(0), "integer division by zero");
  if (std::is_signed_v<T> && y == static_cast<T>(-1)) return T(0);
  return static_cast<T>(x % y);
}

}  // namespace

/// z = x / y; of integers, cut off at the point.
struct Div : Binary<Div, Numbers> {
  static constexpr std::string_view kName = "div";
  template <class T>
  T apply(T x, T y) const {
    if constexpr (std::is_integral_v<T>)
      return quotient(x, y);
    else
      return x / y;
  }
};
REGISTER_OP(Div);

/// z = x / y, rounded towards 0.
struct TruncateDiv : Binary<TruncateDiv, Numbers> {
  static constexpr std::string_view kName = "truncate_div";
  static constexpr bool kRoundsWithin = true;
  template <class T>
  T apply(T x, T y) const {
    if constexpr (std::is_integral_v<T>)
      return quotient(x, y);
    else
      return static_cast<T>(std::trunc(Compute<T>(static_cast<T>(Compute<T>(x) / Compute<T>(y)))));
  }
};
REGISTER_OP(TruncateDiv);

/// z = x / y, rounded to x's type and then down.
struct FloorDiv : Binary<FloorDiv, Numbers> {
  static constexpr std::string_view kName = "floor_div";
  static constexpr bool kRoundsWithin = true;
  template <class T>
  T apply(T x, T y) const {
    if constexpr (std::is_integral_v<T>) {
      const T cut = quotient(x, y);
      const bool inexact = remainder(x, y) != T(0);
      return inexact && ((x < T(0)) != (y < T(0))) ? static_cast<T>(cut - 1) : cut;
    } else {
      return static_cast<T>(std::floor(Compute<T>(static_cast<T>(Compute<T>(x) / Compute<T>(y)))));
    }
  }
};
REGISTER_OP(FloorDiv);

/// What x / y, rounded towards 0, leaves of x: it has the sign of x.
struct TruncateMod : Binary<TruncateMod, Numbers> {
  static constexpr std::string_view kName = "truncate_mod";
  template <class T>
  T apply(T x, T y) const {
    if constexpr (std::is_integral_v<T>)
      return remainder(x, y);
    else
      return std::fmod(x, y);
  }
};
REGISTER_OP(TruncateMod);

/// What x / y, rounded down, leaves of x: it has the sign of y.
struct FloorMod : Binary<FloorMod, Numbers> {
  static constexpr std::string_view kName = "floor_mod";
  template <class T>
  T apply(T x, T y) const {
    T left;
    if constexpr (std::is_integral_v<T>)
      left = remainder(x, y);
    else
      left = std::fmod(x, y);
    return left != T(0) && ((left < T(0)) != (y < T(0))) ? static_cast<T>(left + y) : left;
  }
};
REGISTER_OP(FloorMod);

/// z = x / y, but 0 where y is 0.
struct DivNoNan : Binary<DivNoNan, Floats> {
  static constexpr std::string_view kName = "div_no_nan";
  template <class T>
  T apply(T x, T y) const {
    return y == T(0) ? T(0) : x / y;
  }
};
REGISTER_OP(DivNoNan);

/// z = x / y, but 0 where x is 0, whatever y is.
struct Xdivy : Binary<Xdivy, Floats> {
  static constexpr std::string_view kName = "xdivy";
  template <class T>
  T apply(T x, T y) const {
    return x == T(0) ? T(0) : x / y;
  }
};
REGISTER_OP(Xdivy);

/// z = x log(y), but 0 where x is 0, whatever y is.
struct Xlogy : Binary<Xlogy, Floats> {
  static constexpr std::string_view kName = "xlogy";
  template <class T>
  T apply(T x, T y) const {
    return x == T(0) ? T(0) : x * std::log(y);
  }
};
REGISTER_OP(Xlogy);

/// z = x log(1 + y), but 0 where x is 0, whatever y is.
struct Xlog1py : Binary<Xlog1py, Floats> {
  static constexpr std::string_view kName = "xlog1py";
  template <class T>
  T apply(T x, T y) const {
    return x == T(0) ? T(0) : x * std::log1p(y);
  }
};
REGISTER_OP(Xlog1py);

/// The number next to x in its type, on the way to y.
struct NextAfter : Binary<NextAfter, Floats> {
  static constexpr std::string_view kName = "next_after";
  static constexpr bool kRoundsWithin = true;

  Facts infer(std::span<const Fact> in) const {
    const Facts out = Binary::infer(in);
    require(size_of(in[0].dtype) >= sizeof(float), "needs float32 or float64 inputs, got {}", in[0].dtype);
    return out;
  }
  template <class T>
  T apply(T x, T y) const {
    require(sizeof(T) >= sizeof(float), "needs float32 or float64 inputs");
    return static_cast<T>(std::nextafter(Compute<T>(x), Compute<T>(y)));
  }
};
REGISTER_OP(NextAfter);

}  // namespace temper
