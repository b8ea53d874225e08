#include "import/tensorflow/source_graph.h"

#include <charconv>

#include "import/tensorflow/control_flow.h"
#include "import/tensorflow/output_names.h"
#include "import/tensorflow/values.h"

namespace temper::tensorflow {
namespace {

int parse_number(std::string_view text, std::string_view whole) {
  constexpr int kMostOutputs = 1 << 24;  // far below where sums of such numbers overflow
  int number = -1;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  require(result.ec == std::errc() && result.ptr == text.data() + text.size() && number >= 0 && number < kMostOutputs,
          "'{}' does not name an output of a node", whole);
  return number;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row.back();
}

/// Of a Const node.
TensorProto& content_of(NodeDef& def) {
  const auto value = def.mutable_attr()->find("value");
  require(value != def.mutable_attr()->end() && value->second.has_tensor(), "attribute 'value' is missing or no tensor");
  return *value->second.mutable_tensor();
}

}  // namespace

SourceGraph::SourceGraph(GraphDef& graph, const Contents& contents) : contents_(contents) {
  for (NodeDef& def : *graph.mutable_node()) add(def);
  for (int id = 0; id < size(); ++id) resolve(id, false);
  for (SourceNode& node : nodes_) find_guards(node);
}

SourceGraph::SourceGraph(FunctionDef& function, const Contents& contents) : contents_(contents) {
  for (const auto& argument : function.signature().input_arg()) {
    const int id = size();
    by_name_.emplace(argument.name(), id);
    nodes_.push_back({nullptr, argument.name(), std::string(kArgument), {}, {}, {}, id});
  }
  for (NodeDef& def : *function.mutable_node_def()) add(def);
  for (int id = 0; id < size(); ++id) resolve(id, true);
  for (SourceNode& node : nodes_) find_guards(node);
  for (const auto& result : function.signature().output_arg()) {
    const auto found = function.ret().find(result.name());
    require(found != function.ret().end(), "function '{}' does not say what its result '{}' is",
            function.signature().name(), result.name());
    results_.push_back(parse_input(found->second, true));
  }
}

void SourceGraph::add(NodeDef& def) {
  require(!def.name().empty(), "a node of type {} has no name", def.op());
  const bool fresh = by_name_.emplace(def.name(), size()).second;
  require(fresh, "two nodes are named '{}'", def.name());
  nodes_.push_back({&def, def.name(), def.op(), {}, {}, {}, -1});
}

void SourceGraph::resolve(int id, bool in_function) {
  SourceNode& node = nodes_[static_cast<std::size_t>(id)];
  if (node.def == nullptr) return;
  in_context([&] { return fmt::format("node '{}' ({})", node.name, node.op); }, [&] {
    for (const std::string& input : node.def->input()) {
      if (input.starts_with('^')) {
        if (const int control = find(std::string_view(input).substr(1)); control >= 0) node.controls.push_back(control);
      } else {
        node.inputs.push_back(parse_input(input, in_function));
      }
    }
  });
}

/// A constant inside a branch of tf.cond is tied to it by a control edge from an Identity of a Switch's output.
void SourceGraph::find_guards(SourceNode& node) const {
  if (!node.inputs.empty()) return;
  for (const int control : node.controls) {
    const SourceNode& pivot = this->node(control);
    if (is_pivot(pivot)) node.guards.push_back(pivot.inputs[0]);
  }
}

bool SourceGraph::is_pivot(const SourceNode& node) const {
  if (!is_identity(node.op) || node.inputs.size() != 1 || node.inputs[0].node < 0) return false;
  return is_switch(this->node(node.inputs[0].node).op);
}

/// The nodes whose values or branches a node depends on.
std::vector<int> SourceGraph::dependencies(int id) const {
  std::vector<int> nodes;
  for (const SourceEdge& input : node(id).inputs) nodes.push_back(input.node);
  for (const SourceEdge& guard : node(id).guards) nodes.push_back(guard.node);
  return nodes;
}

/// In a graph an input reads "node" or "node:port"; in a function "argument", "node:output" or "node:output:index".
SourceEdge SourceGraph::parse_input(const std::string& input, bool in_function) const {
  const std::size_t colon = input.find(':');
  const int node_id = find(std::string_view(input).substr(0, colon));
  if (colon == std::string::npos || node_id < 0) return {node_id, 0};
  const std::string_view rest = std::string_view(input).substr(colon + 1);
  if (!in_function) return {node_id, parse_number(rest, input)};
  const std::size_t second = rest.find(':');
  const std::string_view output = rest.substr(0, second);
  const int place = second == std::string_view::npos ? 0 : parse_number(rest.substr(second + 1), input);
  return {node_id, first_port(node(node_id).op, output) + place};
}

int SourceGraph::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? -1 : found->second;
}

SourceEdge SourceGraph::edge(std::string_view tensor) const {
  const std::size_t colon = tensor.rfind(':');
  const std::string_view name = tensor.substr(0, colon);
  const int id = find(name);
  require(id >= 0, "there is no node named '{}'{}", name, nearest(name));
  return {id, colon == std::string_view::npos ? 0 : parse_number(tensor.substr(colon + 1), tensor)};
}

std::string SourceGraph::nearest(std::string_view name) const {
  constexpr std::size_t kSuggestions = 3;
  if (name.size() > 200) return {};
  std::multimap<std::size_t, std::string_view> best;
  for (const auto& [other, id] : by_name_) {
    if (other.size() > 2 * name.size() + 10) continue;
    best.emplace(edit_distance(name, other), other);
    if (best.size() > kSuggestions) best.erase(std::prev(best.end()));
  }
  std::string text;
  for (const auto& [distance, other] : best) text += fmt::format("{}'{}'", text.empty() ? "; the nearest are " : ", ", other);
  return text;
}

std::vector<bool> SourceGraph::live(const std::vector<SourceEdge>& ends, const std::vector<bool>& cut) const {
  std::vector<bool> flags(nodes_.size());
  std::vector<int> stack;
  const auto visit = [&](int id) {
    if (flags[static_cast<std::size_t>(id)]) return;
    flags[static_cast<std::size_t>(id)] = true;
    stack.push_back(id);
  };
  for (const SourceEdge& end : ends) {
    require(end.node >= 0, "a result is given by a node that does not exist");
    visit(end.node);
  }
  while (!stack.empty()) {
    const int id = stack.back();
    stack.pop_back();
    if (!cut.empty() && cut[static_cast<std::size_t>(id)]) continue;
    const std::vector<int> nodes = dependencies(id);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      require(nodes[i] >= 0, "node '{}' ({}): input {} is '{}', and the graph has no such node", node(id).name,
              node(id).op, i, node(id).def->input(static_cast<int>(i)));
      visit(nodes[i]);
    }
  }
  return flags;
}

std::vector<int> SourceGraph::order(const std::vector<bool>& flags, const std::vector<bool>& cut) const {
  enum class Mark : std::uint8_t { kNew, kOpen, kDone };
  std::vector<Mark> marks(nodes_.size(), Mark::kNew);
  std::vector<int> order;
  struct Frame {
    int node;
    std::vector<int> waits;
  };
  std::vector<Frame> stack;
  const auto open = [&](int id) {
    const auto i = static_cast<std::size_t>(id);
    require(marks[i] != Mark::kOpen, "the graph has a cycle through node '{}' ({}) that is not a loop", node(id).name,
            node(id).op);
    if (marks[i] == Mark::kDone) return;
    marks[i] = Mark::kOpen;
    stack.push_back({id, {}});
    if (!cut.empty() && cut[i]) return;
    for (const int from : dependencies(id)) {  // a loop's Merge does not wait for its next iteration
      if (!is_next_iteration(node(from).op)) stack.back().waits.push_back(from);
    }
    std::ranges::reverse(stack.back().waits);
  };
  for (int root = 0; root < size(); ++root) {
    if (flags[static_cast<std::size_t>(root)] && marks[static_cast<std::size_t>(root)] == Mark::kNew) open(root);
    while (!stack.empty()) {
      Frame& top = stack.back();
      if (top.waits.empty()) {
        marks[static_cast<std::size_t>(top.node)] = Mark::kDone;
        order.push_back(top.node);
        stack.pop_back();
      } else {
        const int from = top.waits.back();
        top.waits.pop_back();
        open(from);
      }
    }
  }
  return order;
}

const Tensor& SourceGraph::constant(int id) {
  const auto found = constants_.find(id);
  if (found != constants_.end()) return found->second;
  return constants_.emplace(id, take_tensor(content_of(*nodes_[static_cast<std::size_t>(id)].def), contents_)).first->second;
}

Fact SourceGraph::constant_fact(int id) const {
  const auto found = constants_.find(id);
  if (found != constants_.end()) return {found->second.dtype(), found->second.shape(), {}};
  return tensor_fact(content_of(*nodes_[static_cast<std::size_t>(id)].def), contents_);
}

}  // namespace temper::tensorflow
