#include "ops/nn/fused_activation.h"

#include <cmath>

namespace temper {
namespace {

template <class T>
T relu6(T x) {
  return x < T(0) ? T(0) : x > T(6) ? T(6) : x;
}

template <class T>
T sigmoid(T x) {
  return T(1) / (T(1) + std::exp(-x));
}

/// ln(1 + e^x), without overflow.
template <class T>
T softplus(T x) {
  return x > T(0) ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

template <class T>
T selu(T x) {
  constexpr T kScale = T(1.0507009873554804934193349852946);
  constexpr T kAlpha = T(1.6732632423543772848170429916717);
  return kScale * (x < T(0) ? kAlpha * std::expm1(x) : x);
}

template <class T>
T gelu(T x) {
  return T(0.5) * x * (T(1) + std::erf(x * T(0.70710678118654752440)));
}

template <class T>
T gelu_tanh(T x) {
  return T(0.5) * x * (T(1) + std::tanh(T(0.79788456080286535588) * (x + T(0.044715) * x * x * x)));
}

template <class T>
void replace(std::span<T> elements, auto&& f) {
  for (T& x : elements) x = f(x);
}

template <class T>
void apply_to_floats(Activation activation, T alpha, std::span<T> all) {
  switch (activation) {
    case Activation::kNone:
      return;
    case Activation::kRelu:
      return replace(all, [](T x) { return x < T(0) ? T(0) : x; });
    case Activation::kRelu6:
      return replace(all, relu6<T>);
    case Activation::kLeakyRelu:
      return replace(all, [alpha](T x) { return x > T(0) ? x : alpha * x; });
    case Activation::kElu:
      return replace(all, [alpha](T x) { return x < T(0) ? alpha * std::expm1(x) : x; });
    case Activation::kSelu:
      return replace(all, selu<T>);
    case Activation::kSigmoid:
      return replace(all, sigmoid<T>);
    case Activation::kHardSigmoid:
      return replace(all, [](T x) { return relu6(x + T(3)) / T(6); });
    case Activation::kTanh:
      return replace(all, [](T x) { return std::tanh(x); });
    case Activation::kSoftplus:
      return replace(all, softplus<T>);
    case Activation::kSilu:
      return replace(all, [](T x) { return x * sigmoid(x); });
    case Activation::kHardSwish:
      return replace(all, [](T x) { return x * (relu6(x + T(3)) / T(6)); });
    case Activation::kGelu:
      return replace(all, gelu<T>);
    case Activation::kGeluTanh:
      return replace(all, gelu_tanh<T>);
  }
}

template <class T>
void apply_to_integers(Activation activation, std::span<T> all) {
  require_activation(activation, dtype_of<T>);
  if (activation == Activation::kRelu) replace(all, [](T x) { return x < T(0) ? T(0) : x; });
  if (activation == Activation::kRelu6) replace(all, relu6<T>);
}

}  // namespace

void apply_activation(Activation activation, float alpha, std::span<float> elements) {
  apply_to_floats(activation, alpha, elements);
}
void apply_activation(Activation activation, float alpha, std::span<double> elements) {
  apply_to_floats(activation, static_cast<double>(alpha), elements);
}
void apply_activation(Activation activation, float, std::span<std::int32_t> elements) {
  apply_to_integers(activation, elements);
}
void apply_activation(Activation activation, float, std::span<std::int64_t> elements) {
  apply_to_integers(activation, elements);
}

void require_activation(Activation activation, DType dtype) {
  const bool whole =
      activation == Activation::kNone || activation == Activation::kRelu || activation == Activation::kRelu6;
  require(is_float(dtype) || whole, "activation {} needs floats, got {}", to_string(to_attribute(activation)), dtype);
}

}  // namespace temper
