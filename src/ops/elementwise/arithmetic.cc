#include "ops/elementwise/elementwise.h"

namespace temper {

/// z = x + y. Integers wrap around; strings are joined.
struct Add : Binary<Add, Numbers> {
  static constexpr std::string_view kName = "add";
  static constexpr bool kTakesStrings = true;
  template <class T>
  T apply(T x, T y) const {
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(static_cast<Wrapping<T>>(x) + static_cast<Wrapping<T>>(y));
    else
      return x + y;
  }
  std::string apply(const std::string& x, const std::string& y) const { return x + y; }
};
REGISTER_OP(Add);

/// z = x - y. Integers wrap around.
struct Sub : Binary<Sub, Numbers> {
  static constexpr std::string_view kName = "sub";
  template <class T>
  T apply(T x, T y) const {
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(static_cast<Wrapping<T>>(x) - static_cast<Wrapping<T>>(y));
    else
      return x - y;
  }
};
REGISTER_OP(Sub);

/// z = x * y. Integers wrap around.
struct Mul : Binary<Mul, Numbers> {
  static constexpr std::string_view kName = "mul";
  template <class T>
  T apply(T x, T y) const {
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(static_cast<Wrapping<T>>(x) * static_cast<Wrapping<T>>(y));
    else
      return x * y;
  }
};
REGISTER_OP(Mul);

/// z = x * y, but 0 where y is 0, whatever x is.
struct MulNoNan : Binary<MulNoNan, Floats> {
  static constexpr std::string_view kName = "mul_no_nan";
  template <class T>
  T apply(T x, T y) const {
    return y == T(0) ? T(0) : x * y;
  }
};
REGISTER_OP(MulNoNan);

/// The greater of x and y; NaN where either is NaN.
struct Maximum : Binary<Maximum, Numbers> {
  static constexpr std::string_view kName = "maximum";
  template <class T>
  T apply(T x, T y) const {
    return x < y || y != y ? y : x;
  }
};
REGISTER_OP(Maximum);

/// The lesser of x and y; NaN where either is NaN.
struct Minimum : Binary<Minimum, Numbers> {
  static constexpr std::string_view kName = "minimum";
  template <class T>
  T apply(T x, T y) const {
    return y < x || y != y ? y : x;
  }
};
REGISTER_OP(Minimum);

/// z = (x - y)^2. Integers wrap around.
struct SquaredDifference : Binary<SquaredDifference, Numbers> {
  static constexpr std::string_view kName = "squared_difference";
  template <class T>
  T apply(T x, T y) const {
    if constexpr (std::is_integral_v<T>) {
      const auto difference = static_cast<Wrapping<T>>(x) - static_cast<Wrapping<T>>(y);
      return static_cast<T>(difference * difference);
    } else {
      return (x - y) * (x - y);
    }
  }
};
REGISTER_OP(SquaredDifference);

}  // namespace temper
