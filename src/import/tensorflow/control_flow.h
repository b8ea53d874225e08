#pragma once
#include <string_view>
#include <vector>

#include "import/tensorflow/source_graph.h"

/// TensorFlow 1 writes control flow as a data-flow graph: a Switch sends a value one of two ways, a Merge takes whichever
/// comes, and loops are frames entered by Enter, left by Exit, and turned by NextIteration. This finds the structure again.
namespace temper::tensorflow {

inline bool is_switch(std::string_view op) { return op == "Switch" || op == "RefSwitch"; }
inline bool is_merge(std::string_view op) { return op == "Merge" || op == "RefMerge"; }
inline bool is_enter(std::string_view op) { return op == "Enter" || op == "RefEnter"; }
inline bool is_exit(std::string_view op) { return op == "Exit" || op == "RefExit"; }
inline bool is_next_iteration(std::string_view op) { return op == "NextIteration" || op == "RefNextIteration"; }
inline bool is_identity(std::string_view op) { return op == "Identity" || op == "RefIdentity"; }

/// That a predicate holds (or does not).
struct Guard {
  SourceEdge predicate;
  bool taken = false;
  auto operator<=>(const Guard&) const = default;
};
using Guards = std::vector<Guard>;  // sorted

/// Whether `all` holds each of `some`.
bool includes(const Guards& all, const Guards& some);

/// One variable of a loop.
struct LoopVariable {
  int merge = -1;
  SourceEdge initial;  ///< outside the loop
  SourceEdge next;     ///< inside
};

/// The frame of a while loop.
struct LoopFrame {
  std::string name;
  int parent = -1;  ///< the frame around it; -1 at the outside
  SourceEdge condition;
  std::vector<LoopVariable> variables;
  std::vector<int> exits;
};

/// Which of a Merge's inputs may come where a predicate holds, and which where it does not.
struct Split {
  SourceEdge predicate;
  std::vector<std::size_t> taken;
  std::vector<std::size_t> other;

  const std::vector<std::size_t>& side(bool holds) const { return holds ? taken : other; }
};

/// Merges that one predicate decides and none of which depends on another: the results of one If.
struct Conditional {
  SourceEdge predicate;
  std::vector<int> merges;
  std::vector<Split> splits;  ///< one a merge
};

class ControlFlow {
 public:
  /// Of the nodes in `order`. Throws ModelError, naming the node, where the structure is not one that TensorFlow's own
  /// while_loop, cond and case write.
  /// Nodes that `cut` flags stand alone: their inputs do not count.
  ControlFlow(const SourceGraph& graph, const std::vector<int>& order, const std::vector<bool>& cut);

  /// The innermost frame that the node's outputs belong to; -1 at the outside.
  int frame_of(int node) const { return frame_of_[static_cast<std::size_t>(node)]; }
  const LoopFrame& frame(int id) const { return frames_[static_cast<std::size_t>(id)]; }
  /// Whether `inner` is `outer` or lies inside it.
  bool frame_within(int inner, int outer) const;
  /// The guards under which a value exists.
  Guards guards_of(SourceEdge edge) const;
  /// The predicate of a Switch, identities skipped.
  SourceEdge predicate_of(int switch_node) const;
  /// What tells these inputs of a Merge apart. Throws ModelError where nothing does.
  Split split(int merge, const std::vector<std::size_t>& inputs) const;
  const Conditional& conditional_of(int merge) const { return conditionals_[conditional_of_.at(merge)]; }
  bool is_loop_variable(int merge) const;
  /// The variable that a Switch in a loop passes on; -1 where it is not a loop's Switch.
  int switched_merge(int switch_node) const;

 private:
  void visit(int id);
  void visit_merge(int id);
  void visit_enter(int id);
  void collect_loops(const std::vector<int>& order);
  void collect_conditionals(const std::vector<int>& order);

  const SourceGraph& graph_;
  std::vector<int> frame_of_;
  std::vector<Guards> guards_;
  std::vector<int> depth_;  // merges passed on the way to a node
  std::vector<LoopFrame> frames_;
  std::map<int, Split> splits_;  // per merge, of all its inputs
  std::vector<Conditional> conditionals_;
  std::map<int, std::size_t> conditional_of_;
};

}  // namespace temper::tensorflow
