#include "import/rule.h"

namespace temper {
namespace {

/// `op` along the axes that the second input gives: an attribute where they are known, else an input of `op`_by.
ValueIds emit_along(NodeImport& node, std::string_view op, std::string_view name, Attributes how) {
  const auto& axes = node.input_fact(1).constant;
  if (!axes) return {node.emit(fmt::format("{}_by", op), {node.input(0), node.input(1)}, how)};
  if (name == "axis") how.emplace_back(name, axes->to_int64("axis"));
  else how.emplace_back(name, axes->to_int64s());
  return {node.emit(op, {node.input(0)}, how)};
}

/// The attribute had another name in the first versions.
Rule reduction(std::string_view op) {
  return [op](NodeImport& node) {
    const bool keep = node.attribute("keep_dims", node.attribute("keepdims", false));
    return emit_along(node, op, "axes", {{"keep_dims", keep}});
  };
}

Rule arg_extreme(std::string_view op) {
  return [op](NodeImport& node) {
    return emit_along(node, op, "axis", {{"dtype", node.attribute("output_type", DType::kInt64)}});
  };
}

Rule scan(std::string_view op) {
  return [op](NodeImport& node) {
    return emit_along(node, op, "axis", {{"exclusive", node.attribute("exclusive", false)},
                                         {"reverse", node.attribute("reverse", false)}});
  };
}

/// Inputs of the source: data, rows, segments.
Rule sparse_segment(std::string_view op) {
  return [op](NodeImport& node) -> ValueIds {
    return {node.emit(op, {node.input(0), node.input(2), node.input(1)})};
  };
}

ValueIds dense_bincount(NodeImport& node) {
  return {node.emit("bincount", node.inputs(),
                    {{"binary", node.attribute("binary_output", false)}, {"by_row", true}})};
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
