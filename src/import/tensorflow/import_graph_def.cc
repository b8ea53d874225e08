#include "import/tensorflow/import_graph_def.h"

#include "import/tensorflow/ends.h"
#include "import/tensorflow/values.h"

namespace temper::tensorflow {
namespace {

bool is_placeholder(std::string_view op) { return op == "Placeholder" || op == "PlaceholderV2"; }

/// Type and shape as the node's own attributes tell them.
Fact declared_fact(const SourceNode& node) {
  const AttrValue* dtype = find_attribute(*node.def, "dtype");
  require(dtype != nullptr, "attribute 'dtype' is missing");
  Fact fact{to_dtype(dtype->type()), {}, {}};
  require(fact.dtype != DType::kList, "an input of type {} is not supported", DataType_Name(dtype->type()));
  const AttrValue* shape = find_attribute(*node.def, "shape");
  const AttrValue* output_shapes = find_attribute(*node.def, "_output_shapes");
  if (shape != nullptr && shape->has_shape()) {
    fact.shape = to_shape(shape->shape());
    const bool unset = fact.shape.rank_known() && fact.shape.rank() == 0;  // early writers left unknown shapes empty
    if (unset && node.op == "Placeholder") fact.shape = {};
  }
  if (!fact.shape.rank_known() && output_shapes != nullptr && output_shapes->list().shape_size() == 1) {
    fact.shape = to_shape(output_shapes->list().shape(0));
  }
  return fact;
}

/// A model's graph, its ends found.
class Model {
 public:
  Model(const GraphFile& file, const ImportOptions& options, const PortNames& names)
      : library_(*file.graph->mutable_library(), file.contents), source_(*file.graph, file.contents), names_(names),
        ends_(options.outputs.empty() ? find_ends(source_, library_) : named_ends(source_, options.outputs)) {
    for (std::size_t i = 0; i < names.outputs.size(); ++i) ends_.at(i).name = names.outputs[i];
    for (const ImportInput& input : options.inputs) cuts_[source_.edge(input.name)] = &input;
    std::vector<bool> cut(static_cast<std::size_t>(source_.size()));
    for (const auto& [edge, input] : cuts_) cut[static_cast<std::size_t>(edge.node)] = true;
    live_ = source_.live(edges(), cut);
  }

  Graph import() {
    Graph graph;
    std::map<SourceEdge, ValueId> given;
    for (const auto& [edge, port] : inputs()) given[edge] = graph.add_input(port.name, port.fact);
    Emitter emitter(library_, source_, graph, std::move(given));
    const ValueIds values = emitter.emit(edges());
    for (std::size_t i = 0; i < ends_.size(); ++i) graph.add_output(ends_[i].name, values[i]);
    return graph.compacted();
  }

  ModelSummary summarise();
  /// Source operators of live nodes, functions included, that no rule imports.
  std::vector<UnsupportedOp> unsupported();

 private:
  std::vector<SourceEdge> edges() const {
    std::vector<SourceEdge> edges;
    for (const End& end : ends_) edges.push_back(end.edge);
    return edges;
  }
  std::vector<std::pair<SourceEdge, SourcePort>> inputs() const;
  void visit_live(const std::function<void(SourceGraph&, int)>& visit);
  void visit_functions(SourceGraph& graph, int id, std::set<std::string>& seen,
                       const std::function<void(SourceGraph&, int)>& visit);

  FunctionLibrary library_;
  SourceGraph source_;
  const PortNames& names_;
  std::vector<End> ends_;
  std::map<SourceEdge, const ImportInput*> cuts_;
  std::vector<bool> live_;
};

std::vector<std::pair<SourceEdge, SourcePort>> Model::inputs() const {
  std::vector<std::pair<SourceEdge, SourcePort>> ports;
  const auto named = [&](const std::string& tensor) {
    const auto found = names_.inputs.find(tensor);
    return found == names_.inputs.end() ? tensor : found->second;
  };
  for (int id = 0; id < source_.size(); ++id) {
    if (!live_[static_cast<std::size_t>(id)]) continue;
    const SourceNode& node = source_.node(id);
    const auto cut = std::ranges::find_if(cuts_, [&](const auto& entry) { return entry.first.node == id; });
    if (cut == cuts_.end() && !is_placeholder(node.op)) continue;
    in_context([&] { return fmt::format("node '{}' ({})", node.name, node.op); }, [&] {
      if (is_placeholder(node.op)) {
        ports.push_back({{id, 0}, {named(node.name), declared_fact(node)}});
      } else {
        const auto& given = cut->second->fact;
        ports.push_back({cut->first, {named(cut->second->name), given ? *given : declared_fact(node)}});
      }
    });
  }
  return ports;
}

void Model::visit_functions(SourceGraph& graph, int id, std::set<std::string>& seen,
                            const std::function<void(SourceGraph&, int)>& visit) {
  const SourceNode& node = graph.node(id);
  if (node.def == nullptr) return;
  std::vector<std::string> names = {node.op};
  for (const auto& [name, value] : node.def->attr()) {
    if (value.has_func()) names.push_back(value.func().name());
    for (const auto& function : value.list().func()) names.push_back(function.name());
  }
  for (const std::string& name : names) {
    if (!library_.contains(name) || !seen.insert(name).second) continue;
    SourceGraph& callee = *library_.find(name);
    const std::vector<bool> live = callee.live(callee.results());
    for (int inner = 0; inner < callee.size(); ++inner) {
      if (!live[static_cast<std::size_t>(inner)]) continue;
      visit(callee, inner);
      require(seen.size() < 10000, "uses more than 10000 functions");
      visit_functions(callee, inner, seen, visit);
    }
  }
}

void Model::visit_live(const std::function<void(SourceGraph&, int)>& visit) {
  std::set<std::string> seen;
  for (int id = 0; id < source_.size(); ++id) {
    if (!live_[static_cast<std::size_t>(id)]) continue;
    visit(source_, id);
    visit_functions(source_, id, seen, visit);
  }
}

std::vector<UnsupportedOp> Model::unsupported() {
  std::map<std::string, std::vector<std::string>> nodes;
  visit_live([&](SourceGraph& graph, int id) {
    const SourceNode& node = graph.node(id);
    const bool cut = &graph == &source_ && std::ranges::any_of(cuts_, [&](const auto& entry) { return entry.first.node == id; });
    if (!cut && !importable(node, library_)) nodes[node.op].push_back(node.name);
  });
  std::vector<UnsupportedOp> all;
  for (auto& [op, names] : nodes) all.push_back({op, std::move(names)});
  return all;
}

ModelSummary Model::summarise() {
  ModelSummary summary;
  summary.node_count = static_cast<std::size_t>(source_.size());
  summary.function_count = library_.size();
  for (auto& [edge, port] : inputs()) summary.inputs.push_back(std::move(port));
  summary.unsupported = unsupported();
  for (const End& end : ends_) summary.outputs.push_back({end.name, {}});
  visit_live([&](SourceGraph& graph, int id) {
    const SourceNode& node = graph.node(id);
    if (node.def == nullptr) return;
    ++summary.live_node_count;
    ++summary.op_census[node.op];
    if (node.op != "Const") return;
    const Fact value = graph.constant_fact(id);
    summary.parameter_count += value.shape.elements().value();
    summary.parameter_bytes += static_cast<std::size_t>(value.shape.elements().value()) * size_of(value.dtype);
  });
  return summary;
}

/// "NonMaxSuppressionV9 (90 nodes, the first 'a/b')", all of them.
std::string list_unsupported(const std::vector<UnsupportedOp>& all) {
  std::string text;
  for (const UnsupportedOp& op : all) {
    text += fmt::format("{}{} ({} node{}, the first '{}')", text.empty() ? "" : ", ", op.op, op.nodes.size(),
                        op.nodes.size() == 1 ? "" : "s", op.nodes.front());
  }
  return text;
}

}  // namespace

Graph import_graph_def(const GraphFile& file, const ImportOptions& options, const PortNames& names) {
  Model model(file, options, names);
  try {
    return model.import();
  } catch (const NoRuleError& error) {
    const auto unsupported = model.unsupported();
    if (unsupported.empty()) throw;
    throw ModelError(fmt::format("operators are not supported: {}. Choose outputs that do not need them with --outputs, or cut the graph "
                                 "after them with --input NAME=FILE.npy",
                                 list_unsupported(unsupported)));
  }
}

ModelSummary summarise_graph_def(const GraphFile& file, const ImportOptions& options, const PortNames& names) {
  return Model(file, options, names).summarise();
}

}  // namespace temper::tensorflow
