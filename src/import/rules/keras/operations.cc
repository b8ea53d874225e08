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

/// TensorFlow's product of matrices, either of which may be turned.
ValueIds matrix_product(LayerImport& layer) {
  static constexpr std::string_view kA[] = {"a"};
  static constexpr std::string_view kB[] = {"b"};
  const auto flag = [&](std::string_view name) {
    const auto value = layer.option(name);
    const bool* set = value ? std::get_if<bool>(&*value) : nullptr;
    return set != nullptr && *set;
  };
  return {layer.emit("matmul", {operand(layer, find(layer, 0, kA), nullptr), operand(layer, find(layer, 1, kB), nullptr)},
                     {{"transpose_a", flag("transpose_a")}, {"transpose_b", flag("transpose_b")}})};
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

/// Tensors along a new axis.
ValueIds stack(LayerImport& layer) {
  ValueIds values = layer.inputs();
  for (const std::string_view name : {"xs", "values"}) {
    if (values.empty()) values = layer.keyword(name);
  }
  const auto axis = setting(layer, "axis", values.size());
  const std::int64_t at = axis ? whole_numbers(*axis, "axis").at(0) : 0;
  for (ValueId& value : values) value = layer.emit("expand_dims", {value}, {{"axis", at}});
  require(!values.empty(), "has no inputs");
  return {layer.emit("concat", values, {{"axis", at}})};
}

/// Parts of one size, or between indices.
ValueIds split(LayerImport& layer) {
  const ValueId x = first(layer);
  const auto sections = setting(layer, layer.op().starts_with("tf.") ? "num_or_size_splits" : "indices_or_sections", 1);
  const auto axis = setting(layer, "axis", 2);
  require(sections.has_value(), "does not say into what");
  const std::int64_t at = axis ? whole_numbers(*axis, "axis").at(0) : 0;
  const auto* parts = std::get_if<std::int64_t>(&*sections);
  require(parts != nullptr, "splitting at indices is not supported");
  return layer.emit_all("split", {x}, {{"axis", static_cast<std::int64_t>(normalise_axis(at, layer.rank(x)))}, {"parts", *parts}});
}

ValueIds clip(LayerImport& layer) {
  const ValueId x = first(layer);
  const bool tf = layer.op().starts_with("tf.");
  const auto bound = [&](std::string_view name, std::size_t position) {
    const auto value = setting(layer, name, position);
    double number = 0;
    require(value && from_attribute(*value, number), "has no bound '{}' that is known", name);
    return layer.number_like(number, x);
  };
  const ValueId most = bound(tf ? "clip_value_max" : "x_max", 2);
  return {layer.emit("maximum", {layer.emit("minimum", {x, most}), bound(tf ? "clip_value_min" : "x_min", 1)})};
}

ValueIds cast_to(LayerImport& layer) {
  const auto name = setting(layer, "dtype", 1);
  const auto* text = name ? std::get_if<std::string>(&*name) : nullptr;
  require(text != nullptr, "has no type that is known");
  static const std::map<std::string_view, DType> types = {{"float32", DType::kFloat32}, {"float64", DType::kFloat64}, {"float16", DType::kFloat16}, {"int32", DType::kInt32},
                                                          {"int64", DType::kInt64}, {"uint8", DType::kUInt8}, {"int8", DType::kInt8}, {"bool", DType::kBool}};
  const auto found = types.find(*text);
  require(found != types.end(), "a cast to '{}' is not supported", *text);
  return {layer.cast(first(layer), found->second)};
}

ValueIds where(LayerImport& layer) {
  static constexpr std::string_view kCondition[] = {"condition"};
  const Given* a = find(layer, 1, kFirst);
  const Given* b = find(layer, 2, kSecond);
  return {layer.emit("select", {layer.cast(operand(layer, find(layer, 0, kCondition), nullptr), DType::kBool), operand(layer, a, b), operand(layer, b, a)})};
}

ValueIds along_arg_max(LayerImport& layer) {
  const auto axis = setting(layer, "axis", 1);
  require(axis.has_value(), "without an axis is not supported");
  return {layer.emit("arg_max", {first(layer)}, {{"axis", whole_numbers(*axis, "axis").at(0)}, {"dtype", DType::kInt32}})};
}

ValueIds flip(LayerImport& layer) {
  const auto axis = setting(layer, "axis", 1);
  require(axis.has_value(), "without an axis is not supported");
  return {layer.emit("reverse", {first(layer)}, {{"axes", whole_numbers(*axis, "axis")}})};
}

/// A function whose number is in the configuration.
auto with_alpha(std::string_view op, std::string_view name, double fallback) {
  return [=](LayerImport& layer) -> ValueIds {
    const auto value = setting(layer, name, 1);
    double alpha = fallback;
    if (value) require(from_attribute(*value, alpha), "attribute '{}' is {}", name, to_string(*value));
    return {layer.emit(op, {first(layer)}, {{"alpha", alpha}})};
  };
}

ValueIds gelu(LayerImport& layer) {
  const auto value = setting(layer, "approximate", 1);
  const bool* approximate = value ? std::get_if<bool>(&*value) : nullptr;
  return {layer.emit(approximate == nullptr || *approximate ? "gelu_tanh" : "gelu", {first(layer)})};
}

ValueIds log_softmax(LayerImport& layer) {
  const auto axis = setting(layer, "axis", 1);
  return {layer.emit("log_softmax", {first(layer)}, {{"axis", axis ? whole_numbers(*axis, "axis").at(0) : std::int64_t{-1}}})};
}

/// x[...]: the entries of the brackets as texts, or as whole numbers where they are nothing else.
ValueIds get_item(LayerImport& layer) {
  require(layer.input_count() == 1, "an index that is computed is not supported");
  const auto given = setting(layer, layer.op().starts_with("tf.") ? "slice_spec" : "key", 1);
  require(given.has_value(), "an index of this kind is not supported");
  std::vector<std::string> entries;
  if (const auto* texts = std::get_if<std::vector<std::string>>(&*given)) entries = *texts;
  else for (const std::int64_t number : whole_numbers(*given, "key")) entries.push_back(fmt::format("{}", number));
  std::vector<std::int64_t> begins, ends, strides;
  std::int64_t masks[5] = {};  // begin, end, ellipsis, new axis, shrink
  require(entries.size() <= kMaxRank, "has {} indices", entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string& entry = entries[i];
    const std::int64_t bit = std::int64_t{1} << i;
    std::vector<std::string> parts{""};
    for (const char c : entry) {
      if (c == ':') parts.emplace_back();
      else parts.back().push_back(c);
    }
    const auto bound = [&](std::size_t part, std::int64_t fallback, std::int64_t& mask) {
      if (part >= parts.size() || parts[part].empty()) return mask |= bit, fallback;
      return static_cast<std::int64_t>(std::strtol(parts[part].c_str(), nullptr, 10));
    };
    std::int64_t unused = 0;
    if (entry == "...") masks[2] |= bit;
    if (entry == "newaxis") masks[3] |= bit;
    const bool bounds = parts.size() == 3;
    const bool single = !bounds && entry != "..." && entry != "newaxis";
    begins.push_back(bounds || single ? bound(0, 0, masks[0]) : 0);
    ends.push_back(bounds ? bound(1, 0, masks[1]) : begins.back() + 1);
    strides.push_back(bounds ? bound(2, 1, unused) : 1);
    if (single) masks[4] |= bit;
  }
  return {layer.emit("strided_slice", {layer.input(0), layer.ints(begins), layer.ints(ends), layer.ints(strides)},
                     {{"begin_mask", masks[0]}, {"end_mask", masks[1]}, {"ellipsis_mask", masks[2]}, {"new_axis_mask", masks[3]}, {"shrink_axis_mask", masks[4]}})};
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
      {"tf.math.truediv", "div"}, {"tf.math.pow", "pow"}, {"tf.math.maximum", "maximum"}, {"tf.math.minimum", "minimum"}, {"tf.math.greater", "greater"}, {"tf.math.greater_equal", "greater_equal"},
      {"tf.math.less", "less"}, {"tf.math.less_equal", "less_equal"}, {"tf.math.equal", "equal"}, {"tf.math.not_equal", "not_equal"}, {"tf.math.logical_and", "logical_and"},
      {"tf.math.logical_or", "logical_or"}};
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
      {"tf.nn.relu", "relu"}, {"tf.nn.relu6", "relu6"}, {"tf.nn.silu", "silu"}, {"tf.nn.softplus", "softplus"}, {"tf.math.softplus", "softplus"}, {"tf.nn.selu", "selu"}, {"tf.nn.elu", "elu"}};
  for (const auto& [name, op] : kFunctions) rules.keras(name, "", function(std::string(op)));
  static constexpr std::pair<std::string_view, std::string_view> kReductions[] = {
      {"ops.Mean", "mean"}, {"ops.Sum", "sum"}, {"ops.Max", "max"}, {"ops.Min", "min"}, {"ops.Prod", "prod"}, {"ops.Any", "any"}, {"ops.All", "all"},
      {"tf.math.reduce_mean", "mean"}, {"tf.math.reduce_sum", "sum"}, {"tf.math.reduce_max", "max"}, {"tf.math.reduce_min", "min"}};
  for (const auto& [name, op] : kReductions) rules.keras(name, "", reduction(op));
  for (const std::string_view name : {"ops.Softmax", "tf.nn.softmax"}) rules.keras(name, "", along_softmax);
  for (const std::string_view name : {"ops.Reshape", "tf.reshape"}) rules.keras(name, "", reshape_to);
  for (const std::string_view name : {"ops.Transpose", "tf.transpose", "tf.compat.v1.transpose"}) rules.keras(name, "", transpose_by);
  for (const std::string_view name : {"ops.ExpandDims", "tf.expand_dims"}) rules.keras(name, "", keras::expand_dims);
  rules.keras("tf.linalg.matmul", "", matrix_product);
  for (const std::string_view name : {"ops.Stack", "tf.stack"}) rules.keras(name, "", stack);
  for (const std::string_view name : {"ops.Split", "tf.split"}) rules.keras(name, "", split);
  for (const std::string_view name : {"ops.Clip", "tf.clip_by_value"}) rules.keras(name, "", clip);
  for (const std::string_view name : {"ops.Cast", "tf.cast"}) rules.keras(name, "", cast_to);
  for (const std::string_view name : {"ops.Where", "tf.where"}) rules.keras(name, "", where);
  for (const std::string_view name : {"ops.Argmax", "tf.math.argmax"}) rules.keras(name, "", along_arg_max);
  for (const std::string_view name : {"ops.Flip", "tf.reverse"}) rules.keras(name, "", flip);
  for (const std::string_view name : {"ops.GetItem", "tf.__operators__.getitem"}) rules.keras(name, "", get_item);
  for (const std::string_view name : {"ops.LogSoftmax", "tf.nn.log_softmax"}) rules.keras(name, "", keras::log_softmax);
  rules.keras("ops.Elu", "", with_alpha("elu", "alpha", 1));
  rules.keras("ops.LeakyRelu", "", with_alpha("leaky_relu", "negative_slope", 0.2));
  rules.keras("tf.nn.leaky_relu", "", with_alpha("leaky_relu", "alpha", 0.2));
  rules.keras("ops.Gelu", "", gelu);
  for (const std::string_view name : {"ops.Squeeze", "tf.squeeze", "tf.compat.v1.squeeze"}) rules.keras(name, "", squeeze);
  for (const std::string_view name : {"ops.Concatenate", "tf.concat"}) rules.keras(name, "", concatenated);
}

}  // namespace temper
