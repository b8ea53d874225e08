#include "ir/graph.h"

#include "ir/constant.h"

namespace temper {
namespace {

/// A node reports its outputs' constants only through `constant`, so that a fact never holds the elements twice.
Facts infer_node(const Graph& graph, const Node& node) {
  return in_context([&] { return fmt::format("node '{}' ({})", node.name, node.op.name()); },
                    [&] {
                      Facts in;
                      in.reserve(node.inputs.size());
                      for (const ValueId id : node.inputs) in.push_back(graph.fact(id));
                      return node.op.infer(in, node.regions);
                    });
}

}  // namespace

ValueId Graph::add_input(std::string name, Fact fact) {
  const auto id = static_cast<ValueId>(values_.size());
  values_.push_back({std::move(fact), NodeId::kNone, inputs_.size()});
  inputs_.push_back({std::move(name), id});
  return id;
}

NodeId Graph::add_node(Op op, std::vector<ValueId> inputs, std::string name, std::vector<Graph> regions) {
  const auto id = static_cast<NodeId>(nodes_.size());
  Node node{std::move(op), std::move(name), std::move(inputs), {}, std::move(regions), {}, {}};
  for (const ValueId input : node.inputs) {
    invariant(index(input) < values_.size(), "node '{}' has an input that does not exist", node.name);
  }
  Facts facts = infer_node(*this, node);
  for (std::size_t i = 0; i < facts.size(); ++i) {
    node.outputs.push_back(static_cast<ValueId>(values_.size()));
    values_.push_back({std::move(facts[i]), id, i});
  }
  nodes_.push_back(std::move(node));
  return id;
}

ValueId Graph::add_constant(Tensor tensor, std::string name) {
  return node(add_node(Constant{std::move(tensor)}, {}, std::move(name))).outputs[0];
}

const Node* Graph::producer(ValueId id) const {
  const NodeId producer = value(id).producer;
  return producer == NodeId::kNone ? nullptr : &node(producer);
}

std::vector<NodeId> Graph::order() const {
  enum class Mark : std::uint8_t { kNew, kOpen, kDone };
  std::vector<Mark> marks(nodes_.size(), Mark::kNew);
  std::vector<NodeId> order;
  struct Frame {
    NodeId node;
    std::size_t next_input = 0;
  };
  std::vector<Frame> stack;
  const auto open = [&](ValueId id) {
    const NodeId producer = value(id).producer;
    if (producer == NodeId::kNone || marks[index(producer)] == Mark::kDone) return;
    invariant(marks[index(producer)] == Mark::kNew, "the graph has a cycle through node '{}'", node(producer).name);
    marks[index(producer)] = Mark::kOpen;
    stack.push_back({producer});
  };
  for (const Port& output : outputs_) {
    open(output.value);
    while (!stack.empty()) {
      Frame& top = stack.back();
      const Node& current = node(top.node);
      if (top.next_input < current.inputs.size()) {
        open(current.inputs[top.next_input++]);
      } else {
        marks[index(top.node)] = Mark::kDone;
        order.push_back(top.node);
        stack.pop_back();
      }
    }
  }
  return order;
}

void Graph::replace_uses(ValueId from, ValueId to) {
  for (Node& node : nodes_) std::ranges::replace(node.inputs, from, to);
  for (Port& output : outputs_) {
    if (output.value == from) output.value = to;
  }
}

Graph Graph::compacted() const {
  Graph result;
  std::vector<ValueId> renamed(values_.size(), ValueId::kNone);
  const auto copy_value = [&](ValueId old, NodeId producer) {
    renamed[index(old)] = static_cast<ValueId>(result.values_.size());
    result.values_.push_back({fact(old), producer, value(old).output});
    return renamed[index(old)];
  };
  for (const Port& input : inputs_) result.inputs_.push_back({input.name, copy_value(input.value, NodeId::kNone)});
  for (const NodeId id : order()) {
    Node copy = node(id);
    for (ValueId& input : copy.inputs) input = renamed[index(input)];
    for (ValueId& output : copy.outputs) output = copy_value(output, static_cast<NodeId>(result.nodes_.size()));
    result.nodes_.push_back(std::move(copy));
  }
  for (const Port& output : outputs_) result.outputs_.push_back({output.name, renamed[index(output.value)]});
  return result;
}

void Graph::infer() {
  for (const NodeId id : order()) {
    Facts facts = infer_node(*this, node(id));
    for (std::size_t i = 0; i < facts.size(); ++i) values_[index(node(id).outputs[i])].fact = std::move(facts[i]);
  }
}

}  // namespace temper
