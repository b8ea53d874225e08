#pragma once
#include "ops/definition.h"
#include "ops/nn/fused_activation.h"
#include "ops/nn/window.h"

namespace temper {

/// Convolution over one to three spatial dims, channels last:
///     y[n, p, m] = activation(sum over taps k, channels c of x[n, p * stride - pad + k * dilation, g * C/groups + c]
///                             * filter[k, c, m] + bias[m] + residual[n, p, m]),   g = the group of output channel m.
/// Inputs: x [N, spatial..., C], filter [spatial..., C/groups, M], then bias [M] and residual (as y) where there are
/// such. Output channels are grouped in order: group g owns M/groups of them from g * M/groups. groups = C is
/// depth-wise. Sums are in float32 for half types. Types: floats, int32 (wrapping around; activations none, relu,
/// relu6).
struct Conv {
  static constexpr std::string_view kName = "conv";

  std::vector<std::int64_t> strides;    ///< one a spatial dim; none: all 1
  std::vector<std::int64_t> dilations;  ///< likewise
  Padding padding = Padding::kValid;
  std::vector<std::int64_t> pads;  ///< before and after of each spatial dim; where padding is explicit
  std::int64_t groups = 1;
  bool has_bias = false;
  bool has_residual = false;
  Activation activation = Activation::kNone;
  float alpha = 1.0F;  ///< of the activation

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

  WindowRule rule() const { return {strides, dilations, padding, pads}; }
  std::size_t input_count() const { return 2 + (has_bias ? 1U : 0U) + (has_residual ? 1U : 0U); }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// What a convolution of tensors of these shapes comes to.
struct ConvGeometry {
  std::int64_t batch = 0;
  std::int64_t channels = 0;         ///< of x
  std::int64_t output_channels = 0;  ///< of y
  std::vector<WindowAxis> axes;      ///< one a spatial dim: extents, resolved pads, outputs
  Shape output;
};

/// Throws ModelError where the shapes do not fit the operator or one another.
ConvGeometry conv_geometry(const Conv& conv, const Shape& x, const Shape& filter);

}  // namespace temper
