#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "import/rule.h"
#include "import/tensorflow/control_flow.h"
#include "import/regions.h"
#include "import/tensorflow/source_graph.h"

namespace temper::tensorflow {

/// The functions of a GraphDef, their edges resolved when first asked for.
class FunctionLibrary {
 public:
  FunctionLibrary(FunctionDefLibrary& library, const Contents& contents);
  /// Null where there is none of that name.
  SourceGraph* find(const std::string& name);
  bool contains(std::string_view name) const { return functions_.contains(name); }
  std::size_t size() const { return functions_.size(); }

  /// Counts a node that is emitted. Throws ModelError where functions that call functions would never come to an end.
  void count_node();

 private:
  const Contents& contents_;
  std::size_t emitted_ = 0;
  std::map<std::string, FunctionDef*, std::less<>> functions_;
  std::map<std::string, std::unique_ptr<SourceGraph>> resolved_;
};

/// Thrown on an operator that has no rule; the importer then names all of them together.
class NoRuleError : public ModelError {
 public:
  using ModelError::ModelError;
};

/// The operators that the emitter itself turns into inputs, constants, calls and control flow; they have no rule.
const std::set<std::string_view>& structural_ops();

/// Whether the emitter handles nodes of this operator itself.
bool is_structural(std::string_view op);

/// Emits Temper operators for one source graph (the model's, or a function's body) into one Temper graph.
///
/// Each value belongs to a scope: the graph itself, or the region of a branch or loop. A node is emitted in the outermost
/// scope that is inside the loops and branches it depends on, and what regions use from outside is captured.
class Emitter {
 public:
  /// `given`: values already known (inputs of the model, arguments of the function). `path` prefixes node names; `depth`
  /// counts function calls and regions around this one.
  Emitter(FunctionLibrary& library, SourceGraph& source, Graph& target, std::map<SourceEdge, ValueId> given,
          std::string path = {}, int depth = 0);
  ~Emitter();

  /// The values of `ends`, with all that they depend on emitted.
  ValueIds emit(const std::vector<SourceEdge>& ends);

 private:
  struct Scope;

  ValueId get(SourceEdge edge, Scope& scope);
  ValueId get_here(SourceEdge edge, Scope& scope);
  bool belongs_outside(SourceEdge edge, const Scope& scope) const;
  bool is_plain(int id) const;
  void emit_plain(int id, Scope& scope);
  void apply_rule(int id, Scope& scope);
  std::pair<ValueId, ValueId> emit_merged(int merge, const std::vector<std::size_t>& inputs, Scope& scope);
  void emit_conditional(const Conditional& conditional, Scope& scope);
  void emit_loop(int frame_id, Scope& scope);
  ValueIds apply(int id, const ValueIds& inputs, Scope& scope);
  // functions
  SourceGraph& function(int id, std::string_view attribute);
  ValueIds call(SourceGraph& callee, const ValueIds& arguments, Graph& target, const std::string& name);
  ValueIds call_if(int id, const ValueIds& inputs, Graph& graph);
  ValueIds call_case(int id, const ValueIds& inputs, std::size_t first, Graph& graph);
  ValueIds call_while(int id, const ValueIds& inputs, Graph& graph);
  std::optional<ValueIds> apply_function_op(int id, const ValueIds& inputs, Graph& graph);

  FunctionLibrary& library_;
  SourceGraph& source_;
  std::map<SourceEdge, ValueId> given_;
  std::string path_;
  int depth_;
  std::optional<ControlFlow> flow_;
  std::vector<bool> live_;
  std::unique_ptr<Scope> root_;
  std::set<int> open_loops_;
  int open_regions_ = 0;
};

}  // namespace temper::tensorflow
