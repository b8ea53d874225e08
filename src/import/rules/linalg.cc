#include "import/rules/spatial.h"

namespace temper {
namespace {

/// The value as `dtype`.
ValueId as_dtype(NodeImport& node, ValueId value, DType dtype) {
  return node.fact(value).dtype == dtype ? value : node.emit("cast", {value}, {{"dtype", dtype}});
}

/// A product of matrices, computed in `dtype`; the flags are named by the two attributes.
ValueIds product(NodeImport& node, DType dtype, std::string_view left, std::string_view right) {
  return {node.emit("matmul", {as_dtype(node, node.input(0), dtype), as_dtype(node, node.input(1), dtype)},
                    {{"transpose_a", node.attribute(left, false)}, {"transpose_b", node.attribute(right, false)}})};
}

void require_matrices(NodeImport& node) {
  for (const std::size_t i : {0U, 1U}) {
    const ShapeFact& shape = node.input_fact(i).shape;
    require(!shape.rank_known() || shape.rank() == 2, "needs matrices, got {}", node.input_fact(i));
  }
}

ValueIds matrix_product(NodeImport& node) {
  require_matrices(node);
  return product(node, node.input_fact(0).dtype, "transpose_a", "transpose_b");
}

/// Its inputs may be bfloat16; its output is always float32.
ValueIds sparse_matrix_product(NodeImport& node) {
  require_matrices(node);
  return product(node, DType::kFloat32, "transpose_a", "transpose_b");
}

ValueIds batch_product(NodeImport& node) {
  return product(node, node.attribute("Tout", node.input_fact(0).dtype), "adj_x", "adj_y");
}

ValueIds fused_product(NodeImport& node) {
  require_matrices(node);
  ValueIds arguments(node.inputs().begin() + 2, node.inputs().end());
  return {emit_fused(
      node, "matmul", {node.input(0), node.input(1)},
      {{"transpose_a", node.attribute("transpose_a", false)}, {"transpose_b", node.attribute("transpose_b", false)}},
      std::move(arguments), nullptr)};
}

}  // namespace

REGISTER_RULES(linalg) {
  rules.tensorflow("MatMul", matrix_product);
  rules.tensorflow("SparseMatMul", sparse_matrix_product);
  rules.tensorflow("_FusedMatMul", fused_product);
  rules.tensorflow("BatchMatMul", batch_product);
  rules.tensorflow("BatchMatMulV2", batch_product);
  rules.tensorflow("BatchMatMulV3", batch_product);
  rules.tensorflow("Einsum", [](NodeImport& node) -> ValueIds {
    return {node.emit("einsum", node.inputs(), {{"equation", node.attribute<std::string>("equation")}})};
  });
  rules.tensorflow("Cross", emit_as("cross"));
}

}  // namespace temper
