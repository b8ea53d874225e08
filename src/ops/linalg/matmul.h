#pragma once
#include "ops/definition.h"
#include "ops/nn/fused_activation.h"

namespace temper {

/// Matrix product over the last two dims: c[..., i, j] = activation(sum over k of a[..., i, k] * b[..., k, j] + bias[j]
/// + residual[..., i, j]). Inputs: a [..., M, K] (transpose_a: [..., K, M]), b [..., K, N] (transpose_b: [..., N, K]),
/// whose other dims broadcast together, then bias [N] and residual (as c) where there are such. Types: numbers, all of
/// one type; half types are summed in float32, integers wrap around (and know the activations none, relu, relu6 where
/// int32 or int64).
struct MatMul {
  static constexpr std::string_view kName = "matmul";

  bool transpose_a = false;
  bool transpose_b = false;
  bool has_bias = false;
  bool has_residual = false;
  Activation activation = Activation::kNone;
  float alpha = 1.0F;  ///< of the activation

  static void fields(auto& self, auto&& field) {
    field("transpose_a", self.transpose_a);
    field("transpose_b", self.transpose_b);
    field("has_bias", self.has_bias);
    field("has_residual", self.has_residual);
    field("activation", self.activation);
    field("alpha", self.alpha);
  }

  std::size_t input_count() const { return 2 + (has_bias ? 1U : 0U) + (has_residual ? 1U : 0U); }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// What a product of tensors of these shapes comes to.
struct MatMulGeometry {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  Shape batch;  ///< of the result, all but its last two dims
  Shape output;
};

/// Throws ModelError where the shapes do not fit the operator or one another.
MatMulGeometry matmul_geometry(const MatMul& matmul, const Shape& a, const Shape& b);

}  // namespace temper
