#include "import/rules/keras/activations.h"

/// Functions on tensors that a functional model calls between its layers: Keras 3 names them by their classes, Keras 2 TensorFlow's by
/// theirs.
namespace temper::keras {
namespace {

constexpr std::string_view kFirst[] = {"x1", "x"};
constexpr std::string_view kSecond[] = {"x2", "y"};

/// What is given at a position, or by one of the names that functions have for it.
const Given* find(const LayerImport& layer, std::size_t position, std::span<const std::string_view> names) {
  std::size_t at = 0;
  for (const Given& one : layer.given()) {
    if (one.name.empty() && at++ == position) return &one;
  }
  for (const std::string_view name : names) {
    for (const Given& one : layer.given()) {
      if (one.name == name) return &one;
    }
  }
  return nullptr;
}

/// An operand that is a tensor or a number; a number takes the other operand's type.
ValueId operand(LayerImport& layer, const Given* given, const Given* other) {
  require(given != nullptr && (given->value || given->constant), "an operand is missing");
  if (given->value) return *given->value;
  const DType dtype = other != nullptr && other->value ? layer.fact(*other->value).dtype : DType::kFloat32;
  if (const auto* whole = std::get_if<std::int64_t>(&*given->constant)) return layer.number(static_cast<double>(*whole), dtype);
  if (const auto* number = std::get_if<double>(&*given->constant)) return layer.number(*number, dtype);
  if (const auto* numbers = std::get_if<std::vector<double>>(&*given->constant)) return layer.cast(layer.constant(Tensor::vector<double>(*numbers)), dtype);
  if (const auto* whole = std::get_if<std::vector<std::int64_t>>(&*given->constant)) return layer.cast(layer.ints(*whole), dtype);
  throw ModelError(fmt::format("an operand {} is not supported", to_string(*given->constant)));
}

auto binary(std::string_view op) {
  return [op](LayerImport& layer) -> ValueIds {
    const Given* a = find(layer, 0, kFirst);
    const Given* b = find(layer, 1, kSecond);
    return {layer.emit(op, {operand(layer, a, b), operand(layer, b, a)})};
  };
}

ValueId first(LayerImport& layer) {
  static constexpr std::string_view kNames[] = {"x", "inputs", "features", "input", "input_tensor", "logits", "a", "tensor"};
  return operand(layer, find(layer, 0, kNames), nullptr);
}

auto unary(std::string_view op) {
  return [op](LayerImport& layer) -> ValueIds { return {layer.emit(op, {first(layer)})}; };
}

auto function(std::string name) {
  return [name](LayerImport& layer) -> ValueIds { return {activated(layer, first(layer), name)}; };
}

/// A number or list of a call, by keyword or position, or of the configuration.
std::optional<Attribute> setting(LayerImport& layer, std::string_view name, std::size_t position) {
  if (auto option = layer.option(name)) return option;
  if (auto own = layer.layer().attribute(name)) return own;
  const Given* given = find(layer, position, {});
  return given == nullptr ? std::nullopt : given->constant;
}

std::vector<std::int64_t> whole_numbers(const Attribute& attribute, std::string_view name) {
  if (const auto* one = std::get_if<std::int64_t>(&attribute)) return {*one};
  std::vector<std::int64_t> many;
  require(from_attribute(attribute, many), "attribute '{}' is {}, not whole numbers", name, to_string(attribute));
  return many;
}

/// Along `axis`, or all where there is none.
auto reduction(std::string_view op) {
  return [op](LayerImport& layer) -> ValueIds {
    const ValueId x = first(layer);
    const auto axis = setting(layer, "axis", 1);
    std::vector<std::int64_t> axes;
    if (axis) axes = whole_numbers(*axis, "axis");
    else for (std::size_t i = 0; i < layer.rank(x); ++i) axes.push_back(static_cast<std::int64_t>(i));
    const auto keep = setting(layer, "keepdims", 2);
    const bool* keeps = keep ? std::get_if<bool>(&*keep) : nullptr;
    return {layer.emit(op, {x}, {{"axes", axes}, {"keep_dims", keeps != nullptr && *keeps}})};
  };
}

ValueIds reshape_to(LayerImport& layer) {
  const auto dims = setting(layer, layer.option("newshape") || layer.layer().attribute("newshape") ? "newshape" : "shape", 1);
  require(dims.has_value(), "has no shape that is known");
  return {layer.reshape(first(layer), whole_numbers(*dims, "shape"))};
}

ValueIds transpose_by(LayerImport& layer) {
  const ValueId x = first(layer);
  const auto axes = setting(layer, layer.op().starts_with("tf.") ? "perm" : "axes", 1);
  std::vector<std::int64_t> perm;
  if (axes) perm = whole_numbers(*axes, "axes");
  else for (std::size_t i = layer.rank(x); i-- > 0;) perm.push_back(static_cast<std::int64_t>(i));
  return {layer.emit("transpose", {x}, {{"perm", perm}})};
}

ValueIds expand_dims(LayerImport& layer) {
  const auto axis = setting(layer, "axis", 1);
  require(axis.has_value(), "has no axis");
  return {layer.emit("expand_dims", {first(layer)}, {{"axis", whole_numbers(*axis, "axis").at(0)}})};
}

ValueIds squeeze(LayerImport& layer) {
  const auto axis = setting(layer, "axis", 1);
  require(axis.has_value(), "has no axis");
  return {layer.emit("squeeze", {first(layer)}, {{"axes", whole_numbers(*axis, "axis")}})};
}

/// Tensors that stand in a list, one after another.
ValueIds concatenated(LayerImport& layer) {
  ValueIds values = layer.inputs();
  for (const std::string_view name : {"xs", "values"}) {
    if (values.empty()) values = layer.keyword(name);
  }
  require(!values.empty(), "has no inputs");
  std::int64_t axis = 0;
  if (const auto found = layer.option("axis")) axis = whole_numbers(*found, "axis").at(0);
  else if (const auto own = layer.layer().attribute("axis")) axis = whole_numbers(*own, "axis").at(0);
  return {layer.emit("concat", values, {{"axis", axis}})};
}

ValueIds along_softmax(LayerImport& layer) {
  const auto axis = setting(layer, "axis", 1);
  return {layer.emit("softmax", {first(layer)}, {{"axis", axis ? whole_numbers(*axis, "axis").at(0) : std::int64_t{-1}}})};
}

}  // namespace
}  // namespace temper::keras

namespace temper {

REGISTER_RULES(keras_operations) {
  using namespace keras;
  static constexpr std::pair<std::string_view, std::string_view> kBinary[] = {
      {"ops.Add", "add"}, {"ops.Subtract", "sub"}, {"ops.Multiply", "mul"}, {"ops.Divide", "div"}, {"ops.TrueDivide", "div"}, {"ops.Power", "pow"},
      {"ops.Maximum", "maximum"}, {"ops.Minimum", "minimum"}, {"ops.Matmul", "matmul"}, {"ops.Equal", "equal"}, {"ops.NotEqual", "not_equal"},
      {"ops.Greater", "greater"}, {"ops.GreaterEqual", "greater_equal"}, {"ops.Less", "less"}, {"ops.LessEqual", "less_equal"},
      {"ops.LogicalAnd", "logical_and"}, {"ops.LogicalOr", "logical_or"},
      {"tf.math.add", "add"}, {"tf.__operators__.add", "add"}, {"tf.math.subtract", "sub"}, {"tf.math.multiply", "mul"}, {"tf.math.divide", "div"},
      {"tf.math.truediv", "div"}, {"tf.math.pow", "pow"}, {"tf.math.maximum", "maximum"}, {"tf.math.minimum", "minimum"}, {"tf.linalg.matmul", "matmul"}};
  for (const auto& [name, op] : kBinary) rules.keras(name, "", binary(op));
  static constexpr std::pair<std::string_view, std::string_view> kUnary[] = {
      {"ops.Negative", "neg"}, {"ops.Absolute", "abs"}, {"ops.Abs", "abs"}, {"ops.Exp", "exp"}, {"ops.Log", "log"}, {"ops.Sqrt", "sqrt"}, {"ops.Rsqrt", "rsqrt"},
      {"ops.Square", "square"}, {"ops.Sin", "sin"}, {"ops.Cos", "cos"}, {"ops.Floor", "floor"}, {"ops.Ceil", "ceil"}, {"ops.Erf", "erf"},
      {"ops.LogicalNot", "logical_not"}, {"ops.Reciprocal", "reciprocal"}, {"ops.Identity", "identity"}, {"ops.StopGradient", "identity"},
      {"tf.math.negative", "neg"}, {"tf.math.abs", "abs"}, {"tf.math.exp", "exp"}, {"tf.math.log", "log"}, {"tf.math.sqrt", "sqrt"}, {"tf.math.square", "square"},
      {"tf.math.rsqrt", "rsqrt"}, {"tf.math.sigmoid", "sigmoid"}, {"tf.math.tanh", "tanh"}, {"tf.identity", "identity"}, {"tf.stop_gradient", "identity"}};
  for (const auto& [name, op] : kUnary) rules.keras(name, "", unary(op));
  static constexpr std::pair<std::string_view, std::string_view> kFunctions[] = {
      {"ops.Relu", "relu"}, {"ops.Relu6", "relu6"}, {"ops.Sigmoid", "sigmoid"}, {"ops.Tanh", "tanh"}, {"ops.Silu", "silu"}, {"ops.Softplus", "softplus"},
      {"ops.Softsign", "softsign"}, {"ops.HardSigmoid", "hard_sigmoid"}, {"ops.HardSilu", "hard_silu"}, {"ops.Selu", "selu"}, {"ops.LogSigmoid", "log_sigmoid"},
      {"tf.nn.relu", "relu"}, {"tf.nn.relu6", "relu6"}, {"tf.nn.silu", "silu"}, {"tf.nn.softplus", "softplus"}, {"tf.nn.selu", "selu"}, {"tf.nn.elu", "elu"}};
  for (const auto& [name, op] : kFunctions) rules.keras(name, "", function(std::string(op)));
  static constexpr std::pair<std::string_view, std::string_view> kReductions[] = {
      {"ops.Mean", "mean"}, {"ops.Sum", "sum"}, {"ops.Max", "max"}, {"ops.Min", "min"}, {"ops.Prod", "prod"}, {"ops.Any", "any"}, {"ops.All", "all"},
      {"tf.math.reduce_mean", "mean"}, {"tf.math.reduce_sum", "sum"}, {"tf.math.reduce_max", "max"}, {"tf.math.reduce_min", "min"}};
  for (const auto& [name, op] : kReductions) rules.keras(name, "", reduction(op));
  for (const std::string_view name : {"ops.Softmax", "tf.nn.softmax"}) rules.keras(name, "", along_softmax);
  for (const std::string_view name : {"ops.Reshape", "tf.reshape"}) rules.keras(name, "", reshape_to);
  for (const std::string_view name : {"ops.Transpose", "tf.transpose", "tf.compat.v1.transpose"}) rules.keras(name, "", transpose_by);
  for (const std::string_view name : {"ops.ExpandDims", "tf.expand_dims"}) rules.keras(name, "", keras::expand_dims);
  for (const std::string_view name : {"ops.Squeeze", "tf.squeeze"}) rules.keras(name, "", squeeze);
  for (const std::string_view name : {"ops.Concatenate", "tf.concat"}) rules.keras(name, "", concatenated);
}

}  // namespace temper
