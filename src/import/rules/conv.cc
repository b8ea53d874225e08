#include "import/rules/spatial.h"

namespace temper {
namespace {

/// The dim at `axis`, from the end where negative, as far as known.
Dim dim_at(const Fact& fact, std::ptrdiff_t axis) {
  if (!fact.shape.rank_known()) return {};
  const auto rank = static_cast<std::ptrdiff_t>(fact.shape.rank());
  const std::ptrdiff_t index = axis < 0 ? axis + rank : axis;
  return index < 0 || index >= rank ? Dim() : fact.shape[static_cast<std::size_t>(index)];
}

/// TensorFlow does not write down how many groups a convolution has: it is how many times the filter's channels go into the
/// input's. Where these are not known when the model is read, there is one.
std::int64_t group_count(const Dim& channels, const Dim& filter_channels) {
  if (!channels.known() || !filter_channels.known() || filter_channels.is(0)) return 1;
  require(channels.value() % filter_channels.value() == 0, "an input of {} channels does not fit a filter of {}",
          channels.value(), filter_channels.value());
  return std::max<std::int64_t>(channels.value() / filter_channels.value(), 1);
}

/// Conv2D, Conv3D, Conv and their fused forms, whose extra inputs follow the filter.
ValueId convolution(NodeImport& node, std::size_t spatial) {
  const ImageLayout layout = image_layout(node, spatial);
  const ValueId x = channels_last(node, layout, node.input(0));
  Attributes attributes = window_attributes(node, layout);
  attributes.emplace_back("groups", group_count(dim_at(node.fact(x), -1), dim_at(node.input_fact(1), -2)));
  const auto given = static_cast<std::int64_t>(node.input_count()) - 2;
  const auto extra = node.attribute("num_args", given);
  require(extra >= 0 && extra <= given, "attribute 'num_args' is {}, but there are {} inputs", extra, node.input_count());
  const auto first = node.inputs().begin() + 2;
  ValueIds arguments(first, first + extra);
  const ValueId y = emit_fused(node, "conv", {x, node.input(1)}, std::move(attributes), std::move(arguments), &layout);
  return from_channels_last(node, layout, y);
}

Rule convolution_rule(std::size_t spatial) {
  return [spatial](NodeImport& node) -> ValueIds { return {convolution(node, spatial)}; };
}

/// Conv says by its strides over how many dims it goes.
ValueIds any_convolution(NodeImport& node) {
  require(node.attribute<std::int64_t>("batch_dims", 1) == 1, "attribute 'batch_dims' must be 1");
  const std::size_t rank = node.attribute<std::vector<std::int64_t>>("strides").size();
  require(rank >= 3 && rank <= 5, "attribute 'strides' has {} numbers, not 3 to 5", rank);
  return {convolution(node, rank - 2)};
}

/// The filter [h, w, C, multiplier] as that of a convolution of C groups, [h, w, 1, C * multiplier]. Gives the
/// number of groups too.
std::pair<ValueId, std::int64_t> grouped_filter(NodeImport& node, ValueId filter) {
  const auto shape = node.fact(filter).shape.known();
  require(shape.has_value() && shape->rank() == 4, "the filter's shape must be known and have 4 dims, got {}",
          node.fact(filter).shape);
  const std::vector<std::int64_t> dims{(*shape)[0], (*shape)[1], 1, shape->elements(2, 4)};
  const ValueId target = node.constant(Tensor::vector<std::int64_t>(dims));
  return {node.emit("reshape", {filter, target}), std::max<std::int64_t>((*shape)[2], 1)};
}

ValueIds depthwise_convolution(NodeImport& node) {
  const ImageLayout layout = image_layout(node, 2);
  const ValueId x = channels_last(node, layout, node.input(0));
  Attributes attributes = window_attributes(node, layout);
  const auto [filter, groups] = grouped_filter(node, node.input(1));
  attributes.emplace_back("groups", groups);
  ValueIds arguments(node.inputs().begin() + 2, node.inputs().end());
  const ValueId y = emit_fused(node, "conv", {x, filter}, std::move(attributes), std::move(arguments), &layout);
  return {from_channels_last(node, layout, y)};
}

/// The shape that input 0 asks for, in the order of channels last where it gives all dims.
ValueId output_sizes(NodeImport& node, const ImageLayout& layout) {
  const ValueId sizes = node.input(0);
  const bool spatial_only = dim_at(node.fact(sizes), 0).is(static_cast<std::int64_t>(layout.spatial));
  if (!layout.channels_first || spatial_only) return sizes;
  std::vector<std::int64_t> order{0};
  for (std::size_t axis = 2; axis < layout.rank(); ++axis) order.push_back(static_cast<std::int64_t>(axis));
  order.push_back(1);
  return node.emit("gather", {sizes, node.constant(Tensor::vector<std::int64_t>(order))}, {{"axis", std::int64_t{0}}});
}

/// The gradient of a convolution by its input, which networks use to enlarge. Inputs: sizes, filter, x.
ValueIds transposed_convolution(NodeImport& node, std::size_t spatial, bool depthwise) {
  const ImageLayout layout = image_layout(node, spatial);
  Attributes attributes = window_attributes(node, layout);
  const ValueId sizes = output_sizes(node, layout);
  ValueId filter = node.input(1);
  std::int64_t groups = 1;
  if (depthwise) {
    std::tie(filter, groups) = grouped_filter(node, filter);
  } else if (const auto& wanted = node.fact(sizes).constant; wanted && wanted->elements() == static_cast<std::int64_t>(layout.rank())) {
    groups = group_count(wanted->to_int64s().back(), dim_at(node.fact(filter), -2));
  }
  attributes.emplace_back("groups", groups);
  const ValueId x = channels_last(node, layout, node.input(2));
  return {from_channels_last(node, layout, node.emit("conv_transpose", {sizes, filter, x}, attributes))};
}

Rule transposed_rule(std::size_t spatial, bool depthwise = false) {
  return [spatial, depthwise](NodeImport& node) { return transposed_convolution(node, spatial, depthwise); };
}

ValueIds dilation(NodeImport& node) {
  const ImageLayout layout;
  const auto numbers = [&](std::string_view name) {
    return spatial_numbers(layout, node.attribute<std::vector<std::int64_t>>(name), fmt::format("attribute '{}'", name));
  };
  return {node.emit("dilation2d", {node.input(0), node.input(1)},
                    {{"strides", numbers("strides")}, {"dilations", numbers("rates")}, {"padding", padding_name(node)}})};
}

/// A picture that is padded by mirroring, then convolved. The paddings and the filter are the last two inputs.
ValueId padded_convolution(NodeImport& node, ValueId x) {
  const ImageLayout layout;
  const std::size_t last = node.input_count() - 1;
  const auto mode = node.attribute<std::string>("mode");
  require(mode == "REFLECT" || mode == "SYMMETRIC", "attribute 'mode' is {}, which is not supported", mode);
  const ValueId padded = node.emit("pad", {x, node.input(last - 1)},
                                   {{"mode", std::string(mode == "REFLECT" ? "reflect" : "symmetric")}});
  Attributes attributes = window_attributes(node, layout);
  attributes.emplace_back("groups", group_count(dim_at(node.fact(padded), -1), dim_at(node.input_fact(last), -2)));
  return node.emit("conv", {padded, node.input(last)}, attributes);
}

ValueIds fused_pad_convolution(NodeImport& node) {
  require(node.input_count() == 3, "takes 3 inputs, got {}", node.input_count());
  return {padded_convolution(node, node.input(0))};
}

ValueIds fused_resize_and_pad_convolution(NodeImport& node) {
  require(node.input_count() == 4, "takes 4 inputs, got {}", node.input_count());
  const ValueId resized = node.emit("resize_bilinear", {node.input(0), node.input(1)},
                                    {{"align_corners", node.attribute("resize_align_corners", false)}});
  return {padded_convolution(node, resized)};
}

}  // namespace

REGISTER_RULES(conv) {
  rules.tensorflow("Conv2D", convolution_rule(2));
  rules.tensorflow("_FusedConv2D", convolution_rule(2));
  rules.tensorflow("Conv3D", convolution_rule(3));
  rules.tensorflow("_FusedConv3D", convolution_rule(3));
  rules.tensorflow("Conv", any_convolution);
  rules.tensorflow("FusedPadConv2D", fused_pad_convolution);
  rules.tensorflow("FusedResizeAndPadConv2D", fused_resize_and_pad_convolution);
  rules.tensorflow("DepthwiseConv2dNative", depthwise_convolution);
  rules.tensorflow("DepthwiseConv2d", depthwise_convolution);
  rules.tensorflow("_FusedDepthwiseConv2dNative", depthwise_convolution);
  rules.tensorflow("FusedDepthwiseConv2dNative", depthwise_convolution);
  rules.tensorflow("Conv2DBackpropInput", transposed_rule(2));
  rules.tensorflow("Conv3DBackpropInputV2", transposed_rule(3));
  rules.tensorflow("DepthwiseConv2dNativeBackpropInput", transposed_rule(2, true));
  rules.tensorflow("Dilation2D", dilation);
}

}  // namespace temper
