#pragma once
#include <optional>
#include <span>
#include <vector>

#include "ops/nn/fused_activation.h"
#include "passes/pass.h"

namespace temper {

/// A convolution or matrix product, seen as sums of filter elements to which a bias, a residual and an activation may be
/// added. Inputs `filter` and, where there is one, `bias` say which input is which; the residual is the last.
struct Linear {
  const Node* node = nullptr;
  std::size_t filter = 1;
  std::size_t bias = 2;  ///< where it is, or would be
  bool has_bias = false;
  bool has_residual = false;
  Activation activation = Activation::kNone;
  /// Of the output; unknown where the filter's shape is.
  Dim channels;

  /// Whether nothing follows the sums but, perhaps, a bias: what may be scaled or given more bias.
  bool plain() const { return !has_residual && activation == Activation::kNone; }
};

/// Null where the node is another operator.
std::optional<Linear> as_linear(const Rewriter& rewriter, const Node* node);

/// The node's operator with some attributes changed.
Op with_attributes(const Op& op, const Attributes& changes);

/// The numbers by which `value` scales or shifts each of `channels` last-dim elements, where it is a constant float32 that is
/// the same at every other position: of shape [..1.., channels] or of one element, and of rank at most `rank`.
std::optional<std::vector<double>> per_channel(const Rewriter& rewriter, ValueId value, const Dim& channels,
                                               std::size_t rank);

/// The filter with what goes to output channel c times scale[c].
Tensor scaled_filter(const Linear& linear, const Tensor& filter, std::span<const double> scale);

/// For each element of the filter the channel of the input that it is multiplied with, where the node is a convolution or a
/// product with a filter that is not transposed to somewhere else; nothing for others.
std::optional<std::vector<std::size_t>> input_channels(const Linear& linear, const Tensor& filter);

/// Whether `value` is sums that take what is multiplied with or added to it: themselves, or behind arithmetic with constants that
/// they will take first. Nothing else may use any of these.
bool takes_arithmetic(const Rewriter& rewriter, ValueId value);

/// A float32 vector, rounded once.
Tensor rounded(std::span<const double> values);

}  // namespace temper
