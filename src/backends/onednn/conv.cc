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
  ConvKernel(const Conv& conv, std::span<const Fact> in, const dnnl::convolution_forward::primitive_desc& desc)
      : has_bias_(conv.has_bias),
        has_residual_(conv.has_residual),
        name_(fmt::format("onednn_conv {}", desc.impl_info_str())),
        weights_(in[1], filter_desc(*in[1].shape.known(), conv.groups), desc.weights_desc()),
        primitive_(dnnl::convolution_forward(desc), desc.scratchpad_desc()) {
    primitive_.add(DNNL_ARG_SRC, desc.src_desc());
    primitive_.add(DNNL_ARG_WEIGHTS, desc.weights_desc());
    primitive_.add(DNNL_ARG_DST, desc.dst_desc());
    if (has_bias_) primitive_.add(DNNL_ARG_BIAS, desc.bias_desc());
  }

  std::string_view name() const override { return name_; }
  std::size_t workspace_bytes() const override { return primitive_.workspace_bytes(); }
  bool in_place(std::size_t input) const override { return has_residual_ && input == (has_bias_ ? 3U : 2U); }
  bool made_at_run_time() const override { return true; }
  std::size_t held_bytes() const override { return weights_.held_bytes(); }
  std::vector<PackedInput> packed() const override { return weights_.packed(1); }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte> workspace) const override {
    if (has_residual_) start_from(in.back(), out[0]);
    const std::byte* const weights = weights_.data(in[1]);
    const std::byte* const to = out[0].bytes().data();
    if (has_bias_) primitive_.run({in[0].bytes().data(), weights, to, in[2].bytes().data()}, workspace);
    else primitive_.run({in[0].bytes().data(), weights, to}, workspace);
  }

 private:
  bool has_bias_;
  bool has_residual_;
  std::string name_;
  Weights weights_;
  Primitive primitive_;
};

dnnl::convolution_forward::primitive_desc describe_conv(const Conv& conv, const ConvGeometry& geometry, const Shape& x,
                                                        const Memory::desc& filter) {
  Memory::dims strides, dilations, before, after;
  for (const WindowAxis& axis : geometry.axes) {
    strides.push_back(axis.stride);
    dilations.push_back(axis.dilation - 1);
    before.push_back(axis.pad_before);
    after.push_back(axis.pad_after);
  }
  const Memory::desc bias = conv.has_bias ? row_major(Shape{geometry.output_channels}) : Memory::desc();
  return {{dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, channels_last(x), filter, bias,
           channels_last(geometry.output), strides, dilations, before, after},
          attributes(conv.has_residual, conv.activation, conv.alpha),
          cpu()};
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
  for (const Memory::desc& layout : weight_layouts(in[1], filter_desc(filter, conv->groups))) {
    try {
      const auto desc = describe_conv(*conv, geometry, x, layout);
      if (!std::string_view(desc.impl_info_str()).starts_with("ref")) return std::make_unique<ConvKernel>(*conv, in, desc);
    } catch (const dnnl::error&) {  // not with the weights in this layout
    }
  }
  return Refusal{"oneDNN has no fast kernel for it"};
}

}  // namespace temper::onednn
