#include "import/tensorflow/control_flow.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "import/tensorflow/values.h"

namespace temper::tensorflow {
namespace {

std::size_t at(int id) { return static_cast<std::size_t>(id); }

Guards unite(const Guards& a, const Guards& b) {
  Guards all;
  std::ranges::set_union(a, b, std::back_inserter(all));
  return all;
}

bool holds(const Guards& guards, const Guard& guard) { return std::ranges::binary_search(guards, guard); }

Guard negated(const Guard& guard) { return {guard.predicate, !guard.taken}; }

/// The guards of one input that tell it apart from the other: those whose opposite the other needs, or failing that, those
/// that the other says nothing of.
std::vector<Guard> deciding(const Guards& one, const Guards& other) {
  std::vector<Guard> opposite;
  std::vector<Guard> single;
  for (const Guard& guard : one) {
    if (holds(other, negated(guard))) opposite.push_back(guard);
    else if (!holds(other, guard)) single.push_back(guard);
  }
  return opposite.empty() ? single : opposite;
}

}  // namespace

bool includes(const Guards& all, const Guards& some) { return std::ranges::includes(all, some); }

ControlFlow::ControlFlow(const SourceGraph& graph, const std::vector<int>& order, const std::vector<bool>& cut)
    : graph_(graph), frame_of_(at(graph.size()), -1), guards_(at(graph.size())), depth_(at(graph.size())) {
  for (const int id : order) {
    if (!cut.empty() && cut[at(id)]) continue;
    const SourceNode& node = graph.node(id);
    in_context([&] { return fmt::format("node '{}' ({})", node.name, node.op); }, [&] { visit(id); });
  }
  collect_loops(order);
  collect_conditionals(order);
}

bool ControlFlow::frame_within(int inner, int outer) const {
  while (inner != outer && inner >= 0) inner = frame(inner).parent;
  return inner == outer;
}

Guards ControlFlow::guards_of(SourceEdge edge) const {
  const SourceNode& node = graph_.node(edge.node);
  Guards guards = guards_[at(edge.node)];
  if (is_switch(node.op) && switched_merge(edge.node) < 0) {
    guards = unite(guards, {{predicate_of(edge.node), edge.port == 1}});
  }
  return guards;
}

SourceEdge ControlFlow::predicate_of(int switch_node) const {
  SourceEdge edge = graph_.node(switch_node).inputs.at(1);
  while (is_identity(graph_.node(edge.node).op) && !graph_.node(edge.node).inputs.empty()) {
    edge = graph_.node(edge.node).inputs[0];
  }
  return edge;
}

bool ControlFlow::is_loop_variable(int merge) const {
  return std::ranges::any_of(graph_.node(merge).inputs,
                             [&](const SourceEdge& input) { return is_next_iteration(graph_.node(input.node).op); });
}

int ControlFlow::switched_merge(int switch_node) const {
  const SourceNode& node = graph_.node(switch_node);
  if (node.inputs.size() != 2 || graph_.node(node.inputs[1].node).op != "LoopCond") return -1;
  return node.inputs[0].node;
}

/// Frames and guards follow from those of the inputs, which come earlier in the order.
void ControlFlow::visit(int id) {
  const SourceNode& node = graph_.node(id);
  if (is_switch(node.op)) require(node.inputs.size() == 2, "takes 2 inputs, got {}", node.inputs.size());
  if (is_merge(node.op)) return visit_merge(id);
  for (const SourceEdge& input : node.inputs) {
    if (frame_within(frame_of(input.node), frame_of(id))) frame_of_[at(id)] = frame_of(input.node);
    guards_[at(id)] = unite(guards_[at(id)], guards_of(input));
    depth_[at(id)] = std::max(depth_[at(id)], depth_[at(input.node)]);
  }
  for (const SourceEdge& guard : node.guards) guards_[at(id)] = unite(guards_[at(id)], guards_of(guard));
  if (is_enter(node.op)) return visit_enter(id);
  if (is_exit(node.op)) {
    require(node.inputs.size() == 1 && frame_of(id) >= 0, "leaves a loop that nothing enters");
    frame_of_[at(id)] = frame(frame_of(id)).parent;
    depth_[at(id)] += 1;
  }
}

void ControlFlow::visit_enter(int id) {
  const SourceNode& node = graph_.node(id);
  require(node.inputs.size() == 1, "takes 1 input, got {}", node.inputs.size());
  const auto name = node.def == nullptr ? std::nullopt : NodeAttributes(*node.def, graph_.contents()).find("frame_name");
  require(name && std::holds_alternative<std::string>(*name), "attribute 'frame_name' is missing");
  const auto& text = std::get<std::string>(*name);
  const int outer = frame_of(id);
  auto found = std::ranges::find(frames_, text, &LoopFrame::name);
  if (found == frames_.end()) {
    frames_.push_back({text, outer, {}, {}, {}});
    found = frames_.end() - 1;
  }
  const int inner = static_cast<int>(found - frames_.begin());
  if (found->parent != outer && frame_within(outer, found->parent)) {  // entered from outside by constants alone so far
    require(!frame_within(outer, inner), "loop '{}' contains itself", text);
    found->parent = outer;
  }
  frame_of_[at(id)] = inner;
}

void ControlFlow::visit_merge(int id) {
  const SourceNode& node = graph_.node(id);
  require(node.inputs.size() >= 2, "merges {} values", node.inputs.size());
  if (is_loop_variable(id)) {
    require(node.inputs.size() == 2, "is a loop variable of {} inputs", node.inputs.size());
    const int enter = is_next_iteration(graph_.node(node.inputs[0].node).op) ? 1 : 0;
    const SourceEdge first = node.inputs[at(enter)];
    require(is_enter(graph_.node(first.node).op), "is a loop variable that no Enter begins");
    frame_of_[at(id)] = frame_of(first.node);
    guards_[at(id)] = guards_of(first);
    depth_[at(id)] = depth_[at(first.node)] + 1;
    return;
  }
  std::vector<std::size_t> all(node.inputs.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const Split& decided = splits_[id] = split(id, all);
  guards_[at(id)] = guards_of(node.inputs[0]);
  for (const SourceEdge& input : node.inputs) std::erase_if(guards_[at(id)], [&](const Guard& guard) {
    return !holds(guards_of(input), guard);
  });
  for (const SourceEdge& input : node.inputs) {
    if (frame_within(frame_of(input.node), frame_of(id))) frame_of_[at(id)] = frame_of(input.node);
    depth_[at(id)] = std::max(depth_[at(id)], depth_[at(input.node)] + 1);
  }
  const int predicate_frame = frame_of(decided.predicate.node);
  if (frame_within(predicate_frame, frame_of(id))) frame_of_[at(id)] = predicate_frame;
}

Split ControlFlow::split(int merge, const std::vector<std::size_t>& inputs) const {
  const auto& edges = graph_.node(merge).inputs;
  const Guards first = guards_of(edges[inputs[0]]);
  std::vector<Guard> candidates = inputs.size() == 2 ? deciding(first, guards_of(edges[inputs[1]])) : first;
  if (inputs.size() == 2 && candidates.empty()) {
    for (const Guard& guard : deciding(guards_of(edges[inputs[1]]), first)) candidates.push_back(negated(guard));
  }
  for (const Guard& guard : candidates) {
    Split split{guard.predicate, {}, {}};
    for (const std::size_t input : inputs) {
      const Guards guards = guards_of(edges[input]);
      const bool same = holds(guards, guard) || (inputs.size() == 2 && input == inputs[0]);
      if (!same && inputs.size() > 2 && !holds(guards, negated(guard))) break;  // it may come either way
      (same == guard.taken ? split.taken : split.other).push_back(input);
    }
    if (split.taken.size() + split.other.size() == inputs.size() && !split.taken.empty() && !split.other.empty()) return split;
  }
  throw ModelError("merges values that no predicate tells apart");
}

void ControlFlow::collect_loops(const std::vector<int>& order) {
  for (const int id : order) {
    const SourceNode& node = graph_.node(id);
    if (is_merge(node.op) && is_loop_variable(id)) {
      const std::size_t back = is_next_iteration(graph_.node(node.inputs[0].node).op) ? 0 : 1;
      const SourceNode& enter = graph_.node(node.inputs[1 - back].node);
      const SourceNode& next = graph_.node(node.inputs[back].node);
      require(!next.inputs.empty(), "node '{}' ({}) has no input", next.name, next.op);
      frames_[at(frame_of(id))].variables.push_back({id, enter.inputs[0], next.inputs[0]});
    } else if (node.op == "LoopCond") {
      require(frame_of(id) >= 0 && node.inputs.size() == 1, "node '{}' (LoopCond) is outside any loop", node.name);
      frames_[at(frame_of(id))].condition = node.inputs[0];
    } else if (is_exit(node.op)) {
      const SourceNode& from = graph_.node(node.inputs[0].node);
      const int merge = is_switch(from.op) ? switched_merge(node.inputs[0].node) : -1;
      require(merge >= 0 && is_merge(graph_.node(merge).op) && frame_of(merge) >= 0,
              "node '{}' (Exit) does not leave a loop by its condition", node.name);
      frames_[at(frame_of(merge))].exits.push_back(id);
    }
  }
  for (const LoopFrame& loop : frames_) {
    require(loop.exits.empty() || loop.condition.node >= 0, "loop '{}' has no condition", loop.name);
  }
}

void ControlFlow::collect_conditionals(const std::vector<int>& order) {
  std::map<std::tuple<SourceEdge, int, int, Guards>, std::size_t> groups;
  for (const int id : order) {
    const auto found = splits_.find(id);
    if (found == splits_.end()) continue;
    const Split& split = found->second;
    const auto [group, fresh] =
        groups.emplace(std::tuple{split.predicate, depth_[at(id)], frame_of(id), guards_[at(id)]}, conditionals_.size());
    if (fresh) conditionals_.push_back({split.predicate, {}, {}});
    Conditional& conditional = conditionals_[group->second];
    conditional.merges.push_back(id);
    conditional.splits.push_back(split);
    conditional_of_[id] = group->second;
  }
}

}  // namespace temper::tensorflow
