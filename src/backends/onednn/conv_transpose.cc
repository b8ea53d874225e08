#include "ops/nn/conv_transpose.h"

#include "backends/onednn/families.h"
#include "backends/onednn/product_kernel.h"

namespace temper::onednn {
namespace {

/// A filter [spatial..., C/groups, M] as oneDNN names its dims for a map from M to C: (groups, C/groups, M/groups, spatial...).
Memory::desc filter_desc(const Shape& filter, std::int64_t groups) {
  const std::size_t spatial = filter.rank() - 2;
  const auto steps = filter.strides();
  const std::int64_t group = filter[spatial + 1] / groups;
  Memory::dims dims{filter[spatial], group};
  Memory::dims strides{steps[spatial], 1};
  for (std::size_t axis = 0; axis < spatial; ++axis) {
    dims.push_back(filter[axis]);
    strides.push_back(steps[axis]);
  }
  if (groups > 1) {
    dims.insert(dims.begin(), groups);
    strides.insert(strides.begin(), group);
  }
  return {dims, Memory::data_type::f32, strides};
}

dnnl::deconvolution_forward::primitive_desc describe_deconvolution(const ConvTranspose& conv, const Memory::desc& filter, const Shape& x,
                                                                   const ConvGeometry& geometry, const Shape& y) {
  Memory::dims strides, dilations, before, after;
  for (const WindowAxis& axis : geometry.axes) {
    strides.push_back(axis.stride);
    dilations.push_back(axis.dilation - 1);
    before.push_back(axis.pad_before);
    after.push_back(axis.pad_after);
  }
  const Memory::desc bias = conv.has_bias ? row_major(Shape{geometry.channels}) : Memory::desc();
  return {{dnnl::prop_kind::forward_inference, dnnl::algorithm::deconvolution_direct, channels_last(x), filter, bias,
           channels_last(y), strides, dilations, before, after},
          attributes(conv.has_residual, conv.activation, conv.alpha),
          cpu()};
}

}  // namespace

std::optional<Prepared> prepare_conv_transpose(const Node& node, std::span<const Fact> in) {
  const auto* conv = node.op.as<ConvTranspose>();
  if (conv == nullptr) return std::nullopt;
  for (std::size_t i = 1; i < in.size(); ++i) {
    if (in[i].dtype != DType::kFloat32) return Refusal{fmt::format("{} is not handled", in[i].dtype), true};
  }
  if (!in[0].constant) return Refusal{"the output's size is not known beforehand"};
  const Shape filter = *in[1].shape.known();
  const Shape x = *in[2].shape.known();
  const ConvGeometry geometry = conv_transpose_geometry(*conv, in[0].constant->to_int64s(), filter, x);
  Shape y{geometry.batch};
  for (const WindowAxis& axis : geometry.axes) y.push_back(axis.input);
  y.push_back(geometry.channels);
  if (y.elements() == 0 || x.elements() == 0) return Refusal{"there is nothing to compute"};
  if (!is_usual(geometry.axes)) return Refusal{"its windows are larger than what oneDNN writes code for"};
  if (conv->has_bias && !in[3].shape.elements().is(geometry.channels)) return Refusal{"the bias does not fit"};
  if (conv->has_residual && in.back().shape != ShapeFact(y)) return Refusal{"the residual does not fit"};
  const Memory::desc plain = filter_desc(filter, conv->groups);
  ProductInputs inputs{.source = 2};
  if (conv->has_bias) inputs.bias = 3;
  if (conv->has_residual) inputs.residual = in.size() - 1;
  return prepare_product<dnnl::deconvolution_forward>(
      "onednn_conv_transpose", inputs, in[1], plain, weight_layouts(in[1], plain),
      [&](const Memory::desc& layout) { return describe_deconvolution(*conv, layout, x, geometry, y); });
}

}  // namespace temper::onednn
