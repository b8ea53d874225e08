#include "import/regions.h"

#include "ops/control/if.h"
#include "ops/control/loop.h"

namespace temper {
namespace {

/// What is known of a loop's variables in every turn, and which never change.
struct Variables {
  Facts facts;
  std::vector<bool> constant;
};

/// Learns from one emission of the body. True where something new was learnt, so that it must be emitted again.
bool learn(Variables& variables, const Graph& body, const ValueIds& in_body, const ValueIds& next) {
  bool learnt = false;
  for (std::size_t i = 0; i < next.size(); ++i) {
    if (variables.constant[i]) continue;
    if (next[i] == in_body[i]) {
      variables.constant[i] = learnt = true;
      continue;
    }
    const ShapeFact common = join(variables.facts[i].shape, body.fact(next[i]).shape);
    if (common == variables.facts[i].shape) continue;
    variables.facts[i].shape = common;
    learnt = true;
  }
  return learnt;
}

/// The variables inside both regions: inputs of them, or captures where they never change. Inputs for variables come before
/// any capture, so that the regions' inputs line up.
std::pair<ValueIds, ValueIds> enter_both(const Variables& variables, LoopRegions& regions, Captures& captures,
                                         const ValueIds& initial) {
  ValueIds in_condition(initial.size());
  ValueIds in_body(initial.size());
  for (std::size_t i = 0; i < initial.size(); ++i) {
    if (variables.constant[i]) continue;
    in_condition[i] = regions.condition.add_input(fmt::format("variable_{}", i), variables.facts[i]);
    in_body[i] = regions.body.add_input(fmt::format("variable_{}", i), variables.facts[i]);
  }
  for (std::size_t i = 0; i < initial.size(); ++i) {
    if (!variables.constant[i]) continue;
    in_condition[i] = captures.capture(initial[i], 0);
    in_body[i] = captures.capture(initial[i], 1);
  }
  return {std::move(in_condition), std::move(in_body)};
}

ValueIds finish_loop(Graph& graph, const std::string& name, const ValueIds& initial, const Variables& variables,
                     LoopRegions regions, const LoopEnds& ends, const Captures& captures) {
  regions.condition.add_output("condition", ends.condition);
  ValueIds inputs;
  for (std::size_t i = 0; i < initial.size(); ++i) {
    if (variables.constant[i]) continue;
    inputs.push_back(initial[i]);
    regions.body.add_output(fmt::format("variable_{}", i), ends.next[i]);
  }
  const auto carried = static_cast<std::int64_t>(inputs.size());
  inputs.insert(inputs.end(), captures.values().begin(), captures.values().end());
  std::vector<Graph> graphs;
  graphs.push_back(std::move(regions.condition));
  graphs.push_back(std::move(regions.body));
  const NodeId loop = graph.add_node(Loop{carried}, std::move(inputs), name, std::move(graphs));
  ValueIds results;
  std::size_t next_output = 0;
  for (std::size_t i = 0; i < initial.size(); ++i) {
    results.push_back(variables.constant[i] ? initial[i] : graph.node(loop).outputs[next_output++]);
  }
  return results;
}

}  // namespace

ValueId Captures::capture(ValueId value, std::size_t region) {
  if (const auto& constant = outer_.fact(value).constant) {
    const auto [found, fresh] = constants_.try_emplace({value, region});
    if (fresh) found->second = regions_[region]->add_constant(*constant, "captured");
    return found->second;
  }
  const auto [found, fresh] = inside_.try_emplace(value);
  if (fresh) {
    values_.push_back(value);
    for (Graph* graph : regions_) found->second.push_back(graph->add_input("captured", outer_.fact(value)));
  }
  return found->second[region];
}

ValueIds build_loop(Graph& graph, const std::string& name, const ValueIds& initial, const EmitLoop& emit) {
  Variables variables;
  variables.constant.resize(initial.size());
  for (const ValueId value : initial) variables.facts.push_back({graph.fact(value).dtype, graph.fact(value).shape, {}});
  for (;;) {  // each turn a variable loses a known dim, its rank, or its right to change: the turns are bounded
    LoopRegions regions;
    Captures captures(graph, {&regions.condition, &regions.body});
    const auto [in_condition, in_body] = enter_both(variables, regions, captures, initial);
    const LoopEnds ends = emit(regions, captures, in_condition, in_body);
    if (learn(variables, regions.body, in_body, ends.next)) continue;
    return finish_loop(graph, name, initial, variables, std::move(regions), ends, captures);
  }
}

ValueIds build_if(Graph& graph, const std::string& name, ValueId predicate, const EmitBranch& emit) {
  std::vector<Graph> regions(2);
  Captures captures(graph, {&regions[0], &regions[1]});
  for (std::size_t i = 0; i < 2; ++i) {
    const ValueIds results = emit(regions[i], captures, i);
    for (std::size_t j = 0; j < results.size(); ++j) regions[i].add_output(fmt::format("result_{}", j), results[j]);
  }
  ValueIds inputs = {predicate};
  inputs.insert(inputs.end(), captures.values().begin(), captures.values().end());
  const NodeId node = graph.add_node(If{}, std::move(inputs), name, std::move(regions));
  return graph.node(node).outputs;
}

}  // namespace temper
