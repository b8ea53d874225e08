#include "ops/nn/conv.h"

#include "backends/onednn/families.h"
#include "backends/onednn/post_ops.h"

namespace temper::onednn {
namespace {

/// A filter [spatial..., C/groups, M] as oneDNN names its dims: (groups, M/groups, C/groups, spatial...).
Memory::desc filter_desc(const Shape& filter, std::int64_t groups) {
  const std::size_t spatial = filter.rank() - 2;
  const auto steps = filter.strides();
  const std::int64_t outputs = filter[spatial + 1];
  Memory::dims dims{outputs / groups, filter[spatial]};
  Memory::dims strides{1, steps[spatial]};
  for (std::size_t axis = 0; axis < spatial; ++axis) {
    dims.push_back(filter[axis]);
    strides.push_back(steps[axis]);
  }
  if (groups > 1) {
    dims.insert(dims.begin(), groups);
    strides.insert(strides.begin(), outputs / groups);
  }
  return {dims, Memory::data_type::f32, strides};
}

class ConvKernel final : public Kernel {
 public:
  ConvKernel(const Conv& conv, const ConvGeometry& geometry, std::span<const Fact> in,
             const dnnl::convolution_forward::primitive_desc& desc)
      : output_(geometry.output),
        has_bias_(conv.has_bias),
        has_residual_(conv.has_residual),
        name_(fmt::format("onednn_conv {}", desc.impl_info_str())),
        weights_(in[1], filter_desc(*in[1].shape.known(), conv.groups), desc.weights_desc()),
        primitive_(dnnl::convolution_forward(desc)) {
    primitive_.add(DNNL_ARG_SRC, desc.src_desc());
    weights_.add_to(primitive_, DNNL_ARG_WEIGHTS);
    if (has_bias_) primitive_.add(DNNL_ARG_BIAS, desc.bias_desc());
    primitive_.add(DNNL_ARG_DST, desc.dst_desc());
  }

  std::string_view name() const override { return name_; }

  Tensors run(Inputs in) override {
    Tensor out = has_residual_ ? output_with_residual(in.back()) : Tensor(DType::kFloat32, output_);
    primitive_.set(DNNL_ARG_SRC, in[0]);
    weights_.set(primitive_, DNNL_ARG_WEIGHTS, in[1]);
    if (has_bias_) primitive_.set(DNNL_ARG_BIAS, in[2]);
    primitive_.set(DNNL_ARG_DST, out);
    primitive_.run();
    return {std::move(out)};
  }

 private:
  Shape output_;
  bool has_bias_;
  bool has_residual_;
  std::string name_;
  Weights weights_;
  Primitive primitive_;
};

dnnl::convolution_forward::desc describe_conv(const Conv& conv, const ConvGeometry& geometry, const Shape& x,
                                              const Shape& filter) {
  Memory::dims strides, dilations, before, after;
  for (const WindowAxis& axis : geometry.axes) {
    strides.push_back(axis.stride);
    dilations.push_back(axis.dilation - 1);
    before.push_back(axis.pad_before);
    after.push_back(axis.pad_after);
  }
  const Memory::desc any_filter(filter_desc(filter, conv.groups).dims(), Memory::data_type::f32, Memory::format_tag::any);
  const Memory::desc bias = conv.has_bias ? row_major(Shape{geometry.output_channels}) : Memory::desc();
  return {dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, channels_last(x), any_filter, bias,
          channels_last(geometry.output), strides, dilations, before, after};
}

}  // namespace

std::optional<Prepared> prepare_conv(const Node& node, std::span<const Fact> in) {
  const auto* conv = node.op.as<Conv>();
  if (conv == nullptr) return std::nullopt;
  for (const Fact& fact : in) {
    if (fact.dtype != DType::kFloat32) return Refusal{fmt::format("{} is not handled", fact.dtype), true};
  }
  const Shape x = *in[0].shape.known();
  const Shape filter = *in[1].shape.known();
  const ConvGeometry geometry = conv_geometry(*conv, x, filter);
  if (conv->has_bias && !in[2].shape.elements().is(geometry.output_channels)) return Refusal{"the bias does not fit"};
  if (conv->has_residual && in.back().shape != ShapeFact(geometry.output)) return Refusal{"the residual does not fit"};
  if (geometry.output.elements() == 0 || x.elements() == 0) return Refusal{"there is nothing to compute"};
  const dnnl::convolution_forward::primitive_desc desc(
      describe_conv(*conv, geometry, x, filter), attributes(conv->has_residual, conv->activation, conv->alpha), cpu());
  if (std::string_view(desc.impl_info_str()).starts_with("ref")) return Refusal{"oneDNN has no fast kernel for it"};
  return std::make_unique<ConvKernel>(*conv, geometry, in, desc);
}

}  // namespace temper::onednn
