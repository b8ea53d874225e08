#include "import/rule.h"

namespace temper {
namespace {

Tensor zero_of(DType dtype) {
  return dtype == DType::kString ? Tensor(dtype, Shape{}) : Tensor::zeros(dtype, Shape{});
}

ValueIds squeeze(NodeImport& node) {
  using Axes = std::vector<std::int64_t>;
  const Axes axes = node.attribute("squeeze_dims", node.attribute("axis", Axes{}));
  return {node.emit("squeeze", {node.input(0)}, {{"axes", axes}})};
}

ValueIds expand_dims(NodeImport& node) {
  if (!node.input_fact(1).constant) return {node.emit("expand_dims_at", {node.input(0), node.input(1)})};
  return {node.emit("expand_dims", {node.input(0)}, {{"axis", node.int64_input(1, "axis")}})};
}

ValueIds shapes(NodeImport& node) {
  ValueIds outputs;
  for (const ValueId input : node.inputs()) {
    outputs.push_back(node.emit("shape", {input}, {{"dtype", node.attribute("out_type", DType::kInt32)}}));
  }
  return outputs;
}

ValueIds transpose(NodeImport& node) {
  if (!node.input_fact(1).constant) return {node.emit("transpose_by", {node.input(0), node.input(1)})};
  return {node.emit("transpose", {node.input(0)}, {{"perm", node.int64s_input(1, "perm")}})};
}

ValueIds ensure_shape(NodeImport& node) {
  if (!node.has_attribute("shape")) return {node.input(0)};  // any rank will do
  return {node.emit("ensure_shape", {node.input(0)}, {{"shape", node.attribute<std::vector<std::int64_t>>("shape")}})};
}

}  // namespace

REGISTER_RULES(arrays_shape) {
  rules.tensorflow("Reshape", emit_as("reshape"));
  rules.tensorflow("ExpandDims", expand_dims);
  rules.tensorflow("Squeeze", squeeze);
  rules.tensorflow("EnsureShape", ensure_shape);
  rules.tensorflow("Shape", shapes);
  rules.tensorflow("ShapeN", shapes);
  rules.tensorflow("Size", [](NodeImport& node) -> ValueIds {
    return {node.emit("size", {node.input(0)}, {{"dtype", node.attribute("out_type", DType::kInt32)}})};
  });
  rules.tensorflow("Rank", emit_as("rank"));
  rules.tensorflow("Fill", emit_as("fill"));
  rules.tensorflow("RandomUniform", [](NodeImport& node) -> ValueIds {
    return {node.emit("random_uniform", {node.input(0)},
                      {{"dtype", node.attribute("dtype", DType::kFloat32)},
                       {"seed", node.attribute("seed", std::int64_t{0})},
                       {"seed2", node.attribute("seed2", std::int64_t{0})}})};
  });
  rules.tensorflow("Empty", [](NodeImport& node) -> ValueIds {
    return {node.emit("fill", {node.input(0), node.constant(zero_of(node.attribute<DType>("dtype")))})};
  });
  rules.tensorflow("ZerosLike", emit_as("zeros_like"));
  rules.tensorflow("OnesLike", emit_as("ones_like"));
  rules.tensorflow("Range", emit_as("range"));
  rules.tensorflow("LinSpace", emit_as("lin_space"));
  rules.tensorflow("Transpose", transpose);
  rules.tensorflow("ConjugateTranspose", transpose);  // there are no complex types, so nothing to conjugate
  rules.tensorflow("Tile", emit_as("tile"));
  rules.tensorflow("BroadcastTo", emit_as("broadcast_to"));
  rules.tensorflow("BroadcastArgs", emit_as("broadcast_shapes"));
  rules.tensorflow("BroadcastGradientArgs", emit_as("broadcast_axes"));
  rules.tensorflow("ConcatOffset", emit_as("concat_offset"));
  rules.tensorflow("InvertPermutation", emit_as("invert_permutation"));
  rules.tensorflow("UnravelIndex", emit_as("unravel_index"));
}

}  // namespace temper
