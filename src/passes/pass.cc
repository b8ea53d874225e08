#include "passes/pass.h"

#include "ir/constant.h"
#include "ops/registry.h"

namespace temper {

ValueId Rewriter::add_constant(Tensor tensor) { return add(Constant{std::move(tensor)}, {}); }

ValueIds Rewriter::add_all(Op op, ValueIds inputs, std::vector<Graph> regions) {
  const NodeId id = graph_.add_node(std::move(op), std::move(inputs), std::string(name_), std::move(regions));
  graph_.node(id).created_by = pass_;
  return graph_.node(id).outputs;
}

ValueId Rewriter::add(Op op, ValueIds inputs) {
  const ValueIds outputs = add_all(std::move(op), std::move(inputs));
  invariant(outputs.size() == 1, "pass {} adds an operator of {} outputs as if of one", pass_, outputs.size());
  return outputs[0];
}

ValueId Rewriter::add(std::string_view op, ValueIds inputs, const Attributes& attributes) {
  return add(op_registry().make(op, attributes), std::move(inputs));
}

ValueIds Rewriter::add_inlined(const Graph& region, const ValueIds& inputs) {
  ValueIds renamed(region.value_count(), ValueId::kNone);
  for (std::size_t i = 0; i < inputs.size(); ++i) renamed[index(region.inputs()[i].value)] = inputs[i];
  for (const NodeId id : region.order()) {
    const Node& node = region.node(id);
    ValueIds in;
    for (const ValueId input : node.inputs) in.push_back(renamed[index(input)]);
    const NodeId copy = graph_.add_node(node.op, std::move(in), node.name, node.regions);
    graph_.node(copy).created_by = node.created_by;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      renamed[index(node.outputs[i])] = graph_.node(copy).outputs[i];
    }
  }
  ValueIds outputs;
  for (const Port& output : region.outputs()) outputs.push_back(renamed[index(output.value)]);
  return outputs;
}

Patch Rewriter::replace(const Node& node, const ValueIds& values) {
  invariant(node.outputs.size() == values.size(), "node '{}' has {} outputs, but {} values take their place", node.name,
            node.outputs.size(), values.size());
  Patch patch;
  for (std::size_t i = 0; i < values.size(); ++i) patch.replacements.emplace_back(node.outputs[i], values[i]);
  return patch;
}

}  // namespace temper
