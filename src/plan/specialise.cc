#include "plan/specialise.h"

#include "ir/constant.h"
#include "ops/evaluate.h"

namespace temper {
namespace {

/// A constant may grow this much beyond what it is made from: more is left for the run.
constexpr std::int64_t kGrowthElements = std::int64_t{1} << 20;

bool holds_elements(const Fact& fact) { return fact.constant.has_value() && fact.dtype != DType::kList; }

/// The node's outputs where all its inputs are constants and evaluating it is cheap and repeatable.
std::optional<Tensors> evaluated(const Node& node, const Facts& in, const Facts& out) {
  if (!node.op.pure() || !node.regions.empty() || in.empty() || !std::ranges::all_of(in, holds_elements)) return std::nullopt;
  std::int64_t largest = 0;
  for (const Fact& fact : in) largest = std::max(largest, fact.constant->elements());
  for (const Fact& fact : out) {
    const Dim elements = fact.shape.elements();
    if (fact.dtype == DType::kList || (elements.known() && elements.value() > largest + kGrowthElements)) return std::nullopt;
  }
  Tensors inputs;
  for (const Fact& fact : in) inputs.push_back(*fact.constant);
  return evaluate_node(node, inputs);
}

Facts infer_or_evaluate(const Node& node, const Facts& in) {
  Facts out = node.op.infer(in, node.regions);
  if (std::ranges::all_of(out, holds_elements)) return out;
  if (auto tensors = evaluated(node, in, out)) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = Fact::of((*tensors)[i]);
  }
  return out;
}

}  // namespace

Facts specialise(const Graph& graph, std::span<const Fact> inputs) {
  Facts facts(graph.value_count());
  for (std::size_t i = 0; i < inputs.size(); ++i) facts[index(graph.inputs()[i].value)] = inputs[i];
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    Facts in;
    in.reserve(node.inputs.size());
    for (const ValueId input : node.inputs) in.push_back(facts[index(input)]);
    Facts out = in_context([&] { return fmt::format("node '{}' ({})", node.name, node.op.name()); },
                           [&] { return infer_or_evaluate(node, in); });
    invariant(out.size() == node.outputs.size(), "operator {} infers {} outputs of {}", node.op.name(), out.size(), node.outputs.size());
    for (std::size_t i = 0; i < out.size(); ++i) facts[index(node.outputs[i])] = std::move(out[i]);
  }
  return facts;
}

std::vector<NodeId> live_nodes(const Graph& graph, const Facts& facts) {
  const std::vector<NodeId> order = graph.order();
  std::vector<bool> needed(graph.value_count());
  const auto need = [&](ValueId id) {
    const Fact& fact = facts[index(id)];
    if (!fact.constant && fact.packed == nullptr) needed[index(id)] = true;
  };
  for (const Port& output : graph.outputs()) need(output.value);
  std::vector<NodeId> live;
  for (auto id = order.rbegin(); id != order.rend(); ++id) {
    const Node& node = graph.node(*id);
    if (std::ranges::none_of(node.outputs, [&](ValueId output) { return needed[index(output)]; })) continue;
    live.push_back(*id);
    for (const ValueId input : node.inputs) need(input);
  }
  std::ranges::reverse(live);
  return live;
}

}  // namespace temper
