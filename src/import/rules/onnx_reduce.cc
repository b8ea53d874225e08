#include <numeric>

#include "import/rules/onnx.h"

/// Reductions and products of matrices.
namespace temper {
namespace {

/// What a reduction goes along: nothing, so that the input stays as it is; constant axes; or axes that are computed.
struct Along {
  bool nothing = false;
  Ints axes;
  ValueId computed = ValueId::kNone;
  bool keep = true;
};

/// No axes, or an empty list, are all axes unless noop_with_empty_axes.
Along along(NodeImport& node) {
  Along result;
  result.keep = onnx_flag(node, "keepdims", true);
  if (node.has_input(1) && !node.input_fact(1).constant) {
    const ShapeFact& shape = node.input_fact(1).shape;
    const bool some = shape.rank_known() && shape.rank() == 1 && shape[0].known() && shape[0].value() > 0;
    if (some) {
      result.computed = node.input(1);
      return result;
    }
  }
  result.axes = ints_given(node, 1, "axes").value_or(Ints{});
  if (!result.axes.empty()) return result;
  result.nothing = onnx_flag(node, "noop_with_empty_axes", false);
  result.axes.resize(known_rank(node, node.input(0), "the input"));
  std::iota(result.axes.begin(), result.axes.end(), 0);
  return result;
}

ValueId reduce(NodeImport& node, std::string_view op, ValueId x, const Along& how, bool keep) {
  if (how.nothing) return x;
  if (how.computed != ValueId::kNone) return node.emit(op, {x, how.computed}, {{"keep_dims", keep}});
  return node.emit(op, {x}, {{"axes", how.axes}, {"keep_dims", keep}});
}

/// `op` of what `before` makes of each element, then `after`, where these are given.
Rule reduction(std::string_view op, std::string_view before = {}, std::string_view after = {}) {
  return [=](NodeImport& node) -> ValueIds {
    const Along how = along(node);
    ValueId y = before.empty() ? node.input(0) : node.emit(before, {node.input(0)});
    y = reduce(node, op, y, how, how.keep);
    return {after.empty() ? y : node.emit(after, {y})};
  };
}

/// Bools are ordered too.
Rule extreme(std::string_view op, std::string_view of_bools) {
  return [=](NodeImport& node) -> ValueIds {
    const Along how = along(node);
    return {reduce(node, node.input_fact(0).dtype == DType::kBool ? of_bools : op, node.input(0), how, how.keep)};
  };
}

/// log(sum(exp(x - m))) + m, where m is the greatest element if that is finite.
ValueIds log_sum_exp(NodeImport& node) {
  const Along how = along(node);
  const ValueId x = node.input(0);
  if (how.nothing) return {x};
  const ValueId greatest = reduce(node, "max", x, how, true);
  const ValueId m = node.emit("select", {node.emit("is_finite", {greatest}), greatest, node.emit("zeros_like", {greatest})});
  const ValueId sum = reduce(node, "sum", node.emit("exp", {node.emit("sub", {x, m})}), how, how.keep);
  const ValueId shift = how.keep ? m : node.emit("reshape", {m, shape_of(node, sum)});
  return {node.emit("add", {node.emit("log", {sum}), shift})};
}

/// As NumPy has it: a vector on the left is a row, on the right a column.
ValueId product(NodeImport& node, ValueId a, ValueId b) {
  const bool row = known_rank(node, a, "the left side") == 1;
  const bool column = known_rank(node, b, "the right side") == 1;
  if (row) a = node.emit("expand_dims", {a}, {{"axis", std::int64_t{0}}});
  if (column) b = node.emit("expand_dims", {b}, {{"axis", std::int64_t{1}}});
  const ValueId c = node.emit("matmul", {a, b});
  Ints axes;
  if (row) axes.push_back(-2);
  if (column) axes.push_back(-1);
  return axes.empty() ? c : node.emit("squeeze", {c}, {{"axes", axes}});
}

ValueId scaled(NodeImport& node, ValueId x, double factor) {
  return factor == 1 ? x : node.emit("mul", {x, number(node, factor, node.fact(x).dtype)});
}

/// alpha * a * b + beta * c
ValueIds general_product(NodeImport& node) {
  const Attributes turned{{"transpose_a", onnx_flag(node, "transA", false)}, {"transpose_b", onnx_flag(node, "transB", false)}};
  const ValueId ab = scaled(node, node.emit("matmul", {node.input(0), node.input(1)}, turned), node.attribute("alpha", 1.0));
  if (!node.has_input(2)) return {ab};
  return {node.emit("add", {ab, scaled(node, node.input(2), node.attribute("beta", 1.0))})};
}

ValueIds einsum(NodeImport& node) { return {node.emit("einsum", node.inputs(), {{"equation", node.attribute<std::string>("equation")}})}; }

}  // namespace

REGISTER_RULES(onnx_reduce) {
  rules.onnx("ReduceSum", reduction("sum"));
  rules.onnx("ReduceMean", reduction("mean"));
  rules.onnx("ReduceProd", reduction("prod"));
  rules.onnx("ReduceMax", extreme("max", "any"));
  rules.onnx("ReduceMin", extreme("min", "all"));
  rules.onnx("ReduceL1", reduction("sum", "abs"));
  rules.onnx("ReduceL2", reduction("euclidean_norm"));
  rules.onnx("ReduceSumSquare", reduction("sum", "square"));
  rules.onnx("ReduceLogSum", reduction("sum", {}, "log"));
  rules.onnx("ReduceLogSumExp", log_sum_exp);
  rules.onnx("MatMul", [](NodeImport& node) -> ValueIds { return {product(node, node.input(0), node.input(1))}; });
  rules.onnx("Gemm", general_product);
  rules.onnx("Einsum", einsum);
}

}  // namespace temper
