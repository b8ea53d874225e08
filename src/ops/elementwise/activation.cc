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

/// y = x where x > 0, else alpha * x, alpha being rounded to x's type.
struct LeakyRelu : Unary<LeakyRelu, Floats> {
  static constexpr std::string_view kName = "leaky_relu";
  static constexpr bool kRoundsWithin = true;
  float alpha = 0.2F;
  static void fields(auto& self, auto&& field) { field("alpha", self.alpha); }
  template <class T>
  T apply(T x) const {
    using C = Compute<T>;
    return C(x) > C(0) ? x : static_cast<T>(C(static_cast<T>(alpha)) * C(x));
  }
};
REGISTER_OP(LeakyRelu);

/// y = x where x > 0, else alpha * (e^x - 1).
struct Elu : Unary<Elu, Floats> {
  static constexpr std::string_view kName = "elu";
  float alpha = 1;
  static void fields(auto& self, auto&& field) { field("alpha", self.alpha); }
  template <class T>
  T apply(T x) const {
    return x > T(0) ? x : static_cast<T>(alpha) * std::expm1(x);
  }
};
REGISTER_OP(Elu);

/// y = scale * x where x > 0, else scale * alpha * (e^x - 1).
struct Selu : Unary<Selu, Floats> {
  static constexpr std::string_view kName = "selu";
  double alpha = 1.6732632423543772848;
  double scale = 1.0507009873554804934;
  static void fields(auto& self, auto&& field) {
    field("alpha", self.alpha);
    field("scale", self.scale);
  }
  template <class T>
  T apply(T x) const {
    return x > T(0) ? static_cast<T>(scale) * x : static_cast<T>(scale * alpha) * std::expm1(x);
  }
};
REGISTER_OP(Selu);

/// y = log(1 + e^x), computed so that large x do not overflow.
struct Softplus : Unary<Softplus, Floats> {
  static constexpr std::string_view kName = "softplus";
  template <class T>
  T apply(T x) const {
    return (x > T(0) ? x : T(0)) + std::log1p(std::exp(-std::abs(x)));
  }
};
REGISTER_OP(Softplus);

/// y = x / (1 + |x|).
struct Softsign : Unary<Softsign, Floats> {
  static constexpr std::string_view kName = "softsign";
  template <class T>
  T apply(T x) const {
    return x / (T(1) + std::abs(x));
  }
};
REGISTER_OP(Softsign);

/// y = 1 / (1 + e^-x).
struct Sigmoid : Unary<Sigmoid, Floats> {
  static constexpr std::string_view kName = "sigmoid";
  template <class T>
  T apply(T x) const {
    return T(1) / (T(1) + std::exp(-x));
  }
};
REGISTER_OP(Sigmoid);

/// y = min(max(x + 3, 0), 6) / 6.
struct HardSigmoid : Unary<HardSigmoid, Floats> {
  static constexpr std::string_view kName = "hard_sigmoid";
  template <class T>
  T apply(T x) const {
    const T shifted = x + T(3);
    return (shifted < T(0) ? T(0) : shifted > T(6) ? T(6) : shifted) / T(6);
  }
};
REGISTER_OP(HardSigmoid);

/// y = x / (1 + e^-x).
struct Silu : Unary<Silu, Floats> {
  static constexpr std::string_view kName = "silu";
  template <class T>
  T apply(T x) const {
    return x * (T(1) / (T(1) + std::exp(-x)));
  }
};
REGISTER_OP(Silu);

/// y = x * (1 + erf(x / sqrt(2))) / 2: x times the normal distribution's share below x.
struct Gelu : Unary<Gelu, Floats> {
  static constexpr std::string_view kName = "gelu";
  template <class T>
  T apply(T x) const {
    return T(0.5) * x * (T(1) + std::erf(x * T(0.70710678118654752440)));
  }
};
REGISTER_OP(Gelu);

/// y = x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2, which is near to gelu.
struct GeluTanh : Unary<GeluTanh, Floats> {
  static constexpr std::string_view kName = "gelu_tanh";
  template <class T>
  T apply(T x) const {
    return T(0.5) * x * (T(1) + std::tanh(T(0.79788456080286535588) * (x + T(0.044715) * x * x * x)));
  }
};
REGISTER_OP(GeluTanh);

/// y = x * tanh(log(1 + e^x)).
struct Mish : Unary<Mish, Floats> {
  static constexpr std::string_view kName = "mish";
  template <class T>
  T apply(T x) const {
    return x * std::tanh((x > T(0) ? x : T(0)) + std::log1p(std::exp(-std::abs(x))));
  }
};
REGISTER_OP(Mish);

/// y = x * min(max(x + 3, 0), 6) / 6.
struct HardSwish : Unary<HardSwish, Floats> {
  static constexpr std::string_view kName = "hard_swish";
  template <class T>
  T apply(T x) const {
    const T shifted = x + T(3);
    return x * ((shifted < T(0) ? T(0) : shifted > T(6) ? T(6) : shifted) / T(6));
  }
};
REGISTER_OP(HardSwish);

}  // namespace temper
