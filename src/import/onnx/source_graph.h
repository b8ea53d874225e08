#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "import/onnx/values.h"

namespace temper::onnx {

using Names = std::vector<std::string>;

/// The nodes of a graph, of a node's subgraph or of a function's body, with what gives each value. It refers to the message it is made
/// from; tensors move out of that when they are first asked for.
class SourceGraph {
 public:
  /// Throws ModelError where two nodes give one value.
  explicit SourceGraph(GraphProto& graph);
  explicit SourceGraph(FunctionProto& function);

  const NodeProto& node(int id) const { return *nodes_[static_cast<std::size_t>(id)]; }
  int size() const { return static_cast<int>(nodes_.size()); }
  /// Formal inputs (those with an initializer too) and outputs.
  const Names& inputs() const { return inputs_; }
  const Names& outputs() const { return outputs_; }

  /// Whether the value is made here: by a node, or as a constant.
  bool gives(std::string_view name) const { return producer(name) >= 0 || is_constant(name); }
  /// The node that gives the value, or -1.
  int producer(std::string_view name) const;
  /// Whether the value is an initializer or the tensor of a Constant node.
  bool is_constant(std::string_view name) const { return constants_.contains(name); }
  const Tensor& constant(std::string_view name, ExternalFiles& files);
  /// Its dtype and shape, found to fit its elements, which are not read.
  Fact constant_fact(std::string_view name, ExternalFiles& files) const;
  /// Whether the value is an input or a constant of 4-bit elements.
  bool is_narrow(std::string_view name) const { return narrow_.contains(name); }
  /// Whether the value is an input that is declared to have one dimension.
  bool is_vector(std::string_view name) const { return vectors_.contains(name); }
  bool is_formal(std::string_view name) const { return formal_.contains(name); }

  /// The nodes that `ends` depend on, inputs first; values in `given` need no node. Throws ModelError on a cycle, naming a node.
  std::vector<int> order(const Names& ends, const std::set<std::string, std::less<>>& given) const;

  /// A node's subgraph in the attribute of that name. Throws ModelError where it has none.
  SourceGraph& subgraph(int id, std::string_view attribute);
  /// All subgraphs of a node.
  std::vector<SourceGraph*> subgraphs(int id);

  /// What the graph uses and does not give.
  const std::set<std::string, std::less<>>& free_names() const { return free_names_; }

 private:
  struct Content {
    TensorProto* proto = nullptr;
    std::optional<Tensor> tensor;
  };

  void add_nodes(google::protobuf::RepeatedPtrField<NodeProto>& nodes);
  void add_node(NodeProto& node);
  void add_constant(std::string_view name, TensorProto& tensor);
  void find_free_names();

  std::vector<NodeProto*> nodes_;
  Names inputs_;
  Names outputs_;
  std::set<std::string, std::less<>> formal_;
  std::set<std::string, std::less<>> narrow_;
  std::set<std::string, std::less<>> vectors_;
  std::map<std::string, int, std::less<>> producers_;
  std::map<std::string, Content, std::less<>> constants_;
  std::map<std::pair<int, std::string>, SourceGraph> subgraphs_;
  std::set<std::string, std::less<>> free_names_;
};

/// "node 'name' (Op)", by its first output where it has no name.
std::string node_context(const NodeProto& node);
std::string node_name(const NodeProto& node);

}  // namespace temper::onnx
