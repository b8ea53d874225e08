#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "ir/fact.h"
#include "ir/op.h"

namespace temper {

/// Names a value of one graph.
enum class ValueId : std::int32_t { kNone = -1 };
/// Names a node of one graph.
enum class NodeId : std::int32_t { kNone = -1 };

constexpr std::size_t index(ValueId id) { return static_cast<std::size_t>(id); }
constexpr std::size_t index(NodeId id) { return static_cast<std::size_t>(id); }

/// A value is made once: by a node, or given as an input of the graph (producer kNone).
struct Value {
  Fact fact;
  NodeId producer = NodeId::kNone;
  std::size_t output = 0;  ///< which of its producer's outputs it is, or which input of the graph
};

/// An operator applied to values. Regions are graphs of their own: what they use from outside comes in as inputs.
struct Node {
  Op op;
  std::string name;  ///< of the source node it came from
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::vector<Graph> regions;
  std::string created_by;  ///< the pass that made it; empty for the importer
  std::vector<std::string> sources = {};  ///< other source nodes whose work it does
};

/// A named end of a graph.
struct Port {
  std::string name;
  ValueId value = ValueId::kNone;
};

/// A network: nodes over single-assignment values, with named inputs and outputs. A value type.
class Graph {
 public:
  ValueId add_input(std::string name, Fact fact);
  void add_output(std::string name, ValueId value) { outputs_.push_back({std::move(name), value}); }

  /// Adds a node whose facts are inferred at once. Throws ModelError, naming the node, where inputs do not fit the operator.
  NodeId add_node(Op op, std::vector<ValueId> inputs, std::string name, std::vector<Graph> regions = {});
  /// Adds a `constant` node.
  ValueId add_constant(Tensor tensor, std::string name);

  const Node& node(NodeId id) const { return nodes_[index(id)]; }
  Node& node(NodeId id) { return nodes_[index(id)]; }
  const Value& value(ValueId id) const { return values_[index(id)]; }
  const Fact& fact(ValueId id) const { return values_[index(id)].fact; }
  Fact& fact(ValueId id) { return values_[index(id)].fact; }
  /// Null for an input of the graph.
  const Node* producer(ValueId id) const;

  std::size_t node_count() const { return nodes_.size(); }
  std::size_t value_count() const { return values_.size(); }
  const std::vector<Port>& inputs() const { return inputs_; }
  const std::vector<Port>& outputs() const { return outputs_; }
  std::vector<Port>& outputs() { return outputs_; }

  /// The nodes that outputs depend on, producers first, in a stable order. Throws InternalError on a cycle.
  std::vector<NodeId> order() const;

  /// Every use of `from`, as an input of a node or as an output of the graph, becomes `to`.
  void replace_uses(ValueId from, ValueId to);

  /// The same graph holding only what outputs depend on (inputs are kept), ids given anew in order().
  Graph compacted() const;

  /// Infers all facts again from those of the inputs, regions included. Throws ModelError as add_node does.
  void infer();

 private:
  std::deque<Node> nodes_;  // references to nodes and facts stay valid while more are added
  std::deque<Value> values_;
  std::vector<Port> inputs_;
  std::vector<Port> outputs_;
};

/// Throws InternalError unless ids are in range, producers agree with outputs, there is no cycle, and facts are those that
/// operators infer.
void verify(const Graph& graph);

/// The graph as text, one node a line; regions indented. docs/text-ir.md has the grammar.
std::string to_text(const Graph& graph);

}  // namespace temper
