#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>

#include "import/onnx/source_graph.h"
#include "import/regions.h"

namespace temper::onnx {

/// The versions of operator sets that nodes are of, by domain ("" for ONNX's own).
using Opsets = std::map<std::string, std::int64_t, std::less<>>;
Opsets read_opsets(const google::protobuf::RepeatedPtrField<OperatorSetIdProto>& imports);

/// The first and last version of ONNX's own operator set whose models are read.
inline constexpr std::int64_t kFirstOpset = 1;
inline constexpr std::int64_t kLastOpset = 21;

/// One function of the model.
struct Function {
  FunctionProto* proto = nullptr;
  SourceGraph graph;
  Opsets opsets;
};

/// What all of a model's graphs share: its functions, the files beside it, and how much has been emitted.
class Library {
 public:
  Library(ModelProto& model, ExternalFiles& files);

  /// The function that a node calls, or null.
  Function* find(const NodeProto& node);
  std::size_t size() const { return protos_.size(); }
  ExternalFiles& files() const { return files_; }
  /// Counts a node that is emitted. Throws ModelError where functions that call functions would never come to an end.
  void count_node();

 private:
  using Key = std::tuple<std::string, std::string, std::string>;

  ExternalFiles& files_;
  std::size_t emitted_ = 0;
  std::map<Key, FunctionProto*> protos_;
  std::map<Key, std::unique_ptr<Function>> functions_;
};

/// Thrown on an operator that has no rule; the importer then names all of them together.
class NoRuleError : public ModelError {
 public:
  using ModelError::ModelError;
};

/// "Relu", or with the domain before it ("com.microsoft.Gelu") where it is not ONNX's own.
std::string operator_name(const NodeProto& node);

/// Whether the emitter handles nodes of this operator itself.
bool is_structural(std::string_view op);

/// Emits Temper operators for one source graph (the model's, a subgraph, or a function's body) into one Temper graph.
class Emitter {
 public:
  /// What all emitters of one graph and its subgraphs have in common.
  struct Setting {
    Library& library;
    const Opsets& opsets;
    const CallAttributes& call;
    std::string path;  ///< prefixes node names
    int depth = 0;     ///< counts function calls and regions around this one
  };

  Emitter(Setting setting, SourceGraph& source, Graph& target) : setting_(std::move(setting)), source_(source), target_(target) {}

  /// A value that is known before: an input, or the argument of a function (kNone where the call leaves it out).
  void give(std::string name, ValueId value);
  /// The values of `ends`, with all that they depend on emitted.
  ValueIds emit(const Names& ends);

 private:
  Emitter(Emitter& outer, SourceGraph& source, Graph& target, Captures& captures, std::size_t region);

  ValueId get(const std::string& name);
  void apply_node(int id);
  ValueIds apply(int id, const NodeProto& node, ValueIds inputs);
  ValueIds call(Function& function, const NodeProto& node, const ValueIds& arguments);
  ValueIds emit_if(int id, const NodeProto& node, const ValueIds& inputs);
  ValueIds emit_loop(int id, const NodeProto& node, const ValueIds& inputs);
  ValueIds emit_scan(int id, const NodeProto& node, const ValueIds& inputs);
  ValueIds emit_inline(SourceGraph& branch);

  Setting setting_;
  SourceGraph& source_;
  Graph& target_;
  Emitter* outer_ = nullptr;
  Captures* captures_ = nullptr;
  std::size_t region_ = 0;
  std::map<std::string, ValueId, std::less<>> values_;
};

}  // namespace temper::onnx
