#include <cmath>

#include "ops/elementwise/elementwise.h"

namespace temper {

/// y = |x|. The lowest integer of a type stays itself.
struct Abs : Unary<Abs, Numbers> {
  static constexpr std::string_view kName = "abs";
  template <class T>
  T apply(T x) const {
    if constexpr (std::is_integral_v<T>)
      return x < T(0) ? static_cast<T>(Wrapping<T>(0) - static_cast<Wrapping<T>>(x)) : x;
    else
      return std::abs(x);
  }
};
REGISTER_OP(Abs);

/// y = -x. Integers wrap around.
struct Neg : Unary<Neg, Numbers> {
  static constexpr std::string_view kName = "neg";
  template <class T>
  T apply(T x) const {
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(Wrapping<T>(0) - static_cast<Wrapping<T>>(x));
    else
      return -x;
  }
};
REGISTER_OP(Neg);

/// y = -1, 0 or 1, as x is negative, zero or positive; NaN stays NaN.
struct Sign : Unary<Sign, Numbers> {
  static constexpr std::string_view kName = "sign";
  template <class T>
  T apply(T x) const {
    return x > T(0) ? T(1) : x < T(0) ? static_cast<T>(-1) : x;
  }
};
REGISTER_OP(Sign);

/// y = x * x. Integers wrap around.
struct Square : Unary<Square, Numbers> {
  static constexpr std::string_view kName = "square";
  template <class T>
  T apply(T x) const {
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(static_cast<Wrapping<T>>(x) * static_cast<Wrapping<T>>(x));
    else
      return x * x;
  }
};
REGISTER_OP(Square);

/// The square root of x; NaN where x < 0.
struct Sqrt : Unary<Sqrt, Floats> {
  static constexpr std::string_view kName = "sqrt";
  template <class T>
  T apply(T x) const {
    return std::sqrt(x);
  }
};
REGISTER_OP(Sqrt);

/// y = 1 / sqrt(x).
struct Rsqrt : Unary<Rsqrt, Floats> {
  static constexpr std::string_view kName = "rsqrt";
  template <class T>
  T apply(T x) const {
    return T(1) / std::sqrt(x);
  }
};
REGISTER_OP(Rsqrt);

/// y = 1 / x; of integers, what is left of the point.
struct Reciprocal : Unary<Reciprocal, Numbers> {
  static constexpr std::string_view kName = "reciprocal";
  template <class T>
  T apply(T x) const {
    if constexpr (std::is_integral_v<T>) {
      require(x != 0, "integer division by zero");
      return x == T(1) || x == static_cast<T>(-1) ? x : T(0);
    } else {
      return T(1) / x;
    }
  }
};
REGISTER_OP(Reciprocal);

/// e^x.
struct Exp : Unary<Exp, Floats> {
  static constexpr std::string_view kName = "exp";
  template <class T>
  T apply(T x) const {
    return std::exp(x);
  }
};
REGISTER_OP(Exp);

/// e^x - 1, exact for small x too.
struct Expm1 : Unary<Expm1, Floats> {
  static constexpr std::string_view kName = "expm1";
  template <class T>
  T apply(T x) const {
    return std::expm1(x);
  }
};
REGISTER_OP(Expm1);

/// The natural logarithm of x; NaN where x < 0.
struct Log : Unary<Log, Floats> {
  static constexpr std::string_view kName = "log";
  template <class T>
  T apply(T x) const {
    return std::log(x);
  }
};
REGISTER_OP(Log);

/// log(1 + x), exact for small x too.
struct Log1p : Unary<Log1p, Floats> {
  static constexpr std::string_view kName = "log1p";
  template <class T>
  T apply(T x) const {
    return std::log1p(x);
  }
};
REGISTER_OP(Log1p);

/// x to the power of y. Integers wrap around, and y must not be negative.
struct Pow : Binary<Pow, Numbers> {
  static constexpr std::string_view kName = "pow";
  template <class T>
  T apply(T x, T y) const {
    if constexpr (std::is_integral_v<T>) {
      require(!(y < T(0)), "an integer to a negative power");
      Wrapping<T> result = 1;
      Wrapping<T> base = static_cast<Wrapping<T>>(x);
      for (auto left = static_cast<std::make_unsigned_t<T>>(y); left != 0;
           left = static_cast<decltype(left)>(left >> 1)) {
        if (left & 1U) result *= base;
        base *= base;
      }
      return static_cast<T>(result);
    } else {
      return std::pow(x, y);
    }
  }
};
REGISTER_OP(Pow);

}  // namespace temper
