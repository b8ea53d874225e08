#include "import/rule.h"

namespace temper {
namespace {

Rule equality(std::string_view op) {
  return [op](NodeImport& node) -> ValueIds {
    const bool strict = node.attribute("incompatible_shape_error", true);
    return {node.emit(op, node.inputs(), {{"mismatch_differs", !strict}})};
  };
}

ValueIds approximate_equal(NodeImport& node) {
  return {node.emit("approximate_equal", node.inputs(), {{"tolerance", node.attribute("tolerance", 1e-5)}})};
}

ValueIds add_n(NodeImport& node) {
  if (node.input_count() == 1) return {node.input(0)};
  return {node.emit("add_n", node.inputs())};
}

ValueIds clip_by_value(NodeImport& node) {
  return {node.emit("maximum", {node.emit("minimum", {node.input(0), node.input(2)}), node.input(1)})};
}

}  // namespace

REGISTER_RULES(binary) {
  rules.tensorflow("AccumulateNV2", add_n);
  rules.tensorflow("Add", emit_as("add"));
  rules.tensorflow("AddN", add_n);
  rules.tensorflow("AddV2", emit_as("add"));
  rules.tensorflow("ApproximateEqual", approximate_equal);
  rules.tensorflow("Atan2", emit_as("atan2"));
  rules.tensorflow("BitwiseAnd", emit_as("bitwise_and"));
  rules.tensorflow("BitwiseOr", emit_as("bitwise_or"));
  rules.tensorflow("BitwiseXor", emit_as("bitwise_xor"));
  rules.tensorflow("ClipByValue", clip_by_value);
  rules.tensorflow("Div", emit_as("div"));
  rules.tensorflow("DivNoNan", emit_as("div_no_nan"));
  rules.tensorflow("Equal", equality("equal"));
  rules.tensorflow("FloorDiv", emit_as("floor_div"));
  rules.tensorflow("FloorMod", emit_as("floor_mod"));
  rules.tensorflow("Greater", emit_as("greater"));
  rules.tensorflow("GreaterEqual", emit_as("greater_equal"));
  rules.tensorflow("LeftShift", emit_as("left_shift"));
  rules.tensorflow("Less", emit_as("less"));
  rules.tensorflow("LessEqual", emit_as("less_equal"));
  rules.tensorflow("LogicalAnd", emit_as("logical_and"));
  rules.tensorflow("LogicalOr", emit_as("logical_or"));
  rules.tensorflow("Maximum", emit_as("maximum"));
  rules.tensorflow("Minimum", emit_as("minimum"));
  rules.tensorflow("Mod", emit_as("truncate_mod"));
  rules.tensorflow("Mul", emit_as("mul"));
  rules.tensorflow("MulNoNan", emit_as("mul_no_nan"));
  rules.tensorflow("NextAfter", emit_as("next_after"));
  rules.tensorflow("NotEqual", equality("not_equal"));
  rules.tensorflow("Pow", emit_as("pow"));
  rules.tensorflow("RealDiv", emit_as("div"));
  rules.tensorflow("RightShift", emit_as("right_shift"));
  rules.tensorflow("SquaredDifference", emit_as("squared_difference"));
  rules.tensorflow("Sub", emit_as("sub"));
  rules.tensorflow("TruncateDiv", emit_as("truncate_div"));
  rules.tensorflow("TruncateMod", emit_as("truncate_mod"));
  rules.tensorflow("Xdivy", emit_as("xdivy"));
  rules.tensorflow("Xlog1py", emit_as("xlog1py"));
  rules.tensorflow("Xlogy", emit_as("xlogy"));
}

}  // namespace temper
