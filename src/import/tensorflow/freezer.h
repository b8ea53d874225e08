#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "import/tensorflow/source_graph.h"
#include "import/tensorflow/variables.h"

namespace temper::tensorflow {

/// What a value is that comes from a variable without a change.
struct Held {
  DataType type = DT_INVALID;  ///< of the variable's elements
  bool handle = false;         ///< of type resource, where others are the tensor
  std::string variable;
};

/// The element types of variables whose handles a function is given or gives; DT_INVALID at other places.
using HandleTypes = std::vector<DataType>;

/// The nodes of a graph or of a function's body while they are rewritten.
struct Body {
  SourceGraph& source;
  std::vector<bool> cut;
  bool in_function = false;
  std::map<SourceEdge, Held> held;
  std::map<int, std::vector<NodeDef>> nodes;  ///< by the source node that they are made of
  std::set<std::string> renamed;              ///< nodes whose one output has another name than it had

  const Held* find(SourceEdge edge) const {
    const auto found = held.find(edge);
    return found == held.end() ? nullptr : &found->second;
  }
  bool is_cut(int id) const { return !cut.empty() && cut[static_cast<std::size_t>(id)]; }
};

/// The work of freeze(): what it has found out about variables and functions.
class Freezer {
 public:
  Freezer(GraphDef& graph, Contents& contents, Variables& variables);

  /// Rewrites into `body.nodes` what `ends` depend on.
  void rewrite_all(Body& body, const std::vector<SourceEdge>& ends);
  /// The functions that rewritten nodes call.
  FunctionDefLibrary take_library();

 private:
  struct Specialised {
    std::string name;
    HandleTypes results;
  };
  static constexpr std::size_t kMostFunctions = 10000;
  static constexpr int kMaxDepth = 100;

  void rewrite(Body& body, int id, NodeDef& node, std::vector<std::string>& data);
  void replace_variable(Body& body, int id, NodeDef& node);
  void read_variable(Body& body, NodeDef& node, std::vector<std::string>& data, const Held& held);
  void hand_on(Body& body, int id, NodeDef& node);
  bool rewrite_call(Body& body, int id, NodeDef& node);
  const Specialised& specialise(const std::string& name, HandleTypes arguments);
  FunctionDef freeze_function(FunctionDef& function, const HandleTypes& arguments, HandleTypes& results);

  Contents& contents_;
  Variables& variables_;
  std::map<std::string, FunctionDef*, std::less<>> functions_;
  std::map<std::pair<std::string, HandleTypes>, Specialised> specialised_;
  std::map<std::string, FunctionDef> frozen_;
  int depth_ = 0;
};

}  // namespace temper::tensorflow
