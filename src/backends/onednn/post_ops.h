#pragma once
#include "backends/onednn/primitive.h"
#include "ops/nn/fused_activation.h"

namespace temper::onednn {

/// Appends an activation to what a primitive does after its sums.
void append(dnnl::post_ops& ops, Activation activation, float alpha);

/// What follows the sums of a convolution or product: the residual, which the output holds beforehand, then the activation.
dnnl::primitive_attr attributes(bool has_residual, Activation activation, float alpha);

/// The tensor in which an output is summed onto a residual: its own memory where no one else holds it, else a copy.
Tensor output_with_residual(const Tensor& residual);

}  // namespace temper::onednn
