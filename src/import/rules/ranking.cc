#include "import/rule.h"

namespace temper {
namespace {

ValueId attribute_k(NodeImport& node) { return node.constant(Tensor::scalar(node.attribute<std::int64_t>("k"))); }

ValueIds top_k(NodeImport& node, ValueId k) {
  return node.emit_all(
      "top_k", {node.input(0), k},
      {{"sorted", node.attribute("sorted", true)}, {"index_dtype", node.attribute("index_type", DType::kInt32)}});
}

/// An exact answer is a good approximation.
ValueIds approximate_top_k(NodeImport& node) {
  require(node.attribute("is_max_k", true), "attribute 'is_max_k' must be true");
  const auto axis = node.attribute<std::int64_t>("reduction_dimension", -1);
  const ShapeFact& shape = node.input_fact(0).shape;
  require(axis == -1 || (shape.rank_known() && axis + 1 == static_cast<std::int64_t>(shape.rank())),
          "attribute 'reduction_dimension' is {}, not the last dimension", axis);
  require(node.attribute("aggregate_to_topk", true), "attribute 'aggregate_to_topk' must be true");
  return top_k(node, attribute_k(node));
}

}  // namespace

REGISTER_RULES(ranking) {
  rules.tensorflow("TopK", [](NodeImport& node) { return top_k(node, attribute_k(node)); });
  rules.tensorflow("TopKV2", [](NodeImport& node) { return top_k(node, node.input(1)); });
  rules.tensorflow("ApproxTopK", approximate_top_k);
  rules.tensorflow("NthElement", [](NodeImport& node) -> ValueIds {
    return {node.emit("nth_element", node.inputs(), {{"reverse", node.attribute("reverse", false)}})};
  });
  rules.tensorflow("InTopK", [](NodeImport& node) -> ValueIds {
    return {node.emit("in_top_k", {node.input(0), node.input(1), attribute_k(node)})};
  });
  rules.tensorflow("InTopKV2", emit_as("in_top_k"));
}

}  // namespace temper
