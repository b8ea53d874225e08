#include "import/rules/onnx.h"

namespace temper {
namespace {

/// Any number of inputs, joined from the first to the last.
ValueId chain(NodeImport& node, std::string_view op) {
  ValueId result = node.input(0);
  for (std::size_t i = 1; i < node.input_count(); ++i) result = node.emit(op, {result, node.input(i)});
  return result;
}

Rule variadic(std::string_view op) {
  return [op](NodeImport& node) -> ValueIds { return {chain(node, op)}; };
}

ValueIds mean(NodeImport& node) {
  const ValueId sum = chain(node, "add");
  return {node.emit("div", {sum, number(node, static_cast<double>(node.input_count()), node.fact(sum).dtype)})};
}

/// The exponent may be of another type; the result is of the base's.
ValueIds power(NodeImport& node) {
  const DType base = node.input_fact(0).dtype;
  const DType exponent = node.input_fact(1).dtype;
  const DType within = !is_float(base) && is_float(exponent) ? exponent : base;
  return {cast(node, node.emit("pow", {cast(node, node.input(0), within), cast(node, node.input(1), within)}), base)};
}

ValueIds modulo(NodeImport& node) {
  return {node.emit(onnx_flag(node, "fmod", false) ? "truncate_mod" : "floor_mod", node.inputs())};
}

ValueIds bit_shift(NodeImport& node) {
  const auto direction = node.attribute<std::string>("direction");
  require(direction == "LEFT" || direction == "RIGHT", "attribute 'direction' is '{}', neither LEFT nor RIGHT", direction);
  return {node.emit(direction == "LEFT" ? "left_shift" : "right_shift", node.inputs())};
}

/// y = x where x > 0, else slope * x.
ValueIds parametric_relu(NodeImport& node) {
  const ValueId zero = number(node, 0, node.input_fact(0).dtype);
  const ValueId above = node.emit("maximum", {node.input(0), zero});
  const ValueId below = node.emit("minimum", {node.input(0), zero});
  return {node.emit("add", {above, node.emit("mul", {below, node.input(1)})})};
}

bool is_number(const NodeImport& node, ValueId value, double wanted) {
  if (value == ValueId::kNone) return false;
  const auto& constant = node.fact(value).constant;
  return constant && constant->elements() == 1 && is_float(constant->dtype()) && constant->to_double("a bound") == wanted;
}

/// Bounds are attributes in older versions, inputs in newer ones; each may be left out.
ValueIds clip(NodeImport& node) {
  const DType dtype = node.input_fact(0).dtype;
  const auto bound = [&](std::size_t i, std::string_view attribute) {
    if (node.has_input(i)) return node.input(i);
    return node.has_attribute(attribute) ? number(node, node.attribute<double>(attribute), dtype) : ValueId::kNone;
  };
  const ValueId low = bound(1, "min");
  const ValueId high = bound(2, "max");
  if (is_number(node, low, 0) && is_number(node, high, 6)) return {node.emit("relu6", {node.input(0)})};
  if (is_number(node, low, 0) && high == ValueId::kNone) return {node.emit("relu", {node.input(0)})};
  ValueId y = node.input(0);
  if (low != ValueId::kNone) y = node.emit("maximum", {y, low});
  if (high != ValueId::kNone) y = node.emit("minimum", {y, high});
  return {y};
}

ValueIds elu(NodeImport& node) { return {node.emit("elu", {node.input(0)}, {{"alpha", node.attribute("alpha", 1.0)}})}; }

/// alpha * elu(x / alpha)
ValueIds celu(NodeImport& node) {
  const ValueId alpha = number(node, node.attribute("alpha", 1.0), node.input_fact(0).dtype);
  const ValueId y = node.emit("elu", {node.emit("div", {node.input(0), alpha})});
  return {node.emit("mul", {y, alpha})};
}

ValueIds selu(NodeImport& node) {
  if (!node.has_attribute("alpha") && !node.has_attribute("gamma")) return {node.emit("selu", {node.input(0)})};
  const ValueId y = node.emit("elu", {node.input(0)}, {{"alpha", node.attribute("alpha", 1.67326319217681884765625)}});
  return {node.emit("mul", {y, number(node, node.attribute("gamma", 1.05070102214813232421875), node.input_fact(0).dtype)})};
}

ValueIds hard_sigmoid(NodeImport& node) {
  const DType dtype = node.input_fact(0).dtype;
  const double alpha = node.attribute("alpha", 0.2);
  const double beta = node.attribute("beta", 0.5);
  if (static_cast<float>(alpha) == 1.0F / 6.0F && beta == 0.5) return {node.emit("hard_sigmoid", {node.input(0)})};
  const ValueId line = node.emit("add", {node.emit("mul", {node.input(0), number(node, alpha, dtype)}), number(node, beta, dtype)});
  return {node.emit("minimum", {node.emit("maximum", {line, number(node, 0, dtype)}), number(node, 1, dtype)})};
}

ValueIds mish(NodeImport& node) {
  return {node.emit("mul", {node.input(0), node.emit("tanh", {node.emit("softplus", {node.input(0)})})})};
}

ValueIds gelu(NodeImport& node) {
  const auto approximate = node.attribute("approximate", std::string("none"));
  require(approximate == "none" || approximate == "tanh", "attribute 'approximate' is '{}', neither none nor tanh", approximate);
  return {node.emit(approximate == "tanh" ? "gelu_tanh" : "gelu", {node.input(0)})};
}

/// x + bias below -lambd, x - bias above lambd, 0 between.
ValueIds shrink(NodeImport& node) {
  const DType dtype = node.input_fact(0).dtype;
  const ValueId x = node.input(0);
  const double lambda = node.attribute("lambd", 0.5);
  const ValueId bias = number(node, node.attribute("bias", 0.0), dtype);
  const ValueId above = node.emit("greater", {x, number(node, lambda, dtype)});
  const ValueId below = node.emit("less", {x, number(node, -lambda, dtype)});
  const ValueId low = node.emit("select", {below, node.emit("add", {x, bias}), number(node, 0, dtype)});
  return {node.emit("select", {above, node.emit("sub", {x, bias}), low})};
}

ValueIds thresholded_relu(NodeImport& node) {
  const DType dtype = node.input_fact(0).dtype;
  const ValueId above = node.emit("greater", {node.input(0), number(node, node.attribute("alpha", 1.0), dtype)});
  return {node.emit("select", {above, node.input(0), number(node, 0, dtype)})};
}

ValueIds is_infinite(NodeImport& node) {
  const ValueId x = node.input(0);
  const ValueId infinite = node.emit("is_inf", {x});
  const bool positive = onnx_flag(node, "detect_positive", true);
  const bool negative = onnx_flag(node, "detect_negative", true);
  if (positive && negative) return {infinite};
  const ValueId zero = number(node, 0, node.input_fact(0).dtype);
  if (positive) return {node.emit("logical_and", {infinite, node.emit("greater", {x, zero})})};
  if (negative) return {node.emit("logical_and", {infinite, node.emit("less", {x, zero})})};
  return {node.emit("zeros_like", {infinite})};
}

ValueIds cast_rule(NodeImport& node) {
  const DType to = node.op() == "CastLike" ? node.input_fact(1).dtype : onnx::to_dtype(node.attribute<std::int64_t>("to"));
  require(node.op() == "CastLike" || !onnx::is_packed(node.attribute<std::int64_t>("to")), "a cast to 4 bits is not supported");
  const DType from = node.input_fact(0).dtype;
  require((to == DType::kString) == (from == DType::kString), "a cast from {} to {} is not supported", from, to);
  return {cast(node, node.input(0), to)};
}

/// Nothing is dropped when a model is used; the mask, where it is asked for, says so.
ValueIds dropout(NodeImport& node) {
  const bool training = node.has_input(2) && node.int64_input(2, "training_mode") != 0;
  const bool without_effect = node.has_input(1) && node.input_fact(1).constant && node.constant_input(1, "ratio").to_double("ratio") == 0;
  require(!training || without_effect, "drops values at random as in training, which is not supported");
  ValueIds outputs{node.input(0)};
  if (node.output_count() > 1) {
    const ValueId ones = node.emit("ones_like", {node.input(0)});
    outputs.push_back(node.version() >= 10 ? cast(node, ones, DType::kBool) : ones);
  }
  return outputs;
}

/// Softmax and its like. Until version 13, `axis` parts the dims into rows and columns of a matrix.
Rule along_rows(std::string_view op) {
  return [op](NodeImport& node) -> ValueIds {
    const ValueId x = node.input(0);
    const bool by_axis = node.version() >= 13;
    const std::size_t rank = known_rank(node, x, "the input");
    const std::size_t axis = normalise_axis(node.attribute<std::int64_t>("axis", by_axis ? -1 : 1), rank);
    if (by_axis || axis + 1 == rank) return {node.emit(op, {x}, {{"axis", static_cast<std::int64_t>(axis)}})};
    const ValueId shape = shape_of(node, x);
    ValueId matrix = x;
    if (const auto known = node.fact(x).shape.known()) {
      matrix = reshape(node, x, {known->elements(0, axis), known->elements(axis, rank)});
    } else {
      const ValueId rows = node.emit("prod", {node.emit("slice", {shape, int64s(node, {0}), int64s(node, {static_cast<std::int64_t>(axis)})})},
                                     {{"axes", Ints{0}}, {"keep_dims", true}});
      matrix = node.emit("reshape", {x, node.emit("concat", {rows, int64s(node, {-1})}, {{"axis", std::int64_t{0}}})});
    }
    return {node.emit("reshape", {node.emit(op, {matrix}, {{"axis", std::int64_t{1}}}), shape})};
  };
}

}  // namespace

REGISTER_RULES(onnx_elementwise) {
  static constexpr std::pair<std::string_view, std::string_view> kSame[] = {
      {"Abs", "abs"}, {"Acos", "acos"}, {"Acosh", "acosh"}, {"Asin", "asin"}, {"Asinh", "asinh"}, {"Atan", "atan"}, {"Atanh", "atanh"},
      {"Ceil", "ceil"}, {"Cos", "cos"}, {"Cosh", "cosh"}, {"Erf", "erf"}, {"Exp", "exp"}, {"Floor", "floor"}, {"IsNaN", "is_nan"},
      {"Log", "log"}, {"Neg", "neg"}, {"Not", "logical_not"}, {"Reciprocal", "reciprocal"}, {"Round", "round"}, {"Sigmoid", "sigmoid"},
      {"Sign", "sign"}, {"Sin", "sin"}, {"Sinh", "sinh"}, {"Sqrt", "sqrt"}, {"Tan", "tan"}, {"Tanh", "tanh"}, {"BitwiseNot", "invert"},
      {"Relu", "relu"}, {"Softplus", "softplus"}, {"Softsign", "softsign"}, {"HardSwish", "hard_swish"},
      {"Add", "add"}, {"Sub", "sub"}, {"Mul", "mul"}, {"Div", "div"}, {"And", "logical_and"}, {"Or", "logical_or"}, {"Xor", "not_equal"},
      {"Equal", "equal"}, {"Greater", "greater"}, {"GreaterOrEqual", "greater_equal"}, {"Less", "less"}, {"LessOrEqual", "less_equal"},
      {"BitwiseAnd", "bitwise_and"}, {"BitwiseOr", "bitwise_or"}, {"BitwiseXor", "bitwise_xor"}, {"Where", "select"},
      {"StringConcat", "add"}};
  for (const auto& [source, op] : kSame) rules.onnx(source, emit_as(op));
  rules.onnx("LeakyRelu", [](NodeImport& node) -> ValueIds {
    return {node.emit("leaky_relu", {node.input(0)}, {{"alpha", node.attribute("alpha", 0.01)}})};
  });
  rules.onnx("Sum", variadic("add"));
  rules.onnx("Max", variadic("maximum"));
  rules.onnx("Min", variadic("minimum"));
  rules.onnx("Mean", mean);
  rules.onnx("Pow", power);
  rules.onnx("Mod", modulo);
  rules.onnx("BitShift", bit_shift);
  rules.onnx("PRelu", parametric_relu);
  rules.onnx("Clip", clip);
  rules.onnx("Elu", elu);
  rules.onnx("Celu", celu);
  rules.onnx("Selu", selu);
  rules.onnx("HardSigmoid", hard_sigmoid);
  rules.onnx("Mish", mish);
  rules.onnx("Gelu", gelu);
  rules.onnx("Shrink", shrink);
  rules.onnx("ThresholdedRelu", thresholded_relu);
  rules.onnx("IsInf", is_infinite);
  rules.onnx("Cast", cast_rule);
  rules.onnx("CastLike", cast_rule);
  rules.onnx("Dropout", dropout);
  rules.onnx("Identity", [](NodeImport& node) -> ValueIds { return {node.input(0)}; });
  rules.onnx("Softmax", along_rows("softmax"));
  rules.onnx("LogSoftmax", along_rows("log_softmax"));
}

}  // namespace temper
