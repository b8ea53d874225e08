#include "import/tensorflow/control_flow.h"

#include <algorithm>
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

/// Predicates that one input of a Merge needs to hold and the other does not: the Merge is decided by one of them.
std::vector<Guard> candidates(const Guards& first, const Guards& second) {
  std::vector<Guard> opposite;
  std::vector<Guard> single;
  for (const Guard& guard : first) {
    const Guard other{guard.predicate, !guard.taken};
    if (std::ranges::binary_search(second, other)) opposite.push_back(guard);
    else if (!std::ranges::binary_search(second, guard)) single.push_back(guard);
  }
  for (const Guard& guard : second) {
    const Guard other{guard.predicate, !guard.taken};
    if (!std::ranges::binary_search(first, other) && !std::ranges::binary_search(first, guard)) single.push_back(other);
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
  const auto name = node.def == nullptr ? std::nullopt : NodeAttributes(*node.def).find("frame_name");
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
  require(node.inputs.size() == 2, "merges {} values, and only 2 are supported", node.inputs.size());
  if (is_loop_variable(id)) {
    const int enter = is_next_iteration(graph_.node(node.inputs[0].node).op) ? 1 : 0;
    const SourceEdge first = node.inputs[at(enter)];
    require(is_enter(graph_.node(first.node).op), "is a loop variable that no Enter begins");
    frame_of_[at(id)] = frame_of(first.node);
    guards_[at(id)] = guards_of(first);
    depth_[at(id)] = depth_[at(first.node)] + 1;
    return;
  }
  const Guards first = guards_of(node.inputs[0]);
  const Guards second = guards_of(node.inputs[1]);
  const auto deciding = candidates(first, second);
  require(!deciding.empty(), "merges two values that no predicate tells apart");
  decided_by_[id] = deciding.back();
  std::ranges::set_intersection(first, second, std::back_inserter(guards_[at(id)]));
  for (const SourceEdge& input : node.inputs) {
    if (frame_within(frame_of(input.node), frame_of(id))) frame_of_[at(id)] = frame_of(input.node);
    depth_[at(id)] = std::max(depth_[at(id)], depth_[at(input.node)] + 1);
  }
  const int predicate_frame = frame_of(deciding.back().predicate.node);
  if (frame_within(predicate_frame, frame_of(id))) frame_of_[at(id)] = predicate_frame;
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
    const auto found = decided_by_.find(id);
    if (found == decided_by_.end()) continue;
    const Guard& guard = found->second;
    const auto [group, fresh] =
        groups.emplace(std::tuple{guard.predicate, depth_[at(id)], frame_of(id), guards_[at(id)]}, conditionals_.size());
    if (fresh) conditionals_.push_back({guard.predicate, {}, {}});
    Conditional& conditional = conditionals_[group->second];
    conditional.merges.push_back(id);
    conditional.taken_input.push_back(guard.taken ? 0 : 1);
    conditional_of_[id] = group->second;
  }
}

}  // namespace temper::tensorflow
