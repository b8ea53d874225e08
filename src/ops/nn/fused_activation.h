#pragma once
#include <cstdint>
#include <span>

#include "ir/attribute.h"

namespace temper {

/// A function that an operator applies to each element of what it computed, before it gives it out. Element-wise
/// operators of the same names define them; alpha is the slope of leaky_relu and the scale of elu.
enum class Activation : std::uint8_t {
  kNone,
  kRelu,
  kRelu6,
  kLeakyRelu,
  kElu,
  kSelu,
  kSigmoid,
  kHardSigmoid,
  kTanh,
  kSoftplus,
  kSilu,
  kHardSwish,
  kGelu,
  kGeluTanh,
};

template <>
struct EnumNames<Activation> {
  static constexpr std::array<std::string_view, 14> kNames = {
      "none",         "relu", "relu6",    "leaky_relu", "elu",        "selu", "sigmoid",
      "hard_sigmoid", "tanh", "softplus", "silu",       "hard_swish", "gelu", "gelu_tanh"};
};

/// Replaces every element by its activation.
void apply_activation(Activation activation, float alpha, std::span<float> elements);
void apply_activation(Activation activation, float alpha, std::span<double> elements);
/// Integers know none, relu and relu6. Throws ModelError on another.
void apply_activation(Activation activation, float alpha, std::span<std::int32_t> elements);
void apply_activation(Activation activation, float alpha, std::span<std::int64_t> elements);

/// Throws ModelError where values of `dtype` cannot take the activation.
void require_activation(Activation activation, DType dtype);

}  // namespace temper
