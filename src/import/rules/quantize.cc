#include "import/rule.h"

namespace temper {
namespace {

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

Attribute mode(const NodeImport& node) {
  const auto name = node.attribute<std::string>("mode", "MIN_COMBINED");
  require(name == "MIN_COMBINED" || name == "MIN_FIRST" || name == "SCALED", "attribute 'mode' is {}", name);
  return lower_case(name);
}

Attribute axis(const NodeImport& node) { return node.attribute<std::int64_t>("axis", -1); }

Attributes fake_quant_attributes(const NodeImport& node, bool by_channel) {
  return {{"bits", node.attribute<std::int64_t>("num_bits", 8)},
          {"narrow", node.attribute("narrow_range", false)},
          {"by_channel", by_channel}};
}

ValueIds fake_quant_args(NodeImport& node) {
  const ValueId low = node.constant(Tensor::scalar(static_cast<float>(node.attribute("min", -6.0))));
  const ValueId high = node.constant(Tensor::scalar(static_cast<float>(node.attribute("max", 6.0))));
  return {node.emit("fake_quant", {node.input(0), low, high}, fake_quant_attributes(node, false))};
}

Rule fake_quant(bool by_channel) {
  return [by_channel](NodeImport& node) -> ValueIds {
    return {node.emit("fake_quant", node.inputs(), fake_quant_attributes(node, by_channel))};
  };
}

ValueIds quantize(NodeImport& node) {
  return node.emit_all(
      "quantize", node.inputs(),
      {{"dtype", node.attribute<DType>("T")},
       {"mode", mode(node)},
       {"round_even", node.attribute<std::string>("round_mode", "HALF_AWAY_FROM_ZERO") == "HALF_TO_EVEN"},
       {"narrow", node.attribute("narrow_range", false)},
       {"axis", axis(node)},
       {"minimum_range", node.attribute("ensure_minimum_range", 0.01)}});
}

ValueIds dequantize(NodeImport& node) {
  return {node.emit("dequantize", node.inputs(),
                    {{"dtype", node.attribute("dtype", DType::kFloat32)},
                     {"mode", mode(node)},
                     {"narrow", node.attribute("narrow_range", false)},
                     {"axis", axis(node)}})};
}

Attributes there_and_back_attributes(const NodeImport& node, std::int64_t bits) {
  return {{"bits", bits},
          {"is_signed", node.attribute("signed_input", true)},
          {"narrow", node.attribute("narrow_range", false)},
          {"range_given", node.attribute("range_given", false)},
          {"round_up", node.attribute<std::string>("round_mode", "HALF_TO_EVEN") == "HALF_UP"},
          {"axis", axis(node)}};
}

ValueIds there_and_back(NodeImport& node) {
  const Attributes how = there_and_back_attributes(node, node.attribute<std::int64_t>("num_bits", 8));
  return {node.emit("quantize_dequantize", {node.input(0), node.input(1), node.input(2)}, how)};
}

/// The first version has its range as attributes.
ValueIds there_and_back_v1(NodeImport& node) {
  const ValueId low = node.constant(Tensor::scalar(static_cast<float>(node.attribute("input_min", 0.0))));
  const ValueId high = node.constant(Tensor::scalar(static_cast<float>(node.attribute("input_max", 0.0))));
  const Attributes how = there_and_back_attributes(node, node.attribute<std::int64_t>("num_bits", 8));
  return {node.emit("quantize_dequantize", {node.input(0), low, high}, how)};
}

/// Bits are an input; the range is given where nothing is said.
ValueIds there_and_back_v3(NodeImport& node) {
  Attributes how = there_and_back_attributes(node, node.int64_input(3, "num_bits"));
  for (auto& [name, value] : how) {
    if (name == "range_given") value = node.attribute("range_given", true);
  }
  return {node.emit("quantize_dequantize", {node.input(0), node.input(1), node.input(2)}, how)};
}

ValueIds requantize(NodeImport& node) {
  return node.emit_all("requantize", node.inputs(), {{"dtype", node.attribute("out_type", DType::kUInt8)}});
}

ValueIds shrink_range(NodeImport& node) {
  ValueIds inputs = node.inputs();
  for (const ValueId end : node.emit_all("requantization_range", inputs)) inputs.push_back(end);
  return node.emit_all("requantize", inputs, {{"dtype", node.attribute("out_type", DType::kUInt8)}});
}

}  // namespace

REGISTER_RULES(quantize) {
  rules.tensorflow("FakeQuantWithMinMaxArgs", fake_quant_args);
  rules.tensorflow("FakeQuantWithMinMaxVars", fake_quant(false));
  rules.tensorflow("FakeQuantWithMinMaxVarsPerChannel", fake_quant(true));
  rules.tensorflow("QuantizeV2", quantize);
  rules.tensorflow("Dequantize", dequantize);
  rules.tensorflow("Requantize", requantize);
  rules.tensorflow("RequantizationRange", emit_as("requantization_range"));
  rules.tensorflow("QuantizeDownAndShrinkRange", shrink_range);
  rules.tensorflow("QuantizeAndDequantize", there_and_back_v1);
  rules.tensorflow("QuantizeAndDequantizeV2", there_and_back);
  rules.tensorflow("QuantizeAndDequantizeV3", there_and_back_v3);
  rules.tensorflow("QuantizeAndDequantizeV4", there_and_back);
}

}  // namespace temper
