#include <cmath>

#include "ops/elementwise/elementwise.h"

namespace temper {

/// y = max(x, 0); NaN stays NaN.
struct Relu : Unary<Relu, Numbers> {
  static constexpr std::string_view kName = "relu";
  template <class T>
  T apply(T x) const {
    return x < T(0) ? T(0) : x;
  }
};
REGISTER_OP(Relu);

/// y = min(max(x, 0), 6); NaN stays NaN.
struct Relu6 : Unary<Relu6, Numbers> {
  static constexpr std::string_view kName = "relu6";
  template <class T>
  T apply(T x) const {
    return x < T(0) ? T(0) : x > T(6) ? T(6) : x;
  }
};
REGISTER_OP(Relu6);

/// y = x where x > 0, else alpha * x.
struct LeakyRelu : Unary<LeakyRelu, Floats> {
  static constexpr std::string_view kName = "leaky_relu";
  float alpha = 0.2F;
  static void fields(auto& self, auto&& field) { field("alpha", self.alpha); }
  template <class T>
  T apply(T x) const {
    return x > T(0) ? x : static_cast<T>(alpha) * x;
  }
};
REGISTER_OP(LeakyRelu);

}  // namespace temper
