#include "import/rule.h"

/// TensorArrays and TensorLists. A list is a value that flows along the graph, so the *flow* of a TensorArray is the list
/// itself, and its handle, which stands for a piece of state, only says where the flow begins.
namespace temper {
namespace {

/// The attributes of an operator that reads items, from a shape attribute of the source (absent: of unknown rank).
Attributes element_attributes(NodeImport& node, std::string_view dtype, std::string_view shape) {
  Attributes attributes{{"dtype", node.attribute<DType>(dtype)}};
  if (node.has_attribute(shape)) {
    attributes.emplace_back("has_element_shape", true);
    attributes.emplace_back("element_shape", node.attribute<std::vector<std::int64_t>>(shape));
  }
  return attributes;
}

/// Likewise, from an input that holds the shape; says nothing of it where the input is computed.
Attributes element_attributes_of_input(NodeImport& node, std::size_t i) {
  Attributes attributes{{"dtype", node.attribute<DType>("element_dtype")}};
  const auto& shape = node.input_fact(i).constant;
  if (shape && shape->rank() == 1) {
    attributes.emplace_back("has_element_shape", true);
    attributes.emplace_back("element_shape", shape->to_int64s());
  }
  return attributes;
}

/// The list that a TensorArray node works on: its flow. The oldest graphs begin a flow with a number; there it is the handle.
ValueId flow(NodeImport& node, std::size_t i) {
  return node.input_fact(i).dtype == DType::kList ? node.input(i) : node.input(0);
}

ValueIds array_create(NodeImport& node) {
  ValueIds inputs{node.input(0)};
  if (node.has_attribute("element_shape")) {
    const auto dims = node.attribute<std::vector<std::int64_t>>("element_shape");
    inputs.push_back(node.constant(Tensor::vector<std::int64_t>(dims)));
  }
  const ValueId list = node.emit("list_create", inputs);
  if (node.op() == "TensorArrayV3") return {list, list};
  return {list};
}

/// Whether an array may grow is known where it is made, not here, so every one may.
ValueIds array_write(NodeImport& node) {
  return {node.emit("list_set", {flow(node, 3), node.input(1), node.input(2)}, {{"grow", true}})};
}

ValueIds array_read(NodeImport& node) {
  return {node.emit("list_get", {flow(node, 2), node.input(1)}, {{"dtype", node.attribute<DType>("dtype")}})};
}

ValueIds array_gather(NodeImport& node) {
  return {node.emit("list_stack", {flow(node, 2), node.input(1)}, element_attributes(node, "dtype", "element_shape"))};
}

ValueIds array_pack(NodeImport& node) {
  return {node.emit("list_stack", {flow(node, 1)}, element_attributes(node, "dtype", "element_shape"))};
}

ValueIds array_scatter(NodeImport& node) {
  return {node.emit("list_scatter", {flow(node, 3), node.input(1), node.input(2)})};
}

ValueIds array_unpack(NodeImport& node) { return {node.emit("list_unstack", {node.input(1)})}; }

ValueIds array_concat(NodeImport& node) {
  Attributes attributes = element_attributes(node, "dtype", "element_shape_except0");
  if (node.has_attribute("element_shape_except0")) {
    auto dims = node.attribute<std::vector<std::int64_t>>("element_shape_except0");
    dims.insert(dims.begin(), -1);
    attributes.back().second = std::move(dims);
  }
  return node.emit_all("list_concat", {flow(node, 1)}, attributes);
}

ValueIds array_split(NodeImport& node) { return {node.emit("list_split", {node.input(1), node.input(2)})}; }

ValueIds array_size(NodeImport& node) { return {node.emit("list_length", {flow(node, 1)})}; }

ValueIds list_reserve(NodeImport& node) { return {node.emit("list_create", {node.input(1), node.input(0)})}; }

ValueIds list_empty(NodeImport& node) {
  return {node.emit("list_create", {node.constant(Tensor::scalar(std::int32_t{0})), node.input(0)})};
}

ValueIds list_set_item(NodeImport& node) {
  return {node.emit("list_set", {node.input(0), node.input(1), node.input(2)},
                    {{"grow", node.attribute("resize_if_index_out_of_bounds", false)}})};
}

ValueIds list_get_item(NodeImport& node) {
  ValueIds inputs{node.input(0), node.input(1)};
  if (!node.input_fact(2).constant) inputs.push_back(node.input(2));
  return {node.emit("list_get", inputs, element_attributes_of_input(node, 2))};
}

ValueIds list_stack(NodeImport& node) {
  Attributes attributes = element_attributes_of_input(node, 1);
  attributes.emplace_back("length", node.attribute("num_elements", std::int64_t{-1}));
  return {node.emit("list_stack", {node.input(0)}, attributes)};
}

ValueIds list_gather(NodeImport& node) {
  return {node.emit("list_stack", {node.input(0), node.input(1)}, element_attributes_of_input(node, 2))};
}

ValueIds list_pop_back(NodeImport& node) {
  return node.emit_all("list_pop_back", {node.input(0)}, element_attributes_of_input(node, 1));
}

ValueIds list_concat(NodeImport& node) {
  if (node.op() == "TensorListConcat") {
    return node.emit_all("list_concat", {node.input(0)}, element_attributes(node, "element_dtype", "element_shape"));
  }
  return node.emit_all("list_concat", {node.input(0), node.input(2)}, element_attributes_of_input(node, 1));
}

/// TensorListScatter and its V2: inputs tensor, indices, element_shape and, in V2, the length (-1: as long as needed).
ValueIds list_scatter(NodeImport& node) {
  ValueId size = node.constant(Tensor::scalar(std::int32_t{0}));
  if (node.op() == "TensorListScatterV2") size = node.emit("maximum", {node.input(3), size});
  const ValueId list = node.emit("list_create", {size, node.input(2)});
  return {node.emit("list_scatter", {list, node.input(1), node.input(0)})};
}

ValueIds list_scatter_into(NodeImport& node) {
  return {node.emit("list_scatter", {node.input(0), node.input(2), node.input(1)})};
}

void add_array_rules(RuleTable& rules, const std::string& version) {
  rules.tensorflow("TensorArray" + version, array_create);
  rules.tensorflow("TensorArrayWrite" + version, array_write);
  rules.tensorflow("TensorArrayRead" + version, array_read);
  rules.tensorflow("TensorArrayGather" + version, array_gather);
  rules.tensorflow("TensorArrayScatter" + version, array_scatter);
  rules.tensorflow("TensorArrayConcat" + version, array_concat);
  rules.tensorflow("TensorArraySplit" + version, array_split);
  rules.tensorflow("TensorArraySize" + version, array_size);
  rules.tensorflow("TensorArrayClose" + version, [](NodeImport&) -> ValueIds { return {}; });
}

}  // namespace

REGISTER_RULES(lists) {
  for (const char* version : {"", "V2", "V3"}) add_array_rules(rules, version);
  rules.tensorflow("TensorArrayPack", array_pack);
  rules.tensorflow("TensorArrayUnpack", array_unpack);

  rules.tensorflow("TensorListReserve", list_reserve);
  rules.tensorflow("EmptyTensorList", list_empty);
  rules.tensorflow("TensorListFromTensor",
                   [](NodeImport& node) -> ValueIds { return {node.emit("list_unstack", {node.input(0)})}; });
  rules.tensorflow("TensorListSetItem", list_set_item);
  rules.tensorflow("TensorListGetItem", list_get_item);
  rules.tensorflow("TensorListStack", list_stack);
  rules.tensorflow("TensorListGather", list_gather);
  rules.tensorflow("TensorListLength", emit_as("list_length"));
  rules.tensorflow("TensorListPushBack", emit_as("list_push_back"));
  rules.tensorflow("TensorListPopBack", list_pop_back);
  rules.tensorflow("TensorListConcat", list_concat);
  rules.tensorflow("TensorListConcatV2", list_concat);
  rules.tensorflow("TensorListScatter", list_scatter);
  rules.tensorflow("TensorListScatterV2", list_scatter);
  rules.tensorflow("TensorListScatterIntoExistingList", list_scatter_into);
  rules.tensorflow("TensorListSplit",
                   [](NodeImport& node) -> ValueIds { return {node.emit("list_split", {node.input(0), node.input(2)})}; });
  rules.tensorflow("TensorListResize", emit_as("list_resize"));
  rules.tensorflow("TensorListConcatLists", emit_as("list_concat_lists"));
  rules.tensorflow("TensorListElementShape", [](NodeImport& node) -> ValueIds {
    return {node.emit("list_element_shape", {node.input(0)}, {{"dtype", node.attribute("shape_type", DType::kInt32)}})};
  });
}

}  // namespace temper
