#include "export/freeze.h"

#include <algorithm>
#include <set>

#include "export/graph_def_file.h"
#include "export/older_graph.h"
#include "import/tensorflow/frozen_model.h"
#include "import/tensorflow/values.h"

namespace temper {
namespace {

using namespace tensorflow;

std::pair<std::string, int> split_tensor(const std::string& tensor) {
  const std::size_t colon = tensor.find(':');
  return {tensor.substr(0, colon), colon == std::string::npos ? 0 : std::stoi(tensor.substr(colon + 1))};
}

std::string full_name(const std::string& tensor) { return tensor.find(':') == std::string::npos ? tensor + ":0" : tensor; }

DataType to_data_type(DType dtype) {
  for (int type = DT_FLOAT; type <= DT_UINT64; ++type) {
    if (!DataType_IsValid(type) || type == DT_COMPLEX64 || type == DT_COMPLEX128) continue;
    if (to_dtype(static_cast<DataType>(type)) == dtype) return static_cast<DataType>(type);
  }
  throw ModelError(fmt::format("type {} is none of TensorFlow's", dtype));
}

/// The type of an output as the node's attributes tell it.
DataType type_of(const NodeDef& node, int port) {
  for (const char* name : {"component_types", "output_types", "Tout"}) {
    const AttrValue* value = find_attribute(node, name);
    if (value != nullptr && value->has_list() && port < value->list().type_size()) return value->list().type(port);
  }
  for (const char* name : {"dtype", "DstT", "out_type", "output_type", "T", "Tparams"}) {
    const AttrValue* value = find_attribute(node, name);
    if (value != nullptr && value->value_case() == AttrValue::kType) return value->type();
  }
  throw ModelError(fmt::format("node '{}' ({}) does not say what type its output is; say it: --inputs {}=float32", node.name(), node.op(), node.name()));
}

void set_shape(NodeDef& node, const ShapeFact& fact) {
  TensorShapeProto& shape = *(*node.mutable_attr())["shape"].mutable_shape();
  shape.set_unknown_rank(!fact.rank_known());
  if (!fact.rank_known()) return;
  for (const Dim& dim : fact.dims()) shape.add_dim()->set_size(dim.known() ? dim.value() : -1);
}

/// The nodes at which the graph is cut become placeholders. A cut at a later output gets a placeholder of its own name.
class Cuts {
 public:
  Cuts(FrozenModel& model) : graph_(*model.file.graph) {
    for (NodeDef& node : *graph_.mutable_node()) nodes_.emplace(node.name(), &node);
    for (ModelPort& port : model.inputs) cut(port);
    for (NodeDef& node : *graph_.mutable_node()) {
      for (std::string& input : *node.mutable_input()) redirect(input);
    }
    for (ModelPort& port : model.outputs) redirect(port.tensor);
    for (NodeDef& made : made_) *graph_.add_node() = std::move(made);
    drop_replaced();
  }

 private:
  void cut(ModelPort& port) {
    const auto [name, index] = split_tensor(port.tensor);
    const auto found = nodes_.find(name);
    if (found == nodes_.end() || found->second->op() == "Placeholder") return;
    NodeDef placeholder;
    for (placeholder.set_name(index == 0 ? name : fmt::format("{}_{}", name, index)); index != 0 && nodes_.contains(placeholder.name());) placeholder.set_name(placeholder.name() + "_");
    placeholder.set_op("Placeholder");
    (*placeholder.mutable_attr())["dtype"].set_type(port.fact ? to_data_type(port.fact->dtype) : type_of(*found->second, index));
    set_shape(placeholder, port.fact ? port.fact->shape : ShapeFact());
    replaced_[name].emplace(index, placeholder.name());
    port.tensor = placeholder.name();
    made_.push_back(std::move(placeholder));
  }

  void redirect(std::string& input) const {
    if (input.starts_with('^')) return;
    const auto [name, index] = split_tensor(input);
    const auto cuts = replaced_.find(name);
    if (cuts == replaced_.end()) return;
    const auto to = cuts->second.find(index);
    require(to != cuts->second.end(), "the graph is cut at node '{}', but output {} of it is needed too: name it in --inputs", name, index);
    input = to->second;
  }

  void drop_replaced() {
    auto& nodes = *graph_.mutable_node();
    const auto gone = [&](const NodeDef& node) { return replaced_.contains(node.name()) && node.op() != "Placeholder"; };
    std::set<std::string> removed;
    for (const NodeDef& node : nodes) {
      if (gone(node)) removed.insert(node.name());
    }
    nodes.erase(std::remove_if(nodes.begin(), nodes.end(), gone), nodes.end());
    for (NodeDef& node : nodes) {  // control edges from what is not there
      auto& inputs = *node.mutable_input();
      inputs.erase(std::remove_if(inputs.begin(), inputs.end(),
                                  [&](const std::string& input) { return input.starts_with('^') && removed.contains(input.substr(1)) && !replaced_.at(input.substr(1)).contains(0); }),
                   inputs.end());
    }
  }

  GraphDef& graph_;
  std::map<std::string, NodeDef*> nodes_;
  std::map<std::string, std::map<int, std::string>> replaced_;
  std::vector<NodeDef> made_;
};

/// What a graph alone does not hold.
void require_stateless(const GraphDef& graph) {
  std::map<std::string, std::string> found;
  const auto look = [&](const NodeDef& node) {
    const std::string& op = node.op();
    const bool state = op.find("HashTable") != std::string::npos || op.find("Queue") != std::string::npos || op.starts_with("Iterator") || op.find("Reader") == 0 ||
                       op.starts_with("VarHandle") || op.starts_with("OneShotIterator") || op.starts_with("MutableDenseHash");
    if (state && !op.starts_with("_")) found.emplace(op, node.name());
  };
  for (const NodeDef& node : graph.node()) look(node);
  for (const FunctionDef& function : graph.library().function()) {
    for (const NodeDef& node : function.node_def()) look(node);
  }
  std::string text;
  for (const auto& [op, node] : found) text += fmt::format("{}node '{}' ({})", text.empty() ? "" : ", ", node, op);
  require(found.empty(), "needs state that a graph of constants does not hold: {}; cut it behind them with --inputs, or choose other --outputs", text);
}

std::vector<ModelPort> placeholders(const FrozenModel& model) {
  std::vector<ModelPort> ports;
  for (const NodeDef& node : model.file.graph->node()) {
    if (node.op() != "Placeholder" && node.op() != "PlaceholderV2" && node.op() != "PlaceholderWithDefault") continue;
    const auto known = std::ranges::find(model.inputs, node.name(), &ModelPort::tensor);
    ports.push_back(known != model.inputs.end() ? *known : ModelPort{node.name(), node.name(), {}});
  }
  return ports;
}

}  // namespace

FreezeReport freeze_model(const std::filesystem::path& path, const std::filesystem::path& output, const FreezeOptions& options) {
  return in_context([&] { return path.string(); }, [&] {
    FrozenModel model = read_frozen(locate(path), options.import);
    const Cuts cuts(model);
    require_stateless(*model.file.graph);
    if (options.for_tensorflow_1_15) write_for_tensorflow_1_15(*model.file.graph);
    FreezeReport report;
    report.format = model.format;
    report.node_count = model.node_count;
    report.variable_count = model.variable_count;
    for (const ModelPort& port : placeholders(model)) report.inputs.push_back({port.name, full_name(port.tensor)});
    for (const ModelPort& port : model.outputs) report.outputs.push_back({port.name, full_name(port.tensor)});
    report.frozen_node_count = static_cast<std::size_t>(model.file.graph->node_size());
    write_graph_def(model.file, output, options.text);
    report.file_bytes = static_cast<std::size_t>(std::filesystem::file_size(output));
    return report;
  });
}

}  // namespace temper
