#include <cmath>

#include "ops/elementwise/elementwise.h"

namespace temper {

/// The sine of x, in radians.
struct Sin : Unary<Sin, Floats> {
  static constexpr std::string_view kName = "sin";
  template <class T>
  T apply(T x) const {
    return std::sin(x);
  }
};
REGISTER_OP(Sin);

/// The cosine of x, in radians.
struct Cos : Unary<Cos, Floats> {
  static constexpr std::string_view kName = "cos";
  template <class T>
  T apply(T x) const {
    return std::cos(x);
  }
};
REGISTER_OP(Cos);

/// The tangent of x, in radians.
struct Tan : Unary<Tan, Floats> {
  static constexpr std::string_view kName = "tan";
  template <class T>
  T apply(T x) const {
    return std::tan(x);
  }
};
REGISTER_OP(Tan);

/// The angle in [-pi/2, pi/2] whose sine is x; NaN outside [-1, 1].
struct Asin : Unary<Asin, Floats> {
  static constexpr std::string_view kName = "asin";
  template <class T>
  T apply(T x) const {
    return std::asin(x);
  }
};
REGISTER_OP(Asin);

/// The angle in [0, pi] whose cosine is x; NaN outside [-1, 1].
struct Acos : Unary<Acos, Floats> {
  static constexpr std::string_view kName = "acos";
  template <class T>
  T apply(T x) const {
    return std::acos(x);
  }
};
REGISTER_OP(Acos);

/// The angle in (-pi/2, pi/2) whose tangent is x.
struct Atan : Unary<Atan, Floats> {
  static constexpr std::string_view kName = "atan";
  template <class T>
  T apply(T x) const {
    return std::atan(x);
  }
};
REGISTER_OP(Atan);

/// The hyperbolic sine of x.
struct Sinh : Unary<Sinh, Floats> {
  static constexpr std::string_view kName = "sinh";
  template <class T>
  T apply(T x) const {
    return std::sinh(x);
  }
};
REGISTER_OP(Sinh);

/// The hyperbolic cosine of x.
struct Cosh : Unary<Cosh, Floats> {
  static constexpr std::string_view kName = "cosh";
  template <class T>
  T apply(T x) const {
    return std::cosh(x);
  }
};
REGISTER_OP(Cosh);

/// The hyperbolic tangent of x.
struct Tanh : Unary<Tanh, Floats> {
  static constexpr std::string_view kName = "tanh";
  template <class T>
  T apply(T x) const {
    return std::tanh(x);
  }
};
REGISTER_OP(Tanh);

/// The number whose hyperbolic sine is x.
struct Asinh : Unary<Asinh, Floats> {
  static constexpr std::string_view kName = "asinh";
  template <class T>
  T apply(T x) const {
    return std::asinh(x);
  }
};
REGISTER_OP(Asinh);

/// The number, not negative, whose hyperbolic cosine is x; NaN where x < 1.
struct Acosh : Unary<Acosh, Floats> {
  static constexpr std::string_view kName = "acosh";
  template <class T>
  T apply(T x) const {
    return std::acosh(x);
  }
};
REGISTER_OP(Acosh);

/// The number whose hyperbolic tangent is x; NaN outside [-1, 1].
struct Atanh : Unary<Atanh, Floats> {
  static constexpr std::string_view kName = "atanh";
  template <class T>
  T apply(T x) const {
    return std::atanh(x);
  }
};
REGISTER_OP(Atanh);

/// The angle in [-pi, pi] of the point (y, x), y being the first input.
struct Atan2 : Binary<Atan2, Floats> {
  static constexpr std::string_view kName = "atan2";
  template <class T>
  T apply(T y, T x) const {
    return std::atan2(y, x);
  }
};
REGISTER_OP(Atan2);

}  // namespace temper
