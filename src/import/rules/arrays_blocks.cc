#include "import/rule.h"

namespace temper {
namespace {

using Ints = std::vector<std::int64_t>;

ValueId int64s(NodeImport& node, const Ints& values) {
  return node.constant(Tensor::vector(std::span<const std::int64_t>(values)));
}

/// The old operators have one block size for both dims of space.
Rule square_blocks(std::string_view op) {
  return [op](NodeImport& node) -> ValueIds {
    const auto block = node.attribute<std::int64_t>("block_size");
    return {node.emit(op, {node.input(0), int64s(node, {block, block}), node.input(1)})};
  };
}

/// Depth operators speak of the last dim as depth; for NCHW it is moved there and back.
Rule depth_blocks(std::string_view op) {
  return [op](NodeImport& node) -> ValueIds {
    const auto format = node.attribute("data_format", std::string("NHWC"));
    require(format == "NHWC" || format == "NCHW", "attribute 'data_format' is '{}', neither NHWC nor NCHW", format);
    const Attributes attributes{{"block", node.attribute<std::int64_t>("block_size")}};
    if (format == "NHWC") return {node.emit(op, {node.input(0)}, attributes)};
    const ValueId last = node.emit("transpose", {node.input(0)}, {{"perm", Ints{0, 2, 3, 1}}});
    return {node.emit("transpose", {node.emit(op, {last}, attributes)}, {{"perm", Ints{0, 3, 1, 2}}})};
  };
}

/// The entries of a list attribute for the dims of space; those for batch and channels are 1.
Ints space_attribute(const NodeImport& node, std::string_view name, const Ints& fallback) {
  Ints list = node.attribute(name, fallback);
  require(list.size() >= 3 && list.front() == 1 && list.back() == 1,
          "attribute '{}' is [{}], which does not begin and end with 1", name, fmt::join(list, ","));
  return {list.begin() + 1, list.end() - 1};
}

ValueIds extract_patches(NodeImport& node) {
  const auto padding = node.attribute<std::string>("padding");
  require(padding == "SAME" || padding == "VALID", "attribute 'padding' is '{}', neither SAME nor VALID", padding);
  const Ints ones(node.attribute<Ints>("ksizes").size(), 1);
  return {node.emit("extract_patches", {node.input(0)},
                    {{"sizes", space_attribute(node, "ksizes", {})},
                     {"strides", space_attribute(node, "strides", {})},
                     {"rates", space_attribute(node, "rates", ones)},
                     {"same", padding == "SAME"},
                     {"centred", node.op() == "ExtractVolumePatches"}})};
}

ValueId zero_like(NodeImport& node, ValueId value) {
  const DType dtype = node.fact(value).dtype;
  return node.constant(dtype == DType::kString ? Tensor(dtype, Shape{}) : Tensor::zeros(dtype, Shape{}));
}

/// The first operators of the family know the main diagonal alone; the third version has an alignment, the second none.
std::string alignment(const NodeImport& node) {
  auto align = node.attribute("align", std::string(node.op().ends_with("V3") ? "RIGHT_LEFT" : "LEFT_LEFT"));
  require(align == "LEFT_LEFT" || align == "LEFT_RIGHT" || align == "RIGHT_LEFT" || align == "RIGHT_RIGHT",
          "attribute 'align' is '{}', which is not known", align);
  for (char& c : align) c = c == '_' ? '_' : static_cast<char>(c - 'A' + 'a');
  return align;
}

ValueIds matrix_diag(NodeImport& node) {
  ValueIds inputs = node.inputs();
  if (inputs.size() == 1) {
    const ValueId any = int64s(node, {-1});
    inputs = {inputs[0], int64s(node, {0}), any, any, zero_like(node, inputs[0])};
  }
  return {node.emit("matrix_diag", inputs, {{"align", alignment(node)}})};
}

ValueIds matrix_diag_part(NodeImport& node) {
  ValueIds inputs = node.inputs();
  if (inputs.size() == 1) inputs = {inputs[0], int64s(node, {0}), zero_like(node, inputs[0])};
  return {node.emit("matrix_diag_part", inputs, {{"align", alignment(node)}})};
}

ValueIds matrix_set_diag(NodeImport& node) {
  ValueIds inputs = node.inputs();
  if (inputs.size() == 2) inputs.push_back(int64s(node, {0}));
  return {node.emit("matrix_set_diag", inputs, {{"align", alignment(node)}})};
}

}  // namespace

REGISTER_RULES(arrays_blocks) {
  rules.tensorflow("SpaceToBatch", square_blocks("space_to_batch"));
  rules.tensorflow("BatchToSpace", square_blocks("batch_to_space"));
  rules.tensorflow("SpaceToBatchND", emit_as("space_to_batch"));
  rules.tensorflow("BatchToSpaceND", emit_as("batch_to_space"));
  rules.tensorflow("SpaceToDepth", depth_blocks("space_to_depth"));
  rules.tensorflow("DepthToSpace", depth_blocks("depth_to_space"));
  rules.tensorflow("ExtractImagePatches", extract_patches);
  rules.tensorflow("ExtractVolumePatches", extract_patches);
  for (const std::string_view op : {"MatrixDiag", "MatrixDiagV2", "MatrixDiagV3", "BatchMatrixDiag"}) {
    rules.tensorflow(op, matrix_diag);
  }
  for (const std::string_view op : {"MatrixDiagPart", "MatrixDiagPartV2", "MatrixDiagPartV3", "BatchMatrixDiagPart"}) {
    rules.tensorflow(op, matrix_diag_part);
  }
  for (const std::string_view op : {"MatrixSetDiag", "MatrixSetDiagV2", "MatrixSetDiagV3", "BatchMatrixSetDiag"}) {
    rules.tensorflow(op, matrix_set_diag);
  }
  rules.tensorflow("MatrixBandPart", emit_as("matrix_band_part"));
  rules.tensorflow("BatchMatrixBandPart", emit_as("matrix_band_part"));
  rules.tensorflow("Diag", emit_as("diag"));
  rules.tensorflow("DiagPart", emit_as("diag_part"));
}

}  // namespace temper
