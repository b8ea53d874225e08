#include "import/tensorflow/freeze.h"

#include <algorithm>
#include <set>

#include "import/tensorflow/control_flow.h"
#include "import/tensorflow/freezer.h"
#include "import/tensorflow/values.h"

namespace temper::tensorflow {
namespace {

/// Operators that write to the variable that is their first input.
bool writes(std::string_view op) {
  static const std::set<std::string_view> others = {"ScatterAdd", "ScatterSub", "ScatterMul",   "ScatterDiv",   "ScatterMin",      "ScatterMax",
                                                    "ScatterUpdate", "ScatterNdAdd", "ScatterNdSub", "ScatterNdUpdate", "CountUpTo"};
  return op.starts_with("Assign") || op.starts_with("Apply") || op.starts_with("SparseApply") || op.starts_with("Resource") || others.contains(op);
}

/// Operators whose outputs are their inputs.
bool hands_on(std::string_view op) {
  return is_identity(op) || is_switch(op) || is_merge(op) || is_enter(op) || is_exit(op) || is_next_iteration(op) || op == "IdentityN";
}

/// Whether a control edge from the node says in which branch or loop its target is.
bool places(const SourceGraph& source, const SourceNode& node) {
  return source.is_pivot(node) || is_switch(node.op) || is_merge(node.op) || is_enter(node.op);
}

/// What outputs depend on, and what says where that is placed.
std::vector<bool> kept(const SourceGraph& source, std::vector<SourceEdge> ends, const std::vector<bool>& cut) {
  for (;;) {
    const std::vector<bool> live = source.live(ends, cut);
    const std::size_t before = ends.size();
    for (int id = 0; id < source.size(); ++id) {
      const auto i = static_cast<std::size_t>(id);
      if (!live[i] || (!cut.empty() && cut[i])) continue;
      for (const int control : source.node(id).controls) {
        if (!live[static_cast<std::size_t>(control)] && places(source, source.node(control))) ends.push_back({control, 0});
      }
    }
    if (ends.size() == before) return live;
  }
}

void set_type(NodeDef& node, const std::string& name, DataType type) { (*node.mutable_attr())[name].set_type(type); }

void rename_attribute(NodeDef& node, const std::string& from, const std::string& to) {
  const auto found = node.attr().find(from);
  if (found == node.attr().end()) return;
  const AttrValue value = found->second;
  node.mutable_attr()->erase(from);
  (*node.mutable_attr())[to] = value;
}

void become_constant(NodeDef& node, TensorProto value) {
  node.set_op("Const");
  node.mutable_attr()->clear();
  set_type(node, "dtype", value.dtype());
  *(*node.mutable_attr())["value"].mutable_tensor() = std::move(value);
}

/// What serves training or placement alone.
void drop_attributes(NodeDef& node) {
  for (const char* name : {"_class", "_gradient_op_type", "_read_only_resource_inputs", "_has_manual_control_dependencies"}) node.mutable_attr()->erase(name);
  if (node.op() != "Placeholder") node.mutable_attr()->erase("_output_shapes");
  node.clear_device();
  node.DiscardUnknownFields();
}

}  // namespace

Freezer::Freezer(GraphDef& graph, Contents& contents, Variables& variables) : contents_(contents), variables_(variables) {
  for (FunctionDef& function : *graph.mutable_library()->mutable_function()) functions_.emplace(function.signature().name(), &function);
}

void Freezer::rewrite_all(Body& body, const std::vector<SourceEdge>& ends) {
  const std::vector<bool> keep = kept(body.source, ends, body.cut);
  for (const int id : body.source.order(keep, body.cut)) {
    const SourceNode& from = body.source.node(id);
    if (from.def == nullptr) continue;
    in_context([&] { return fmt::format("node '{}' ({})", from.name, from.op); }, [&] {
      NodeDef node = *from.def;
      drop_attributes(node);
      std::vector<std::string> data, controls;
      for (const std::string& input : from.def->input()) {
        if (!input.starts_with('^')) data.push_back(input);
        else if (const int control = body.source.find(std::string_view(input).substr(1)); control >= 0 && keep[static_cast<std::size_t>(control)]) controls.push_back(input);
      }
      node.clear_input();
      if (!body.is_cut(id)) {
        rewrite(body, id, node, data);
        for (const std::string& input : data) node.add_input(input);
        for (const std::string& input : controls) node.add_input(input);
      }
      body.nodes[id].push_back(std::move(node));
    });
  }
}

/// Changes the operator and attributes of a copy of node `id`; `data` are its inputs.
void Freezer::rewrite(Body& body, int id, NodeDef& node, std::vector<std::string>& data) {
  const SourceNode& from = body.source.node(id);
  if (is_variable(from.op)) return replace_variable(body, id, node);
  if (rewrite_call(body, id, node)) return;
  const Held* held = nullptr;
  for (const SourceEdge& input : from.inputs) {
    if (held == nullptr) held = body.find(input);
  }
  if (hands_on(from.op)) {
    if (node.op().starts_with("Ref")) node.set_op(node.op().substr(3));
    if (held != nullptr) hand_on(body, id, node);
    return;
  }
  if (held == nullptr) return;
  const bool first = body.find(from.inputs[0]) == held;
  require(!(first && writes(from.op)) || from.op == "ResourceGather" || from.op == "ResourceGatherNd",
          "changes variable '{}' when the model runs, which a graph of constants cannot; choose outputs that do not need it", held->variable);
  if (from.op == "IsVariableInitialized" || from.op == "VarIsInitializedOp") {
    TensorProto yes;
    yes.set_dtype(DT_BOOL);
    yes.mutable_tensor_shape();
    yes.add_bool_val(true);
    become_constant(node, std::move(yes));
    data.clear();
    body.renamed.insert(node.name());
  } else if (held->handle) {
    read_variable(body, node, data, *held);
    body.renamed.insert(node.name());
  }
}

void Freezer::replace_variable(Body& body, int id, NodeDef& node) {
  const auto value = variables_.value(node, contents_);
  const AttrValue* dtype = find_attribute(node, "dtype");
  TensorProto tensor;
  tensor.set_dtype(dtype == nullptr ? DT_FLOAT : dtype->type());
  if (value) tensor = *value;
  body.held[{id, 0}] = {tensor.dtype(), node.op() == "VarHandleOp", node.name()};
  become_constant(node, std::move(tensor));
  body.renamed.insert(node.name());
}

/// An operator on a handle becomes the one on the tensor.
void Freezer::read_variable(Body& body, NodeDef& node, std::vector<std::string>& data, const Held& held) {
  const std::string op = node.op();
  if (op == "ReadVariableOp") {
    node.set_op("Identity");
    node.mutable_attr()->erase("dtype");
    set_type(node, "T", held.type);
  } else if (op == "VariableShape") {
    node.set_op("Shape");
    set_type(node, "T", held.type);
  } else if (op == "ResourceGatherNd") {
    node.set_op("GatherNd");
    rename_attribute(node, "dtype", "Tparams");
  } else if (op == "ResourceGather") {
    const AttrValue* batch = find_attribute(node, "batch_dims");
    TensorProto axis;
    axis.set_dtype(DT_INT32);
    axis.mutable_tensor_shape();
    axis.add_int_val(batch == nullptr ? 0 : static_cast<std::int32_t>(batch->i()));
    NodeDef constant;
    for (constant.set_name(node.name() + "/axis"); body.source.find(constant.name()) >= 0;) constant.set_name(constant.name() + "_");
    become_constant(constant, std::move(axis));
    data.push_back(body.in_function ? constant.name() + ":output:0" : constant.name());
    body.nodes[body.source.find(node.name())].push_back(std::move(constant));
    node.set_op("GatherV2");
    rename_attribute(node, "dtype", "Tparams");
    node.mutable_attr()->erase("validate_indices");
    set_type(node, "Taxis", DT_INT32);
  } else {
    throw ModelError(fmt::format("takes the handle of variable '{}', which is not supported where variables become constants", held.variable));
  }
}

void Freezer::hand_on(Body& body, int id, NodeDef& node) {
  const SourceNode& from = body.source.node(id);
  const bool many = from.op == "IdentityN";
  for (std::size_t i = 0; i < from.inputs.size(); ++i) {
    const Held* held = body.find(from.inputs[i]);
    if (held == nullptr) continue;
    body.held[{id, many ? static_cast<int>(i) : 0}] = *held;
    if (is_switch(from.op)) body.held[{id, 1}] = *held;
    if (!held->handle) continue;
    auto& type = (*node.mutable_attr())["T"];
    if (!many) type.set_type(held->type);
    else if (static_cast<int>(i) < type.list().type_size()) type.mutable_list()->set_type(static_cast<int>(i), held->type);
  }
}

namespace {

/// The types of handles change in an attribute that lists those of a call's arguments or results, and shapes that were those of handles go.
void set_types(NodeDef& node, const char* name, const HandleTypes& types, const char* shapes) {
  auto& attributes = *node.mutable_attr();
  const auto listed = attributes.find(name);
  const auto shaped = attributes.find(shapes);
  for (std::size_t i = 0; i < types.size(); ++i) {
    const auto at = static_cast<int>(i);
    if (types[i] == DT_INVALID) continue;
    if (listed != attributes.end() && at < listed->second.list().type_size()) listed->second.mutable_list()->set_type(at, types[i]);
    if (shaped == attributes.end() || at >= shaped->second.list().shape_size()) continue;
    shaped->second.mutable_list()->mutable_shape(at)->Clear();
    shaped->second.mutable_list()->mutable_shape(at)->set_unknown_rank(true);
  }
}

/// A TensorRT engine does what the function does that it was made of.
void become_fallback(NodeDef& node, const std::map<std::string, FunctionDef*, std::less<>>& functions) {
  const AttrValue* function = find_attribute(node, "segment_func");
  const AttrValue* text = find_attribute(node, "segment_funcdef_name");
  const std::string name = function != nullptr && function->has_func() ? function->func().name() : text == nullptr ? "" : text->s();
  require(functions.contains(name), "is an engine of TensorRT, of which the file does not hold the graph that it was made of; use the model from before its conversion");
  const auto types = [&](const char* attribute) {
    const AttrValue* value = find_attribute(node, attribute);
    return value == nullptr ? AttrValue() : *value;
  };
  const AttrValue in = types("InT"), out = types("OutT");
  node.set_op("StatefulPartitionedCall");
  node.mutable_attr()->clear();
  (*node.mutable_attr())["f"].mutable_func()->set_name(name);
  (*node.mutable_attr())["Tin"] = in;
  (*node.mutable_attr())["Tout"] = out;
}

}  // namespace

/// True where the node calls functions; they are then specialised to what its arguments hold.
bool Freezer::rewrite_call(Body& body, int id, NodeDef& node) {
  if (node.op() == "TRTEngineOp") become_fallback(node, functions_);
  const SourceNode& from = body.source.node(id);
  const bool direct = functions_.contains(from.op);
  const bool calls = direct || std::ranges::any_of(node.attr(), [](const auto& entry) { return entry.second.has_func() || entry.second.list().func_size() > 0; });
  if (!calls) return false;
  const std::string& op = node.op();
  const bool branches = op == "If" || op == "StatelessIf" || op == "Case" || op == "StatelessCase";
  const bool loops = op == "While" || op == "StatelessWhile";
  const bool known = direct || branches || loops || op == "PartitionedCall" || op == "StatefulPartitionedCall";
  HandleTypes arguments;
  std::string variable;
  for (std::size_t i = branches ? 1 : 0; i < from.inputs.size(); ++i) {
    const Held* held = body.find(from.inputs[i]);
    const bool handle = held != nullptr && held->handle;
    arguments.push_back(handle ? held->type : DT_INVALID);
    if (handle) variable = held->variable;
  }
  require(known || variable.empty(), "takes the handle of variable '{}', which is not supported where variables become constants", variable);
  HandleTypes results;
  const auto specialised = [&](const std::string& name, bool counts) {
    const Specialised& function = specialise(name, known ? arguments : HandleTypes());
    if (counts) results = function.results;
    return function.name;
  };
  if (direct) node.set_op(specialised(from.op, true));
  for (auto& [name, value] : *node.mutable_attr()) {
    if (value.has_func()) value.mutable_func()->set_name(specialised(value.func().name(), name != "cond"));
    if (!value.has_list()) continue;
    for (auto& function : *value.mutable_list()->mutable_func()) function.set_name(specialised(function.name(), true));
  }
  set_types(node, loops ? "T" : "Tin", arguments, loops ? "output_shapes" : "");
  if (!loops) set_types(node, "Tout", results, "output_shapes");
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i] != DT_INVALID) body.held[{id, static_cast<int>(i)}] = {results[i], true, variable};
  }
  return true;
}

const Freezer::Specialised& Freezer::specialise(const std::string& name, HandleTypes arguments) {
  while (!arguments.empty() && arguments.back() == DT_INVALID) arguments.pop_back();
  const auto key = std::pair(name, arguments);
  const auto found = specialised_.find(key);
  if (found != specialised_.end()) return found->second;
  const auto function = functions_.find(name);
  require(function != functions_.end(), "names function '{}', which the file does not hold", name);
  require(specialised_.size() < kMostFunctions && depth_ < kMaxDepth, "its functions call one another without an end");
  Specialised made{name, {}};
  for (int i = 1; frozen_.contains(made.name); ++i) made.name = fmt::format("{}_{}", name, i);
  while (made.name != name && functions_.contains(made.name)) made.name += "_";
  frozen_[made.name];  // the name is taken, whatever the functions that it calls are named
  ++depth_;
  FunctionDef frozen = in_context([&] { return fmt::format("function '{}'", name); }, [&] { return freeze_function(*function->second, arguments, made.results); });
  --depth_;
  frozen.mutable_signature()->set_name(made.name);
  frozen_[made.name] = std::move(frozen);
  return specialised_.emplace(key, std::move(made)).first->second;
}

/// An input "node:output:0" of a node that has another operator now, whose one output is named so.
static void rename_input(std::string& input, const std::set<std::string>& renamed) {
  const std::string name = input.substr(0, input.find(':'));
  if (name != input && renamed.contains(name)) input = name + ":output:0";
}

FunctionDef Freezer::freeze_function(FunctionDef& function, const HandleTypes& arguments, HandleTypes& results) {
  SourceGraph source(function, contents_);
  Body body{source, {}, true, {}, {}, {}};
  FunctionDef frozen;
  OpDef& signature = *frozen.mutable_signature();
  signature = function.signature();
  signature.DiscardUnknownFields();
  signature.clear_control_output();
  for (std::size_t i = 0; i < arguments.size() && static_cast<int>(i) < signature.input_arg_size(); ++i) {
    if (arguments[i] == DT_INVALID) continue;
    auto& argument = *signature.mutable_input_arg(static_cast<int>(i));
    argument.set_type(arguments[i]);
    body.held[{static_cast<int>(i), 0}] = {arguments[i], true, argument.name()};
  }
  rewrite_all(body, source.results());
  for (std::size_t i = 0; i < source.results().size(); ++i) {
    const Held* held = body.find(source.results()[i]);
    results.push_back(held != nullptr && held->handle ? held->type : DT_INVALID);
    if (results.back() != DT_INVALID) signature.mutable_output_arg(static_cast<int>(i))->set_type(results.back());
  }
  for (auto& [id, nodes] : body.nodes) {
    for (NodeDef& node : nodes) {
      for (std::string& input : *node.mutable_input()) rename_input(input, body.renamed);
      *frozen.add_node_def() = std::move(node);
    }
  }
  for (auto [name, result] : function.ret()) {
    rename_input(result, body.renamed);
    (*frozen.mutable_ret())[name] = result;
  }
  for (const auto& [name, value] : function.attr()) {
    static const std::set<std::string_view> dropped = {"api_implements", "api_preferred_device", "forward_function_name", "backward_function_name", "_input_shapes"};
    if (!dropped.contains(name)) (*frozen.mutable_attr())[name] = value;
  }
  return frozen;
}

FunctionDefLibrary Freezer::take_library() {
  FunctionDefLibrary library;
  for (auto& [name, function] : frozen_) *library.add_function() = std::move(function);
  return library;
}

GraphDef freeze(GraphDef& graph, SourceGraph& source, const std::vector<SourceEdge>& ends, const std::vector<bool>& cut, Contents& contents, Variables& variables) {
  Freezer freezer(graph, contents, variables);
  Body body{source, cut, false, {}, {}, {}};
  freezer.rewrite_all(body, ends);
  variables.require_all();
  GraphDef frozen;
  for (auto& [id, nodes] : body.nodes) {
    for (NodeDef& node : nodes) *frozen.add_node() = std::move(node);
  }
  *frozen.mutable_library() = freezer.take_library();
  *frozen.mutable_versions() = graph.versions();
  return frozen;
}

}  // namespace temper::tensorflow
