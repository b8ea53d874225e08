#pragma once
#include "backends/onednn/primitive.h"
#include "ops/nn/fused_activation.h"

namespace temper::onednn {

/// Appends an activation to what a primitive does after its sums.
void append(dnnl::post_ops& ops, Activation activation, float alpha);

/// What follows the sums of a convolution or product: the residual, which the output holds beforehand, then the activation.
dnnl::primitive_attr attributes(bool has_residual, Activation activation, float alpha);

/// Puts the residual where a primitive sums onto it, if it is not there already.
void start_from(const Tensor& residual, Tensor& out);

}  // namespace temper::onednn
