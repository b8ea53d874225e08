#pragma once
#include "ops/nn/conv.h"

namespace temper {

/// Transposed convolution: the linear map of `conv` with these attributes, transposed. Each x[n, p] adds
/// filter[k, c, m] * x[n, p, m] to y[n, p * stride - pad + k * dilation, c]; then bias, residual and activation as in
/// conv. Inputs: sizes (int32 or int64: all dims of y, or its spatial dims), filter [spatial..., C/groups, M], x [N,
/// spatial..., M], then bias [C] and residual (as y) where there are such. y [N, spatial..., C] is what a conv of this
/// filter would turn into x's shape. Types: floats.
struct ConvTranspose {
  static constexpr std::string_view kName = "conv_transpose";

  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> dilations;
  Padding padding = Padding::kValid;
  std::vector<std::int64_t> pads;  ///< of the conv, so they take away from y
  std::int64_t groups = 1;
  bool has_bias = false;
  bool has_residual = false;
  Activation activation = Activation::kNone;
  float alpha = 1.0F;

  static void fields(auto& self, auto&& field) {
    field("strides", self.strides);
    field("dilations", self.dilations);
    field("padding", self.padding);
    field("pads", self.pads);
    field("groups", self.groups);
    field("has_bias", self.has_bias);
    field("has_residual", self.has_residual);
    field("activation", self.activation);
    field("alpha", self.alpha);
  }

  /// The convolution whose transpose this is, without what follows the sums.
  Conv forward() const { return {strides, dilations, padding, pads, groups}; }
  std::size_t input_count() const { return 3 + (has_bias ? 1U : 0U) + (has_residual ? 1U : 0U); }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// The geometry of forward(): its `channels` and inputs are y's, its outputs are x's. `sizes` as the operator takes it.
/// Throws ModelError where the shapes do not fit.
ConvGeometry conv_transpose_geometry(const ConvTranspose& conv, std::span<const std::int64_t> sizes,
                                     const Shape& filter, const Shape& x);

}  // namespace temper
