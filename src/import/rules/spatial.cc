#include "import/rules/spatial.h"

#include <array>

namespace temper {
namespace {

/// What fused_ops calls activations; the names are also those of the element-wise operators, where there are such.
std::optional<std::string_view> activation_named(std::string_view fused_op) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kNames = {
      {{"Relu", "relu"},
       {"Relu6", "relu6"},
       {"Elu", "elu"},
       {"LeakyRelu", "leaky_relu"},
       {"Tanh", "tanh"},
       {"Sigmoid", "sigmoid"},
       {"GeluApproximate", "gelu_tanh"},
       {"GeluExact", "gelu"},
       {"_FusedHardSwish", "hard_swish"},
       {"_FusedSwish", "silu"}}};
  for (const auto& [source, name] : kNames) {
    if (source == fused_op) return name;
  }
  return std::nullopt;
}

/// Builds a fused node: first the operator with what it takes, then one operator for each step that is left.
class FusedEmitter {
 public:
  FusedEmitter(NodeImport& node, ValueIds arguments, const ImageLayout* layout)
      : node_(node), arguments_(std::move(arguments)), layout_(layout), steps_(fused_ops(node)) {}

  ValueId emit(std::string_view op, ValueIds inputs, Attributes attributes) {
    if (step_is("BiasAdd")) {
      attributes.emplace_back("has_bias", true);
      inputs.push_back(argument());
      ++at_;
    }
    if (step_is("Add")) {
      attributes.emplace_back("has_residual", true);
      inputs.push_back(residual());
      ++at_;
    }
    if (const auto activation = at_ < steps_.size() ? activation_named(steps_[at_]) : std::nullopt) {
      attributes.emplace_back("activation", std::string(*activation));
      attributes.emplace_back("alpha", alpha_of(steps_[at_]));
      ++at_;
    }
    ValueId value = node_.emit(op, std::move(inputs), attributes);
    for (; at_ < steps_.size(); ++at_) value = follow(steps_[at_], value);
    return value;
  }

 private:
  static std::vector<std::string> fused_ops(const NodeImport& node) {
    if (!node.has_attribute("fused_ops")) return {};
    return node.attribute<std::vector<std::string>>("fused_ops");
  }
  bool step_is(std::string_view name) const { return at_ < steps_.size() && steps_[at_] == name; }
  double alpha_of(std::string_view step) const {
    return step == "LeakyRelu" ? node_.attribute("leakyrelu_alpha", 0.2) : 1.0;
  }
  ValueId argument() {
    require(next_ < arguments_.size(), "fused operators [{}] need more than {} extra inputs", fmt::join(steps_, ","),
            arguments_.size());
    return arguments_[next_++];
  }
  ValueId residual() {
    const ValueId value = argument();
    return layout_ == nullptr ? value : channels_last(node_, *layout_, value);
  }

  ValueId follow(const std::string& step, ValueId value) {
    if (step == "BiasAdd") return node_.emit("add", {value, argument()});
    if (step == "Add") return node_.emit("add", {value, residual()});
    if (step == "Prelu") return prelu(value, argument());
    if (step == "FusedBatchNorm") {
      ValueIds inputs{value};
      for (int i = 0; i < 4; ++i) inputs.push_back(argument());
      return node_.emit("batch_norm", std::move(inputs), {{"epsilon", node_.attribute("epsilon", 1e-4)}});
    }
    const auto activation = activation_named(step);
    require(activation.has_value(), "attribute 'fused_ops' holds '{}', which is not supported", step);
    if (step == "LeakyRelu") return node_.emit("leaky_relu", {value}, {{"alpha", alpha_of(step)}});
    return node_.emit(*activation, {value});
  }

  ValueId prelu(ValueId x, ValueId slope) {
    const ValueId below = node_.emit("relu", {node_.emit("neg", {x})});
    return node_.emit("sub", {node_.emit("relu", {x}), node_.emit("mul", {below, slope})});
  }

  NodeImport& node_;
  ValueIds arguments_;
  const ImageLayout* layout_;
  std::vector<std::string> steps_;
  std::size_t next_ = 0;  ///< of arguments_
  std::size_t at_ = 0;    ///< of steps_
};

}  // namespace

ImageLayout image_layout(const NodeImport& node, std::size_t spatial) {
  const auto format = node.attribute<std::string>("data_format", "CHANNELS_LAST");
  for (const std::string_view last : {"CHANNELS_LAST", "NHWC", "NDHWC", "NWC"}) {
    if (format == last) return {spatial, false};
  }
  for (const std::string_view first : {"CHANNELS_FIRST", "NCHW", "NCDHW", "NCW"}) {
    if (format == first) return {spatial, true};
  }
  throw ModelError(fmt::format("attribute 'data_format' is {}, which is not supported", format));
}

ValueId channels_last(NodeImport& node, const ImageLayout& layout, ValueId value) {
  if (!layout.channels_first) return value;
  std::vector<std::int64_t> perm{0};
  for (std::size_t axis = 2; axis < layout.rank(); ++axis) perm.push_back(static_cast<std::int64_t>(axis));
  perm.push_back(1);
  return node.emit("transpose", {value}, {{"perm", perm}});
}

ValueId from_channels_last(NodeImport& node, const ImageLayout& layout, ValueId value) {
  if (!layout.channels_first) return value;
  std::vector<std::int64_t> perm{0, static_cast<std::int64_t>(layout.rank()) - 1};
  for (std::size_t axis = 1; axis + 1 < layout.rank(); ++axis) perm.push_back(static_cast<std::int64_t>(axis));
  return node.emit("transpose", {value}, {{"perm", perm}});
}

std::vector<std::int64_t> spatial_numbers(const ImageLayout& layout, const std::vector<std::int64_t>& numbers,
                                          std::string_view what) {
  require(numbers.size() == layout.rank(), "{} needs {} numbers, got [{}]", what, layout.rank(),
          fmt::join(numbers, ","));
  const std::size_t channel = layout.channels_first ? 1 : layout.rank() - 1;
  require(numbers[0] == 1 && numbers[channel] == 1, "{} [{}] must be 1 along images and channels", what,
          fmt::join(numbers, ","));
  const auto first = numbers.begin() + (layout.channels_first ? 2 : 1);
  return {first, first + static_cast<std::ptrdiff_t>(layout.spatial)};
}

std::string padding_name(const NodeImport& node) {
  const auto padding = node.attribute<std::string>("padding");
  if (padding == "SAME") return "same";
  if (padding == "VALID") return "valid";
  require(padding == "EXPLICIT", "attribute 'padding' is {}, which is not supported", padding);
  return "explicit";
}

Attributes window_attributes(const NodeImport& node, const ImageLayout& layout) {
  Attributes attributes;
  const auto strides = node.attribute<std::vector<std::int64_t>>("strides");
  attributes.emplace_back("strides", spatial_numbers(layout, strides, "attribute 'strides'"));
  const auto dilations = node.attribute<std::vector<std::int64_t>>("dilations", {});
  if (!dilations.empty()) {
    attributes.emplace_back("dilations", spatial_numbers(layout, dilations, "attribute 'dilations'"));
  }
  const std::string padding = padding_name(node);
  attributes.emplace_back("padding", padding);
  if (padding != "explicit") return attributes;
  const auto pads = node.attribute<std::vector<std::int64_t>>("explicit_paddings");
  require(pads.size() == 2 * layout.rank(), "attribute 'explicit_paddings' needs {} numbers, got [{}]",
          2 * layout.rank(), fmt::join(pads, ","));
  const std::size_t channel = layout.channels_first ? 2 : pads.size() - 2;
  require(pads[0] == 0 && pads[1] == 0 && pads[channel] == 0 && pads[channel + 1] == 0,
          "attribute 'explicit_paddings' [{}] pads images or channels", fmt::join(pads, ","));
  const auto first = pads.begin() + (layout.channels_first ? 4 : 2);
  attributes.emplace_back("pads", std::vector(first, first + static_cast<std::ptrdiff_t>(2 * layout.spatial)));
  return attributes;
}

ValueId emit_fused(NodeImport& node, std::string_view op, ValueIds inputs, Attributes attributes, ValueIds arguments,
                   const ImageLayout* layout) {
  return FusedEmitter(node, std::move(arguments), layout).emit(op, std::move(inputs), std::move(attributes));
}

}  // namespace temper
