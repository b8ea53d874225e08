#include "import/rule.h"

namespace temper {
namespace {

/// Whether the axes, the second input of the source, are known. Else they stay an input.
bool axes_known(const NodeImport& node) { return node.input_fact(1).constant.has_value(); }

ValueIds emit_along_axis(NodeImport& node, std::string_view op, Attributes how) {
  if (!axes_known(node)) return {node.emit(op, {node.input(0), node.input(1)}, how)};
  how.emplace_back("axis", node.int64_input(1, "axis"));
  return {node.emit(op, {node.input(0)}, how)};
}

/// The attribute had another name in the first versions.
Rule reduction(std::string_view op) {
  return [op](NodeImport& node) -> ValueIds {
    Attributes how{{"keep_dims", node.attribute("keep_dims", node.attribute("keepdims", false))}};
    if (!axes_known(node)) return {node.emit(op, {node.input(0), node.input(1)}, how)};
    how.emplace_back("axes", node.int64s_input(1, "axes"));
    return {node.emit(op, {node.input(0)}, how)};
  };
}

Rule arg_extreme(std::string_view op) {
  return [op](NodeImport& node) -> ValueIds {
    return emit_along_axis(node, op, {{"dtype", node.attribute("output_type", DType::kInt64)}});
  };
}

Rule scan(std::string_view op) {
  return [op](NodeImport& node) -> ValueIds {
    return emit_along_axis(
        node, op, {{"exclusive", node.attribute("exclusive", false)}, {"reverse", node.attribute("reverse", false)}});
  };
}

/// Inputs of the source: data, rows, segments.
Rule sparse_segment(std::string_view op) {
  return [op](NodeImport& node) -> ValueIds { return {node.emit(op, {node.input(0), node.input(2), node.input(1)})}; };
}

ValueIds dense_bincount(NodeImport& node) {
  return {node.emit("bincount", node.inputs(), {{"binary", node.attribute("binary_output", false)}, {"by_row", true}})};
}

}  // namespace

REGISTER_RULES(reduce) {
  rules.tensorflow("All", reduction("all"));
  rules.tensorflow("Any", reduction("any"));
  rules.tensorflow("EuclideanNorm", reduction("euclidean_norm"));
  rules.tensorflow("Max", reduction("max"));
  rules.tensorflow("Mean", reduction("mean"));
  rules.tensorflow("Min", reduction("min"));
  rules.tensorflow("Prod", reduction("prod"));
  rules.tensorflow("Sum", reduction("sum"));
  rules.tensorflow("ArgMax", arg_extreme("arg_max"));
  rules.tensorflow("ArgMin", arg_extreme("arg_min"));
  rules.tensorflow("Cumprod", scan("cumprod"));
  rules.tensorflow("Cumsum", scan("cumsum"));
  rules.tensorflow("L2Loss", emit_as("l2_loss"));
  rules.tensorflow("SegmentMax", emit_as("segment_max"));
  rules.tensorflow("SegmentMean", emit_as("segment_mean"));
  rules.tensorflow("SegmentMin", emit_as("segment_min"));
  rules.tensorflow("SegmentProd", emit_as("segment_prod"));
  rules.tensorflow("SegmentSum", emit_as("segment_sum"));
  rules.tensorflow("SparseSegmentMean", sparse_segment("segment_mean"));
  rules.tensorflow("SparseSegmentSqrtN", sparse_segment("segment_sqrt_n"));
  rules.tensorflow("SparseSegmentSum", sparse_segment("segment_sum"));
  rules.tensorflow("UnsortedSegmentMax", emit_as("unsorted_segment_max"));
  rules.tensorflow("UnsortedSegmentMin", emit_as("unsorted_segment_min"));
  rules.tensorflow("UnsortedSegmentProd", emit_as("unsorted_segment_prod"));
  rules.tensorflow("UnsortedSegmentSum", emit_as("unsorted_segment_sum"));
  rules.tensorflow("Bincount", emit_as("bincount"));
  rules.tensorflow("DenseBincount", dense_bincount);
}

}  // namespace temper
