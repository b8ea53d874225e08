#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "import/tensorflow/emitter.h"
#include "import/tensorflow/import_graph_def.h"
#include "import/tensorflow/read_graph_def.h"
#include "import/tensorflow/values.h"
#include "ops/registry.h"
#include "passes/driver.h"
#include "support/recorded.h"

/// Prints, as JSON, which operators the recorded TensorFlow cases turn into:
///     {"operators": {"relu": {"spellings", "passes", "dtypes", "cases"}},
///      "spellings": {"Relu": {"operators", "cases", "structural"}}, "failures": ["Relu/case: why"]}
/// `passes` are those that made the operator in some case; a case counts for an operator once, whether the importer or
/// a pass made it, and for nothing where it cannot be imported (`failures`). `dtypes` are those of inputs, in DType's
/// order.
namespace temper::testing {
namespace {

using tensorflow::FunctionDef;
using tensorflow::GraphDef;
using tensorflow::NodeDef;

struct OperatorUse {
  std::set<std::string> spellings;
  std::set<std::string> passes;
  std::set<DType> dtypes;
  std::size_t cases = 0;
};

struct SpellingUse {
  std::set<std::string> operators;
  std::size_t cases = 0;
};

/// The source operators of the nodes of a GraphDef. A node that a rule adds is named after the source node; one of a
/// function's body "call/node".
class SourceOps {
 public:
  explicit SourceOps(const GraphDef& graph) : graph_(graph) {
    for (const FunctionDef& function : graph.library().function()) functions_[function.signature().name()] = &function;
  }

  /// The operators of the nodes of that name: more than one where branches name their nodes alike, none where it is no
  /// node's, as a loop's, which is named after its frame.
  std::set<std::string> find(std::string_view name) const {
    std::set<std::string> ops;
    find(graph_.node(), name, ops);
    return ops;
  }

 private:
  void find(const auto& nodes, std::string_view name, std::set<std::string>& ops) const {
    for (const NodeDef& node : nodes) {
      if (node.name() == name) ops.insert(node.op());
      if (!name.starts_with(node.name() + "/")) continue;
      for (const std::string& callee : callees(node)) {
        const auto function = functions_.find(callee);
        if (function == functions_.end()) continue;
        find(function->second->node_def(), name.substr(node.name().size() + 1), ops);
      }
    }
  }

  static std::vector<std::string> callees(const NodeDef& node) {
    std::vector<std::string> names{node.op()};
    for (const auto& [name, value] : node.attr()) {
      if (value.has_func()) names.push_back(value.func().name());
      for (const auto& function : value.list().func()) names.push_back(function.name());
    }
    return names;
  }

  const GraphDef& graph_;
  std::map<std::string, const FunctionDef*> functions_;
};

class Dump {
 public:
  Dump() {
    for (const std::string_view op : op_registry().names()) operators_[std::string(op)];
    for (const std::string_view op : rule_table().tensorflow_ops()) spellings_[std::string(op)];
    for (const std::string_view op : tensorflow::structural_ops()) spellings_[std::string(op)];
  }

  void add(const RecordedCase& c) {
    ImportOptions options;
    for (const auto& [name, tensor] : c.outputs) options.outputs.push_back(name);
    for (const auto& [name, tensor] : c.inputs) options.inputs.push_back({name, Fact{tensor.dtype(), {}, {}}});
    const auto file = tensorflow::parse_graph_def(c.graph);
    const SourceOps source(*file.graph);
    std::set<std::string> seen;
    Graph graph = tensorflow::import_graph_def(file, options);
    visit(graph, source, seen);
    optimise(graph);
    visit(graph, source, seen);
    for (const std::string& op : seen) ++operators_[op].cases;
    for (const std::string& op : c.ops) {
      const auto spelling = spellings_.find(op);
      if (spelling != spellings_.end()) ++spelling->second.cases;
    }
  }

  void add_failure(std::string text) { failures_.push_back(std::move(text)); }

  nlohmann::ordered_json json() const {
    nlohmann::ordered_json operators = nlohmann::ordered_json::object();
    for (const auto& [name, use] : operators_) {
      std::vector<std::string> dtypes;
      for (const DType dtype : use.dtypes) dtypes.emplace_back(dtype_name(dtype));
      operators[name] = {
          {"spellings", use.spellings}, {"passes", use.passes}, {"dtypes", dtypes}, {"cases", use.cases}};
    }
    nlohmann::ordered_json spellings = nlohmann::ordered_json::object();
    for (const auto& [name, use] : spellings_) {
      spellings[name] = {
          {"operators", use.operators}, {"cases", use.cases}, {"structural", tensorflow::is_structural(name)}};
    }
    return {{"operators", operators}, {"spellings", spellings}, {"failures", failures_}};
  }

 private:
  void visit(const Graph& graph, const SourceOps& source, std::set<std::string>& seen) {
    for (const NodeId id : graph.order()) {
      const Node& node = graph.node(id);
      const std::string op(node.op.name());
      OperatorUse& use = operators_[op];
      seen.insert(op);
      for (const ValueId input : node.inputs) use.dtypes.insert(graph.fact(input).dtype);
      if (node.created_by.empty())
        credit(node, op, source);
      else
        use.passes.insert(node.created_by);
      for (const Graph& region : node.regions) visit(region, source, seen);
    }
  }

  /// A constant is an operator of `Const` alone, and no other is: whatever else gives one has been folded.
  void credit(const Node& node, const std::string& op, const SourceOps& source) {
    std::set<std::string> from = source.find(node.name);
    if (from.empty()) from = {"Enter", "Exit", "LoopCond", "NextIteration"};
    for (const std::string& name : from) {
      if ((op == "constant") != (name == "Const")) continue;
      operators_[op].spellings.insert(name);
      spellings_[name].operators.insert(op);
    }
  }

  std::map<std::string, OperatorUse> operators_;
  std::map<std::string, SpellingUse> spellings_;
  std::vector<std::string> failures_;
};

void run() {
  Dump dump;
  for (const auto& file : recorded_files()) {
    for (const RecordedCase& c : read_cases(file)) {
      try {
        dump.add(c);
      } catch (const ModelError& error) {
        dump.add_failure(fmt::format("{}/{}: {}", c.op, c.name, error.what()));
      }
    }
  }
  fmt::print("{}\n", dump.json().dump(1));
}

}  // namespace
}  // namespace temper::testing

int main() {
  try {
    temper::testing::run();
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
