#include "passes/copy_nodes.h"

namespace temper {

void NodeCopier::copy(const Node& node) {
  ValueIds in;
  for (const ValueId input : node.inputs) in.push_back(renamed_[index(input)]);
  const NodeId id = to_.add_node(node.op, std::move(in), node.name, node.regions);
  to_.node(id).created_by = node.created_by;
  to_.node(id).sources = node.sources;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) renamed_[index(node.outputs[i])] = to_.node(id).outputs[i];
}

ValueId NodeCopier::copy(ValueId value) {
  ValueIds open{value};
  while (!open.empty()) {
    const ValueId top = open.back();
    if (renamed_[index(top)] != ValueId::kNone) {
      open.pop_back();
      continue;
    }
    const Node* node = from_.producer(top);
    if (node == nullptr) return ValueId::kNone;
    const std::size_t before = open.size();
    for (const ValueId input : node->inputs) {
      if (renamed_[index(input)] == ValueId::kNone) open.push_back(input);
    }
    if (open.size() == before) copy(*node);
  }
  return renamed_[index(value)];
}

}  // namespace temper
