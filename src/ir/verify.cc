#include "ir/graph.h"

namespace temper {
namespace {

void verify_value(const Graph& graph, ValueId id, const std::string& user) {
  invariant(id != ValueId::kNone && index(id) < graph.value_count(), "'{}' uses a value that does not exist", user);
  const Value& value = graph.value(id);
  if (value.producer == NodeId::kNone) {
    invariant(value.output < graph.inputs().size() && graph.inputs()[value.output].value == id,
              "'{}' uses a value that nothing makes", user);
    return;
  }
  invariant(index(value.producer) < graph.node_count(), "'{}' uses a value of a node that does not exist", user);
  const Node& producer = graph.node(value.producer);
  invariant(value.output < producer.outputs.size() && producer.outputs[value.output] == id,
            "node '{}' and its output disagree", producer.name);
}

void verify_fact(const Node& node, const Fact& stored, const Fact& inferred) {
  invariant(stored.dtype == inferred.dtype, "node '{}' ({}) gives {}, but {} is recorded", node.name, node.op.name(),
            inferred.dtype, stored.dtype);
  if (!stored.shape.rank_known() || !inferred.shape.rank_known()) return;
  invariant(stored.shape.rank() == inferred.shape.rank(), "node '{}' ({}) gives {}, but {} is recorded", node.name,
            node.op.name(), inferred, stored);
  for (std::size_t i = 0; i < stored.shape.rank(); ++i) {
    const Dim a = stored.shape[i];
    const Dim b = inferred.shape[i];
    invariant(!a.known() || !b.known() || a == b, "node '{}' ({}) gives {}, but {} is recorded", node.name,
              node.op.name(), inferred, stored);
  }
}

}  // namespace

void verify(const Graph& graph) {
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    Facts in;
    for (const ValueId input : node.inputs) {
      verify_value(graph, input, node.name);
      in.push_back(graph.fact(input));
    }
    for (const Graph& region : node.regions) verify(region);
    const Facts facts = node.op.infer(in, node.regions);
    invariant(facts.size() == node.outputs.size(), "node '{}' ({}) has {} outputs, but {} are recorded", node.name,
              node.op.name(), facts.size(), node.outputs.size());
    for (std::size_t i = 0; i < facts.size(); ++i) verify_fact(node, graph.fact(node.outputs[i]), facts[i]);
  }
  for (const Port& output : graph.outputs()) verify_value(graph, output.value, output.name);
}

}  // namespace temper
