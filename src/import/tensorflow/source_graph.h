#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "import/tensorflow/contents.h"
#include "import/tensorflow/proto/graph.pb.h"
#include "ir/fact.h"

namespace temper::tensorflow {

/// One output of a source node.
struct SourceEdge {
  int node = -1;
  int port = 0;
  auto operator<=>(const SourceEdge&) const = default;
};

struct SourceNode {
  NodeDef* def = nullptr;           ///< null for an argument of a function
  std::string name;
  std::string op;                   ///< kArgument for an argument of a function
  std::vector<SourceEdge> inputs;   ///< data; node is -1 where the graph has no such node
  std::vector<int> controls;
  std::vector<SourceEdge> guards;   ///< of a node without inputs: the Switch outputs whose branch it is placed in
  int argument = -1;                ///< which argument of the function it is
};

inline constexpr std::string_view kArgument = "_Arg";

/// The nodes of a GraphDef or of a function's body with their edges resolved. It refers to the message it is made from, and
/// to the contents which that leaves in the file.
class SourceGraph {
 public:
  /// Throws ModelError on two nodes of one name and on malformed input names.
  SourceGraph(GraphDef& graph, const Contents& contents);
  SourceGraph(FunctionDef& function, const Contents& contents);

  const SourceNode& node(int id) const { return nodes_[static_cast<std::size_t>(id)]; }
  int size() const { return static_cast<int>(nodes_.size()); }
  /// -1 where there is none.
  int find(std::string_view name) const;
  /// "node", "node:0". Throws ModelError where there is no such node, with the nearest names.
  SourceEdge edge(std::string_view tensor) const;
  /// What a function gives, in the order of its signature.
  const std::vector<SourceEdge>& results() const { return results_; }

  /// The nodes that `ends` depend on through data, as flags; nodes that `cut` names need no inputs. Throws ModelError
  /// where such a node uses a node that does not exist.
  std::vector<bool> live(const std::vector<SourceEdge>& ends, const std::vector<bool>& cut = {}) const;
  /// The flagged nodes, inputs first, loops' back edges left out. Throws ModelError on any other cycle, naming a node.
  std::vector<int> order(const std::vector<bool>& flags, const std::vector<bool>& cut = {}) const;
  /// The content of a Const node, which moves out of the message once and is kept here.
  const Tensor& constant(int id);
  /// Its dtype and shape, found to fit its content, which is not read.
  Fact constant_fact(int id) const;
  const Contents& contents() const { return contents_; }
  /// Whether the node only says which way a Switch went, for control edges of what lies in a branch.
  bool is_pivot(const SourceNode& node) const;

 private:
  void add(NodeDef& def);
  void resolve(int id, bool in_function);
  void find_guards(SourceNode& node) const;
  std::vector<int> dependencies(int id) const;
  SourceEdge parse_input(const std::string& input, bool in_function) const;
  std::string nearest(std::string_view name) const;

  const Contents& contents_;
  std::vector<SourceNode> nodes_;
  std::map<std::string, int, std::less<>> by_name_;
  std::vector<SourceEdge> results_;
  std::map<int, Tensor> constants_;
};

}  // namespace temper::tensorflow
