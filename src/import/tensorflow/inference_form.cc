#include "import/tensorflow/inference_form.h"

#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "import/tensorflow/values.h"
#include "import/tensorflow/variables.h"

namespace temper::tensorflow {
namespace {

/// Nodes that are looked at from one: patterns are small, and graphs may be hostile.
constexpr std::size_t kMostSteps = 64;

struct Tensor {
  std::string node;
  int port = 0;
};

Tensor tensor_of(std::string_view input) {
  const std::size_t colon = input.find(':');
  Tensor tensor{std::string(input.substr(0, colon)), 0};
  if (colon != std::string_view::npos) std::from_chars(input.data() + colon + 1, input.data() + input.size(), tensor.port);
  return tensor;
}

int data_inputs(const NodeDef& node) {
  int count = 0;
  while (count < node.input_size() && !node.input(count).starts_with('^')) ++count;
  return count;
}

class Former {
 public:
  explicit Former(GraphDef& graph) : graph_(graph) {
    for (NodeDef& node : *graph.mutable_node()) nodes_.emplace(node.name(), &node);
  }

  void form() {
    std::vector<NodeDef*> nodes;
    for (NodeDef& node : *graph_.mutable_node()) nodes.push_back(&node);
    for (NodeDef* node : nodes) form_dropout(*node);
    find_updates(nodes);
    for (NodeDef* node : nodes) form_batch_norm(*node);
    for (NodeDef& node : made_) *graph_.add_node() = std::move(node);
  }

 private:
  NodeDef* find(std::string_view input) const {
    const auto found = nodes_.find(tensor_of(input).node);
    return found == nodes_.end() ? nullptr : found->second;
  }

  /// What a tensor depends on, all of it of these operators; null where something is of others. Nodes of `ends` are not looked behind.
  std::optional<std::set<std::string>> made_of(std::string_view input, const std::set<std::string_view>& allowed, const std::set<std::string_view>& ends) const {
    std::set<std::string> ops, seen;
    std::vector<std::string> left{std::string(input)};
    while (!left.empty()) {
      const NodeDef* node = find(left.back());
      left.pop_back();
      if (node == nullptr || seen.size() > kMostSteps) return std::nullopt;
      if (!seen.insert(node->name()).second) continue;
      ops.insert(node->op());
      if (ends.contains(node->op())) continue;
      if (!allowed.contains(node->op())) return std::nullopt;
      for (int i = 0; i < data_inputs(*node); ++i) left.push_back(node->input(i));
    }
    return ops;
  }

  /// Whether a tensor is 0 or 1 at random: noise that is rounded down or compared.
  bool is_mask(std::string_view input) const {
    static const std::set<std::string_view> allowed = {"Floor", "Add", "AddV2", "Sub", "Mul", "Cast", "GreaterEqual", "Identity"};
    static const std::set<std::string_view> ends = {"RandomUniform", "StatelessRandomUniformV2", "Const", "Placeholder", "PlaceholderWithDefault"};
    const auto ops = made_of(input, allowed, ends);
    return ops && (ops->contains("RandomUniform") || ops->contains("StatelessRandomUniformV2")) && (ops->contains("Floor") || ops->contains("GreaterEqual"));
  }

  /// What is scaled: x of x / keep or x * scale, the other being a number that nothing but constants and placeholders make.
  std::string scaled(std::string_view input) const {
    static const std::set<std::string_view> allowed = {"RealDiv", "Div", "Sub", "Identity", "Cast"};
    static const std::set<std::string_view> ends = {"Const", "Placeholder", "PlaceholderWithDefault"};
    const NodeDef* node = find(input);
    if (node == nullptr || data_inputs(*node) != 2) return {};
    const bool divides = node->op() == "RealDiv" || node->op() == "Div";
    if (!divides && node->op() != "Mul") return {};
    if (made_of(node->input(1), allowed, ends)) return node->input(0);
    return !divides && made_of(node->input(0), allowed, ends) ? node->input(1) : std::string();
  }

  void form_dropout(NodeDef& node) {
    std::string kept;
    if (node.op() == "Mul" && data_inputs(node) == 2) {
      for (int i = 0; i < 2 && kept.empty(); ++i) {
        if (is_mask(node.input(1 - i))) kept = scaled(node.input(i));
      }
    } else if ((node.op() == "SelectV2" || node.op() == "Select") && data_inputs(node) == 3 && is_mask(node.input(0))) {
      static const std::set<std::string_view> none, zeros = {"Const"};
      if (made_of(node.input(2), none, zeros)) kept = scaled(node.input(1));
    }
    if (kept.empty()) return;
    const AttrValue type = (*node.mutable_attr())["T"];
    node.set_op("Identity");
    node.clear_input();
    node.add_input(kept);
    node.mutable_attr()->clear();
    (*node.mutable_attr())["T"] = type;
  }

  /// Which variables follow the statistics of which normalisations: variable -= decay * (variable - statistic).
  void find_updates(const std::vector<NodeDef*>& nodes) {
    static const std::set<std::string_view> between = {"Mul", "Sub", "Identity", "Reshape", "Squeeze", "Cast"};
    for (const NodeDef* node : nodes) {
      if ((node->op() != "AssignSub" && node->op() != "AssignSubVariableOp") || data_inputs(*node) < 2) continue;
      const NodeDef* variable = find(node->input(0));
      if (variable == nullptr || !is_variable(variable->op())) continue;
      std::vector<std::string> left{node->input(1)};
      std::set<std::string> seen;
      while (!left.empty() && seen.size() < kMostSteps) {
        const std::string input = left.back();
        left.pop_back();
        if (!seen.insert(input).second) continue;
        const NodeDef* from = find(input);
        if (from == nullptr) continue;
        if (from->op().starts_with("FusedBatchNorm")) followers_[{from->name(), tensor_of(input).port}] = variable;
        if (!between.contains(from->op())) continue;
        for (int i = 0; i < data_inputs(*from); ++i) left.push_back(from->input(i));
      }
    }
  }

  void form_batch_norm(NodeDef& node) {
    if (!node.op().starts_with("FusedBatchNorm") || node.op().find("Grad") != std::string::npos || data_inputs(node) != 5) return;
    const AttrValue* training = find_attribute(node, "is_training");
    if (training != nullptr && !training->b()) return;
    const auto mean = followers_.find({node.name(), 1}), variance = followers_.find({node.name(), 2});
    if (mean == followers_.end() || variance == followers_.end()) return;
    node.set_input(3, add_read(node.name() + "/moving_mean", *mean->second));
    node.set_input(4, add_read(node.name() + "/moving_variance", *variance->second));
    (*node.mutable_attr())["is_training"].set_b(false);
  }

  /// Adds a node that reads a variable.
  std::string add_read(std::string name, const NodeDef& variable) {
    while (nodes_.contains(name)) name += "_";
    nodes_.emplace(name, nullptr);
    const bool handle = variable.op() == "VarHandleOp";
    NodeDef read;
    read.set_name(name);
    read.set_op(handle ? "ReadVariableOp" : "Identity");
    read.add_input(variable.name());
    const AttrValue* type = find_attribute(variable, "dtype");
    if (type != nullptr) (*read.mutable_attr())[handle ? "dtype" : "T"] = *type;
    made_.push_back(std::move(read));
    return name;
  }

  GraphDef& graph_;
  std::map<std::string, NodeDef*, std::less<>> nodes_;
  std::map<std::pair<std::string, int>, const NodeDef*> followers_;
  std::vector<NodeDef> made_;
};

}  // namespace

void to_inference_form(GraphDef& graph) { Former(graph).form(); }

}  // namespace temper::tensorflow
