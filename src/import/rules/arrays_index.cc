#include "import/rule.h"

namespace temper {
namespace {

/// On a CPU, TensorFlow refuses coordinates outside unless told to ignore them.
bool ignores_bad(const NodeImport& node) {
  const auto policy = node.attribute("bad_indices_policy", std::string());
  require(policy.empty() || policy == "DEFAULT" || policy == "ERROR" || policy == "IGNORE",
          "attribute 'bad_indices_policy' is '{}', which is not known", policy);
  return policy == "IGNORE";
}

Rule scatter_by(const char* mode) {
  return [mode](NodeImport& node) -> ValueIds {
    return {node.emit("tensor_scatter", node.inputs(), {{"mode", std::string(mode)}, {"ignore_bad", ignores_bad(node)}})};
  };
}

ValueIds unique(NodeImport& node) {
  std::vector<std::int64_t> axes;
  if (node.input_count() > 1) axes = node.int64s_input(1, "axis");
  ValueIds outputs = node.emit_all("unique", {node.input(0)},
                                   {{"axes", axes}, {"index_type", node.attribute("out_idx", DType::kInt32)}});
  if (!node.op().starts_with("UniqueWithCounts")) outputs.pop_back();
  return outputs;
}

Rule search(bool right) {
  return [right](NodeImport& node) -> ValueIds {
    return {node.emit("search_sorted", node.inputs(), {{"right", right}, {"dtype", node.attribute("out_type", DType::kInt32)}})};
  };
}

}  // namespace

REGISTER_RULES(arrays_index) {
  rules.tensorflow("GatherNd", [](NodeImport& node) -> ValueIds {
    return {node.emit("gather_nd", node.inputs(), {{"ignore_bad", ignores_bad(node)}})};
  });
  rules.tensorflow("ScatterNd", [](NodeImport& node) -> ValueIds {
    return {node.emit("scatter_nd", node.inputs(), {{"ignore_bad", ignores_bad(node)}})};
  });
  rules.tensorflow("ScatterNdNonAliasingAdd", scatter_by("add"));
  rules.tensorflow("TensorScatterUpdate", scatter_by("update"));
  rules.tensorflow("TensorScatterAdd", scatter_by("add"));
  rules.tensorflow("TensorScatterSub", scatter_by("sub"));
  rules.tensorflow("TensorScatterMin", scatter_by("min"));
  rules.tensorflow("TensorScatterMax", scatter_by("max"));
  rules.tensorflow("OneHot", [](NodeImport& node) -> ValueIds {
    return {node.emit("one_hot", node.inputs(), {{"axis", node.attribute<std::int64_t>("axis", -1)}})};
  });
  rules.tensorflow("Where", emit_as("where"));
  rules.tensorflow("Unique", unique);
  rules.tensorflow("UniqueV2", unique);
  rules.tensorflow("UniqueWithCounts", unique);
  rules.tensorflow("UniqueWithCountsV2", unique);
  rules.tensorflow("ListDiff", [](NodeImport& node) -> ValueIds {
    return node.emit_all("list_diff", node.inputs(), {{"index_type", node.attribute("out_idx", DType::kInt32)}});
  });
  rules.tensorflow("DynamicPartition", [](NodeImport& node) -> ValueIds {
    return node.emit_all("dynamic_partition", node.inputs(), {{"parts", node.attribute<std::int64_t>("num_partitions")}});
  });
  rules.tensorflow("DynamicStitch", emit_as("dynamic_stitch"));
  rules.tensorflow("ParallelDynamicStitch", emit_as("dynamic_stitch"));
  rules.tensorflow("LowerBound", search(false));
  rules.tensorflow("UpperBound", search(true));
}

}  // namespace temper
