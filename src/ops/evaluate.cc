#include "ops/evaluate.h"

namespace temper {
namespace {

/// The values of one run; each is dropped after its last use, so that memory follows what is live.
class Environment {
 public:
  explicit Environment(const Graph& graph) : graph_(graph), order_(graph.order()) {
    values_.resize(graph.value_count());
    uses_.resize(graph.value_count());
    for (const NodeId id : order_) {
      for (const ValueId input : graph.node(id).inputs) ++uses_[index(input)];
    }
    for (const Port& output : graph.outputs()) ++uses_[index(output.value)];
  }

  Tensors run(Inputs inputs) {
    for (std::size_t i = 0; i < inputs.size(); ++i) set(graph_.inputs()[i].value, inputs[i]);
    for (const NodeId id : order_) {
      const Node& node = graph_.node(id);
      Tensors in;
      for (const ValueId input : node.inputs) in.push_back(take(input));
      Tensors out = evaluate_node(node, in);
      invariant(out.size() == node.outputs.size(), "operator {} gave {} outputs where {} were expected", node.op.name(),
                out.size(), node.outputs.size());
      for (std::size_t i = 0; i < out.size(); ++i) set(node.outputs[i], std::move(out[i]));
    }
    Tensors results;
    for (const Port& output : graph_.outputs()) results.push_back(take(output.value));
    return results;
  }

 private:
  void set(ValueId id, Tensor tensor) {
    if (uses_[index(id)] > 0) values_[index(id)] = std::move(tensor);
  }
  Tensor take(ValueId id) {
    std::optional<Tensor>& slot = values_[index(id)];
    if (--uses_[index(id)] > 0) return *slot;
    Tensor last = std::move(*slot);
    slot.reset();
    return last;
  }

  const Graph& graph_;
  std::vector<NodeId> order_;
  std::vector<std::optional<Tensor>> values_;
  std::vector<std::size_t> uses_;
};

}  // namespace

Tensors evaluate_node(const Node& node, Inputs inputs) {
  return in_context([&] { return fmt::format("node '{}' ({})", node.name, node.op.name()); },
                    [&] {
                      return node.op.reference(inputs, [&](std::size_t region, Inputs in) {
                        return evaluate(node.regions.at(region), in);
                      });
                    });
}

Tensors evaluate(const Graph& graph, Inputs inputs) {
  require(inputs.size() == graph.inputs().size(), "takes {} inputs, got {}", graph.inputs().size(), inputs.size());
  return Environment(graph).run(inputs);
}

}  // namespace temper
