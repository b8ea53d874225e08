#include "import/tensorflow/ends.h"

#include <functional>

#include "import/tensorflow/values.h"

namespace temper::tensorflow {
namespace {

/// Operators that give nothing an inference wants, though nothing uses them.
bool ends_nothing(std::string_view op) {
  static const std::set<std::string_view> ops = {"NoOp", "Assert", "Const", "Placeholder", "PlaceholderV2",
                                                 "PlaceholderWithDefault", "SaveV2", "RestoreV2", "Save", "MergeSummary",
                                                 "ScalarSummary", "HistogramSummary", "ImageSummary", "TensorSummary",
                                                 "TensorSummaryV2", "VarHandleOp", "VariableV2", "Assign", "PrintV2"};
  return ops.contains(op);
}

/// Operators of training besides, which change variables, queues and files.
bool trains(std::string_view op) {
  return op.starts_with("Apply") || op.starts_with("ResourceApply") || op.starts_with("SparseApply") || op.starts_with("Assign") || op.starts_with("Scatter") ||
         op.starts_with("Queue") || op.find("Summary") != std::string_view::npos || op.find("Variable") != std::string_view::npos || op.find("VarIs") == 0;
}

std::vector<bool> used_nodes(const SourceGraph& source) {
  std::vector<bool> used(static_cast<std::size_t>(source.size()));
  for (int id = 0; id < source.size(); ++id) {
    for (const SourceEdge& input : source.node(id).inputs) {
      if (input.node >= 0) used[static_cast<std::size_t>(input.node)] = true;
    }
  }
  return used;
}

/// The nodes that one of `from` reaches through data.
std::vector<bool> reached(const SourceGraph& source, std::vector<int> from) {
  std::vector<std::vector<int>> users(static_cast<std::size_t>(source.size()));
  for (int id = 0; id < source.size(); ++id) {
    for (const SourceEdge& input : source.node(id).inputs) {
      if (input.node >= 0) users[static_cast<std::size_t>(input.node)].push_back(id);
    }
  }
  std::vector<bool> flags(static_cast<std::size_t>(source.size()));
  while (!from.empty()) {
    const int id = from.back();
    from.pop_back();
    if (flags[static_cast<std::size_t>(id)]) continue;
    flags[static_cast<std::size_t>(id)] = true;
    for (const int user : users[static_cast<std::size_t>(id)]) from.push_back(user);
  }
  return flags;
}

std::vector<End> sinks(const SourceGraph& source, const FunctionLibrary& library, const std::function<bool(int)>& counts) {
  const std::vector<bool> used = used_nodes(source);
  std::vector<End> ends;
  std::vector<End> foreign;
  for (int id = 0; id < source.size(); ++id) {
    const SourceNode& node = source.node(id);
    if (used[static_cast<std::size_t>(id)] || ends_nothing(node.op) || source.is_pivot(node) || !counts(id)) continue;
    (importable(node, library) ? ends : foreign).push_back({node.name, {id, 0}});
  }
  if (ends.empty()) ends = std::move(foreign);
  return ends;
}

}  // namespace

bool importable(const SourceNode& node, const FunctionLibrary& library) {
  return is_structural(node.op) || library.contains(node.op) || rule_table().find_tensorflow(node.op) != nullptr;
}

bool gives_input(std::string_view op) {
  return op == "Placeholder" || op == "PlaceholderV2" || op == "PlaceholderWithDefault" || op.starts_with("QueueDequeue") || op.starts_with("IteratorGetNext") ||
         op.starts_with("ReaderRead");
}

std::vector<End> named_ends(const SourceGraph& source, const std::vector<std::string>& names) {
  std::vector<End> ends;
  for (const std::string& name : names) {
    ends.push_back({name.ends_with(":0") ? name.substr(0, name.size() - 2) : name, source.edge(name)});
  }
  return ends;
}

std::vector<End> find_ends(const SourceGraph& source, const FunctionLibrary& library) {
  std::vector<End> ends = sinks(source, library, [](int) { return true; });
  require(!ends.empty(), "has no outputs: every node is used by another, or gives nothing; name some with --outputs");
  return ends;
}

std::vector<End> find_ends_reached(const SourceGraph& source, const FunctionLibrary& library, const std::vector<int>& excluded) {
  std::vector<int> inputs;
  for (int id = 0; id < source.size(); ++id) {
    if (gives_input(source.node(id).op) && std::ranges::find(excluded, id) == excluded.end()) inputs.push_back(id);
  }
  const std::vector<bool> wanted = reached(source, inputs), unwanted = reached(source, excluded);
  std::vector<End> ends = sinks(source, library, [&](int id) {
    const auto i = static_cast<std::size_t>(id);
    return wanted[i] && !unwanted[i] && !trains(source.node(id).op);
  });
  require(!ends.empty(), "has no outputs that can be told from what trains, saves and restores it; name some with --outputs");
  return ends;
}

}  // namespace temper::tensorflow
