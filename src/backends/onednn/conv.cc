#include "ops/nn/conv.h"

#include "backends/onednn/families.h"
#include "backends/onednn/product_kernel.h"

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
  if (!is_usual(geometry.axes)) return Refusal{"its windows are larger than what oneDNN writes code for"};
  const Memory::desc plain = filter_desc(filter, conv->groups);
  ProductInputs inputs;
  if (conv->has_bias) inputs.bias = 2;
  if (conv->has_residual) inputs.residual = in.size() - 1;
  return prepare_product<dnnl::convolution_forward>("onednn_conv", inputs, in[1], plain, weight_layouts(in[1], plain),
                                                    [&](const Memory::desc& layout) { return describe_conv(*conv, geometry, x, layout); });
}

}  // namespace temper::onednn
