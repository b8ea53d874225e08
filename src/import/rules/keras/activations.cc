#include "import/rules/keras/activations.h"

namespace temper::keras {
namespace {

ValueId scalar(NodeImport& node, double value, ValueId like) {
  return node.emit("cast", {node.constant(Tensor::scalar(value))}, {{"dtype", node.fact(like).dtype}});
}

/// min(max(scale * x + offset, 0), 1)
ValueId clipped_line(NodeImport& node, ValueId x, double scale, double offset) {
  const ValueId line = node.emit("add", {node.emit("mul", {x, scalar(node, scale, x)}), scalar(node, offset, x)});
  return node.emit("minimum", {node.emit("relu", {line}), scalar(node, 1, x)});
}

/// Functions that are one operator.
std::optional<std::string_view> operator_of(std::string_view function) {
  static const std::map<std::string_view, std::string_view> names = {
      {"relu", "relu"},       {"relu6", "relu6"},     {"elu", "elu"},         {"selu", "selu"},           {"softplus", "softplus"}, {"softsign", "softsign"},
      {"sigmoid", "sigmoid"}, {"tanh", "tanh"},       {"exponential", "exp"}, {"exp", "exp"},             {"swish", "silu"},        {"silu", "silu"},
      {"softmax", "softmax"}, {"log_softmax", "log_softmax"}, {"hard_swish", "hard_swish"}, {"hard_silu", "hard_swish"}, {"gelu", "gelu"}};
  const auto found = names.find(function);
  return found == names.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

ValueId activated(NodeImport& node, ValueId x, const std::string& function, int version) {
  if (function == "linear" || function.empty()) return x;
  if (const auto op = operator_of(function)) return node.emit(*op, {x});
  if (function == "hard_sigmoid") {  // Keras 3 has another slope
    return version >= 3 ? node.emit("hard_sigmoid", {x}) : clipped_line(node, x, 0.2, 0.5);
  }
  if (function == "leaky_relu") return node.emit("leaky_relu", {x}, {{"alpha", 0.2}});
  if (function == "mish") return node.emit("mul", {x, node.emit("tanh", {node.emit("softplus", {x})})});
  if (function == "log_sigmoid") return node.emit("neg", {node.emit("softplus", {node.emit("neg", {x})})});
  if (function == "tanh_shrink") return node.emit("sub", {x, node.emit("tanh", {x})});
  if (function == "hard_tanh") {
    return node.emit("maximum", {node.emit("minimum", {x, scalar(node, 1, x)}), scalar(node, -1, x)});
  }
  if (function == "celu") return node.emit("elu", {x});
  throw ModelError(fmt::format("activation '{}' is not supported", function));
}

ValueId activated(LayerImport& layer, ValueId x, const std::string& function) { return activated(layer, x, function, layer.keras_version()); }

ValueId activated_by(LayerImport& layer, ValueId x, std::string_view key) {
  if (const Layer* inner = layer.layer().inner_named(key)) return layer.apply(*inner, {x}).at(0);
  return activated(layer, x, layer.attribute<std::string>(key, "linear"));
}

namespace {

ValueId relu(LayerImport& layer, ValueId x) {
  const double most = layer.attribute("max_value", -1.0);
  const double slope = layer.attribute("negative_slope", 0.0);
  const double threshold = layer.attribute("threshold", 0.0);
  const auto at = [&](double value) { return layer.number_like(value, x); };
  if (threshold == 0 && slope == 0 && most == 6) return layer.emit("relu6", {x});
  ValueId y = x;
  if (threshold == 0) {
    y = slope == 0 ? layer.emit("relu", {x}) : layer.emit("leaky_relu", {x}, {{"alpha", slope}});
  } else {  // x from the threshold on, below it slope * (x - threshold)
    const ValueId below = layer.emit("mul", {layer.emit("sub", {x, at(threshold)}), at(slope)});
    y = layer.emit("select", {layer.emit("greater_equal", {x, at(threshold)}), x, below});
  }
  return most < 0 ? y : layer.emit("minimum", {y, at(most)});
}

ValueIds thresholded_relu(LayerImport& layer) {
  const ValueId x = layer.input(0);
  const ValueId above = layer.emit("greater", {x, layer.number_like(layer.attribute("theta", 1.0), x)});
  return {layer.emit("mul", {x, layer.cast(above, layer.fact(x).dtype)})};
}

ValueIds prelu(LayerImport& layer) {
  const ValueId x = layer.input(0);
  const ValueId below = layer.emit("relu", {layer.emit("neg", {x})});
  return {layer.emit("sub", {layer.emit("relu", {x}), layer.emit("mul", {layer.weight("alpha"), below})})};
}

/// Softmax along one axis or several.
ValueIds softmax(LayerImport& layer) {
  const ValueId x = layer.input(0);
  require(layer.keyword("mask").empty() && layer.input_count() == 1, "a mask is not supported");
  const auto axes = layer.has_attribute("axis") ? layer.layer().attribute("axis") : std::optional<Attribute>(std::int64_t{-1});
  if (const auto* axis = std::get_if<std::int64_t>(&*axes)) return {layer.emit("softmax", {x}, {{"axis", *axis}})};
  const auto many = layer.attribute<std::vector<std::int64_t>>("axis");
  if (many.size() == 1) return {layer.emit("softmax", {x}, {{"axis", many[0]}})};
  const ValueId shifted = layer.emit("sub", {x, layer.emit("max", {x}, {{"axes", many}, {"keep_dims", true}})});
  const ValueId powers = layer.emit("exp", {shifted});
  return {layer.emit("div", {powers, layer.emit("sum", {powers}, {{"axes", many}, {"keep_dims", true}})})};
}

}  // namespace
}  // namespace temper::keras

namespace temper {

REGISTER_RULES(keras_activations) {
  using keras::LayerImport;
  rules.keras("Activation", "", [](LayerImport& layer) -> ValueIds { return {keras::activated_by(layer, layer.input(0))}; });
  rules.keras("ReLU", "", [](LayerImport& layer) -> ValueIds { return {keras::relu(layer, layer.input(0))}; });
  rules.keras("LeakyReLU", "", [](LayerImport& layer) -> ValueIds {
    return {layer.emit("leaky_relu", {layer.input(0)}, {{"alpha", layer.attribute("negative_slope", 0.3)}})};
  });
  rules.keras("ELU", "", [](LayerImport& layer) -> ValueIds {
    return {layer.emit("elu", {layer.input(0)}, {{"alpha", layer.attribute("alpha", 1.0)}})};
  });
  rules.keras("PReLU", "alpha", keras::prelu);
  rules.keras("Softmax", "", keras::softmax);
  rules.keras("ThresholdedReLU", "", keras::thresholded_relu);
}

}  // namespace temper
