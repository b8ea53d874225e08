#include "backends/onednn/post_ops.h"

#include <cstring>

namespace temper::onednn {

void append(dnnl::post_ops& ops, Activation activation, float alpha) {
  using dnnl::algorithm;
  constexpr float kSeluScale = 1.05070098735548049342F;
  constexpr float kSeluAlpha = 1.67326324235437728482F;
  switch (activation) {
    case Activation::kNone: return;
    case Activation::kRelu: return ops.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
    case Activation::kRelu6: return ops.append_eltwise(1, algorithm::eltwise_clip, 0, 6);
    case Activation::kLeakyRelu: return ops.append_eltwise(1, algorithm::eltwise_relu, alpha, 0);
    case Activation::kElu: return ops.append_eltwise(1, algorithm::eltwise_elu, alpha, 0);
    case Activation::kSelu: return ops.append_eltwise(kSeluScale, algorithm::eltwise_elu, kSeluAlpha, 0);
    case Activation::kSigmoid: return ops.append_eltwise(1, algorithm::eltwise_logistic, 0, 0);
    case Activation::kHardSigmoid:
      ops.append_eltwise(1, algorithm::eltwise_linear, 1.0F / 6.0F, 0.5F);
      return ops.append_eltwise(1, algorithm::eltwise_clip, 0, 1);
    case Activation::kTanh: return ops.append_eltwise(1, algorithm::eltwise_tanh, 0, 0);
    case Activation::kSoftplus: return ops.append_eltwise(1, algorithm::eltwise_soft_relu, 0, 0);
    case Activation::kSilu: return ops.append_eltwise(1, algorithm::eltwise_swish, 1, 0);
    case Activation::kHardSwish: return ops.append_eltwise(1, algorithm::eltwise_hardswish, 0, 0);
    case Activation::kGelu: return ops.append_eltwise(1, algorithm::eltwise_gelu_erf, 0, 0);
    case Activation::kGeluTanh: return ops.append_eltwise(1, algorithm::eltwise_gelu_tanh, 0, 0);
  }
}

dnnl::primitive_attr attributes(bool has_residual, Activation activation, float alpha) {
  dnnl::post_ops ops;
  if (has_residual) ops.append_sum(1.0F);
  append(ops, activation, alpha);
  dnnl::primitive_attr attr = with_workspace();
  attr.set_post_ops(ops);
  return attr;
}

void start_from(const Tensor& residual, Tensor& out) {
  if (residual.bytes().data() != out.bytes().data()) std::memcpy(out.mutable_bytes().data(), residual.bytes().data(), residual.size_bytes());
}

}  // namespace temper::onednn
