#include "import/onnx/import_model.h"

#include "import/onnx/emitter.h"

namespace temper::onnx {
namespace {

const CallAttributes kNoCall;

std::string_view without_port(std::string_view name) { return name.ends_with(":0") ? name.substr(0, name.size() - 2) : name; }

/// Those of subgraphs too.
std::size_t count_nodes(const google::protobuf::RepeatedPtrField<NodeProto>& nodes) {
  auto count = static_cast<std::size_t>(nodes.size());
  for (const NodeProto& node : nodes) {
    for (const AttributeProto& attribute : node.attribute()) count += count_nodes(attribute.g().node());
  }
  return count;
}

/// A model's graph, its ends found.
class Model {
 public:
  Model(ModelFile& file, const ImportOptions& options)
      : proto_(*file.model), files_(file.files), options_(options), opsets_(read_opsets(proto_.opset_import())), library_(proto_, files_),
        source_(*proto_.mutable_graph()) {
    for (const ImportInput& input : options.inputs) cuts_[value_named(input.name)] = &input;
    find_ends();
    for (const auto& [name, input] : cuts_) given_.insert(name);
    for (const std::string& name : source_.inputs()) {
      if (!source_.is_constant(name)) given_.insert(name);
    }
    order_ = source_.order(ends_, given_);
  }

  Graph import() {
    Graph graph;
    Emitter emitter({library_, opsets_, kNoCall, {}, 0}, source_, graph);
    for (const auto& [value, port] : inputs()) {
      emitter.give(value, port.fact.constant ? graph.add_constant(*port.fact.constant, port.name) : graph.add_input(port.name, port.fact));
    }
    const ValueIds values = emitter.emit(ends_);
    for (std::size_t i = 0; i < ends_.size(); ++i) graph.add_output(end_names_[i], values[i]);
    return graph.compacted();
  }

  ModelSummary summarise();
  /// Source operators of live nodes, functions and subgraphs included, that no rule imports.
  std::vector<UnsupportedOp> unsupported();

 private:
  std::string value_named(const std::string& name) const;
  void find_ends();
  std::vector<std::pair<std::string, SourcePort>> inputs();
  Fact fact_of(const std::string& value) const;
  std::set<std::string> used_values();
  using Visit = std::function<void(SourceGraph&, const NodeProto&)>;
  void visit_nodes(SourceGraph& graph, const std::vector<int>& ids, std::set<Function*>& seen, const Visit& visit);
  void visit_live(const Visit& visit);
  bool importable(const NodeProto& node) {
    const std::string op = operator_name(node);
    return is_structural(op) || library_.find(node) != nullptr || rule_table().find_onnx(op) != nullptr;
  }

  ModelProto& proto_;
  ExternalFiles& files_;
  const ImportOptions& options_;
  Opsets opsets_;
  Library library_;
  SourceGraph source_;
  std::map<std::string, const ImportInput*> cuts_;  ///< by value
  Names ends_;
  Names end_names_;
  std::set<std::string, std::less<>> given_;
  std::vector<int> order_;
};

/// A value is asked for by its name, or by that without the ":0" which converters from TensorFlow leave.
std::string Model::value_named(const std::string& name) const {
  const auto exists = [&](const std::string& value) { return source_.gives(value) || source_.is_formal(value); };
  const std::string plain(without_port(name));
  for (const std::string& candidate : {name, plain, plain + ":0"}) {
    if (exists(candidate)) return candidate;
  }
  throw ModelError(fmt::format("there is no value named '{}'; the model's inputs are '{}' and its outputs '{}'", name,
                               fmt::join(source_.inputs(), "', '"), fmt::join(source_.outputs(), "', '")));
}

void Model::find_ends() {
  if (options_.outputs.empty()) {
    ends_ = source_.outputs();
    for (const std::string& end : ends_) end_names_.emplace_back(without_port(end));
  }
  for (const std::string& name : options_.outputs) {
    ends_.push_back(value_named(name));
    end_names_.emplace_back(without_port(name));
  }
  require(!ends_.empty(), "has no outputs; name some with --outputs");
  const std::set<std::string> distinct(end_names_.begin(), end_names_.end());
  if (distinct.size() != end_names_.size()) end_names_ = ends_;
}

/// What the file declares a value to be.
Fact Model::fact_of(const std::string& value) const {
  const auto find = [&](const auto& infos) -> const TypeProto* {
    const auto found = std::ranges::find_if(infos, [&](const ValueInfoProto& info) { return info.name() == value && info.has_type(); });
    return found == infos.end() ? nullptr : &found->type();
  };
  const GraphProto& graph = proto_.graph();
  for (const TypeProto* type : {find(graph.input()), find(graph.value_info()), find(graph.output())}) {
    if (type != nullptr) return declared_fact(*type);
  }
  throw ModelError("has no declared type");
}

std::set<std::string> Model::used_values() {
  std::set<std::string> used(ends_.begin(), ends_.end());
  for (const int id : order_) {
    used.insert(source_.node(id).input().begin(), source_.node(id).input().end());
    for (SourceGraph* graph : source_.subgraphs(id)) used.insert(graph->free_names().begin(), graph->free_names().end());
  }
  return used;
}

/// Values to be given, those of the graph's own inputs first; their ports' facts hold constants where the value is fixed.
std::vector<std::pair<std::string, SourcePort>> Model::inputs() {
  std::vector<std::pair<std::string, SourcePort>> ports;
  const std::set<std::string> used = used_values();
  Names names;
  for (const std::string& name : source_.inputs()) {
    if (given_.contains(name)) names.push_back(name);
  }
  for (const auto& [name, input] : cuts_) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  for (const std::string& name : names) {
    if (!used.contains(name)) continue;
    in_context([&] { return fmt::format("input '{}'", name); }, [&] {
      const auto cut = cuts_.find(name);
      const ImportInput* input = cut == cuts_.end() ? nullptr : cut->second;
      const bool fixed = input != nullptr && input->fact && (input->fact->constant || !source_.is_formal(name));
      ports.push_back({name, {std::string(without_port(name)), fixed ? *input->fact : fact_of(name)}});
    });
  }
  return ports;
}

void Model::visit_nodes(SourceGraph& graph, const std::vector<int>& ids, std::set<Function*>& seen, const Visit& visit) {
  for (const int id : ids) {
    const NodeProto& node = graph.node(id);
    visit(graph, node);
    for (SourceGraph* inner : graph.subgraphs(id)) visit_nodes(*inner, inner->order(inner->outputs(), {}), seen, visit);
    Function* function = library_.find(node);
    if (function == nullptr || !seen.insert(function).second) continue;
    require(seen.size() < 10000, "uses more than 10000 functions");
    visit_nodes(function->graph, function->graph.order(function->graph.outputs(), {}), seen, visit);
  }
}

void Model::visit_live(const Visit& visit) {
  std::set<Function*> seen;
  visit_nodes(source_, order_, seen, visit);
}

std::vector<UnsupportedOp> Model::unsupported() {
  std::map<std::string, std::vector<std::string>> nodes;
  visit_live([&](SourceGraph&, const NodeProto& node) {
    if (!importable(node)) nodes[operator_name(node)].push_back(node_name(node));
  });
  std::vector<UnsupportedOp> all;
  for (auto& [op, names] : nodes) all.push_back({op, std::move(names)});
  return all;
}

ModelSummary Model::summarise() {
  ModelSummary summary;
  summary.node_count = count_nodes(proto_.graph().node());
  for (const FunctionProto& function : proto_.functions()) summary.node_count += count_nodes(function.node());
  summary.function_count = library_.size();
  for (const auto& [value, port] : inputs()) summary.inputs.push_back(port);
  summary.unsupported = unsupported();
  for (const std::string& name : end_names_) summary.outputs.push_back({name, {}});
  const auto own = opsets_.find("");
  summary.format = fmt::format("ONNX model (operator set {})", own == opsets_.end() ? 0 : own->second);
  summary.producer = proto_.producer_name().empty() ? "unknown" : fmt::format("{} {}", proto_.producer_name(), proto_.producer_version());
  std::set<std::pair<SourceGraph*, std::string>> counted;
  const auto count_constant = [&](SourceGraph& graph, const std::string& name) {
    if (!graph.is_constant(name) || !counted.insert({&graph, name}).second) return;
    const Fact value = graph.constant_fact(name, files_);
    summary.parameter_count += value.shape.elements().value();
    summary.parameter_bytes += static_cast<std::size_t>(value.shape.elements().value()) * size_of(value.dtype);
  };
  visit_live([&](SourceGraph& graph, const NodeProto& node) {
    ++summary.live_node_count;
    ++summary.op_census[operator_name(node)];
    for (const std::string& input : node.input()) count_constant(graph, input);
  });
  for (const std::string& name : used_values()) count_constant(source_, name);
  return summary;
}

/// "NonMaxSuppression (90 nodes, the first 'a/b')", all of them.
std::string list_unsupported(const std::vector<UnsupportedOp>& all) {
  std::string text;
  for (const UnsupportedOp& op : all) {
    text += fmt::format("{}{} ({} node{}, the first '{}')", text.empty() ? "" : ", ", op.op, op.nodes.size(), op.nodes.size() == 1 ? "" : "s",
                        op.nodes.front());
  }
  return text;
}

}  // namespace

Graph import_onnx(ModelFile& file, const ImportOptions& options) {
  Model model(file, options);
  try {
    return model.import();
  } catch (const NoRuleError&) {
    const auto unsupported = model.unsupported();
    if (unsupported.empty()) throw;
    throw ModelError(fmt::format("operators are not supported: {}. Choose outputs that do not need them with --outputs, or cut the graph "
                                 "after them with --input NAME=FILE.npy",
                                 list_unsupported(unsupported)));
  }
}

ModelSummary summarise_onnx(ModelFile& file, const ImportOptions& options) { return Model(file, options).summarise(); }

}  // namespace temper::onnx
