#include "import/tensorflow/variables.h"

#include <charconv>
#include <set>

#include "import/tensorflow/checkpoint/slices.h"
#include "import/tensorflow/values.h"

namespace temper::tensorflow {
namespace {

/// Where an input comes from: "node", "node:1", "node:output:1".
struct Source {
  std::string_view node;
  int port = 0;
};

Source source_of(std::string_view input) {
  const std::size_t first = input.find(':'), last = input.rfind(':');
  Source source{input.substr(0, first), 0};
  if (last != std::string_view::npos) std::from_chars(input.data() + last + 1, input.data() + input.size(), source.port);
  return source;
}

bool assigns(std::string_view op) { return op == "Assign" || op == "AssignVariableOp"; }

/// Operators that hand on what they restore, or the variable itself.
bool passes(std::string_view op) { return op == "Identity" || op == "RefIdentity" || op == "Cast" || op == "Reshape"; }

template <class Nodes>
const NodeDef* trace(const Nodes& nodes, Source& source) {
  constexpr int kMostSteps = 16;
  for (int step = 0; step < kMostSteps; ++step) {
    const auto found = nodes.find(source.node);
    if (found == nodes.end()) return nullptr;
    const NodeDef* node = found->second;
    if (!passes(node->op()) || node->input_size() == 0) return node;
    source = source_of(node->input(0));
  }
  return nullptr;
}

/// The strings of a Const that an input names.
std::string constant_string(const auto& nodes, const NodeDef& node, int input, int place) {
  if (input >= node.input_size()) return {};
  Source source = source_of(node.input(input));
  const NodeDef* constant = trace(nodes, source);
  if (constant == nullptr || constant->op() != "Const") return {};
  const AttrValue* value = find_attribute(*constant, "value");
  if (value == nullptr || place < 0 || place >= value->tensor().string_val_size()) return {};
  return value->tensor().string_val(place);
}

std::string text_attribute(const NodeDef& node, std::string_view name) {
  const AttrValue* value = find_attribute(node, name);
  return value == nullptr ? std::string() : value->s();
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) text += fmt::format("{}'{}'", i == 0 ? "" : ", ", names[i]);
  if (names.size() > kShown) text += fmt::format(" and {} more", names.size() - kShown);
  return text;
}

/// Restores of variables among these nodes: calls `found(variable input, key, slice)`.
template <class Found>
void visit_restores(const auto& nodes, Found&& found) {
  for (const auto& [name, node] : nodes) {
    if (!assigns(node->op()) || node->input_size() < 2) continue;
    Source value = source_of(node->input(1));
    const NodeDef* restore = trace(nodes, value);
    if (restore == nullptr) continue;
    const bool many = restore->op() == "RestoreV2";
    if (!many && restore->op() != "Restore" && restore->op() != "RestoreSlice") continue;
    const std::string key = constant_string(nodes, *restore, 1, many ? value.port : 0);
    if (!key.empty()) found(node->input(0), key, restore->op() == "Restore" ? std::string() : constant_string(nodes, *restore, 2, many ? value.port : 0));
  }
}

}  // namespace

bool is_variable(std::string_view op) { return op == "Variable" || op == "VariableV2" || op == "VarHandleOp"; }

Variables::Variables(const GraphDef& graph, std::shared_ptr<const Checkpoint> checkpoint) : checkpoint_(std::move(checkpoint)) {
  if (!checkpoint_) return;
  find_restored(graph);
  find_object_names();
}

void Variables::find_restored(const GraphDef& graph) {
  Nodes nodes;
  for (const NodeDef& node : graph.node()) nodes.emplace(node.name(), &node);
  visit_restores(nodes, [&](const std::string& variable, const std::string& key, const std::string& slice) {
    Source source = source_of(variable);
    const NodeDef* node = trace(nodes, source);
    if (node != nullptr && is_variable(node->op())) restored_.emplace(node->name(), Stored{key, slice});
  });
  std::map<std::string, const FunctionDef*, std::less<>> functions;
  for (const FunctionDef& function : graph.library().function()) functions.emplace(function.signature().name(), &function);
  for (const NodeDef& node : graph.node()) {
    const AttrValue* called = find_attribute(node, "f");
    if (called == nullptr || !called->has_func()) continue;
    const auto function = functions.find(called->func().name());
    if (function != functions.end()) find_restored_in_function(node, *function->second, nodes);
  }
}

/// TensorFlow 2 restores in a function that is given the variables' handles.
void Variables::find_restored_in_function(const NodeDef& call, const FunctionDef& function, const Nodes& outside) {
  Nodes inside;
  for (const NodeDef& node : function.node_def()) inside.emplace(node.name(), &node);
  std::map<std::string_view, int> arguments;
  for (int i = 0; i < function.signature().input_arg_size(); ++i) arguments.emplace(function.signature().input_arg(i).name(), i);
  visit_restores(inside, [&](const std::string& variable, const std::string& key, const std::string& slice) {
    const auto argument = arguments.find(source_of(variable).node);
    if (argument == arguments.end() || argument->second >= call.input_size()) return;
    Source source = source_of(call.input(argument->second));
    const NodeDef* node = trace(outside, source);
    if (node != nullptr && is_variable(node->op())) restored_.emplace(node->name(), Stored{key, slice});
  });
}

void Variables::find_object_names() {
  constexpr std::string_view kGraphKey = "_CHECKPOINTABLE_OBJECT_GRAPH";
  const auto* entry = checkpoint_->find(kGraphKey);
  if (entry == nullptr || entry->dtype != DT_STRING) return;
  TrackableObjectGraph objects;
  require(objects.ParseFromString(checkpoint_->read_string(kGraphKey)), "checkpoint {}: its graph of objects is damaged", checkpoint_->prefix().string());
  for (const auto& object : objects.nodes()) {
    for (const auto& attribute : object.attributes()) keys_of_names_.emplace(attribute.full_name(), attribute.checkpoint_key());
  }
}

std::optional<Variables::Stored> Variables::stored_of(const NodeDef& variable) const {
  if (!checkpoint_) return std::nullopt;
  const auto has = [&](const std::string& key) { return checkpoint_->find(key) != nullptr; };
  const auto restored = restored_.find(variable.name());
  if (restored != restored_.end() && has(restored->second.key)) return restored->second;
  for (const std::string& name : {text_attribute(variable, "shared_name"), variable.name()}) {
    if (name.empty()) continue;
    if (has(name)) return Stored{name, {}};
    const auto object = keys_of_names_.find(name);
    if (object != keys_of_names_.end() && has(object->second)) return Stored{object->second, {}};
  }
  return std::nullopt;
}

std::optional<TensorProto> Variables::value(const NodeDef& variable, Contents& contents) {
  const auto stored = stored_of(variable);
  if (!stored) {
    missing_.push_back(variable.name());
    return std::nullopt;
  }
  Fact fact = checkpoint_->fact(stored->key);
  const Shape whole = *fact.shape.known();
  const TensorSlice slice = in_context([&] { return fmt::format("variable '{}'", variable.name()); }, [&] { return to_slice(stored->slice, whole); });
  fact.shape = slice.shape();
  const AttrValue* dtype = find_attribute(variable, "dtype");
  const AttrValue* shape = find_attribute(variable, "shape");
  Fact declared{dtype == nullptr ? fact.dtype : to_dtype(dtype->type()), shape == nullptr || !shape->has_shape() ? ShapeFact() : to_shape(shape->shape()), {}};
  if (variable.op() == "Variable" && declared.shape.rank_known() && declared.shape.rank() == 0) declared.shape = {};  // which it has where it is not known
  bool fits = declared.dtype == fact.dtype && (!declared.shape.rank_known() || declared.shape.rank() == slice.counts.size());
  for (std::size_t axis = 0; fits && declared.shape.rank_known() && axis < slice.counts.size(); ++axis) {
    fits = !declared.shape[axis].known() || declared.shape[axis].value() == slice.counts[axis];
  }
  require(fits, "variable '{}' is {}, but tensor '{}' of checkpoint {} is {}", variable.name(), declared, stored->key, checkpoint_->prefix().filename().string(), fact);
  used_.emplace(stored->key, variable.name());
  TensorProto tensor;
  tensor.set_dtype(dtype == nullptr ? checkpoint_->find(stored->key)->dtype : dtype->type());
  for (const std::int64_t count : slice.counts) tensor.mutable_tensor_shape()->add_dim()->set_size(count);
  if (fact.dtype == DType::kString) {
    tensor.add_string_val(checkpoint_->read_string(stored->key));
    return tensor;
  }
  const std::size_t element_bytes = size_of(fact.dtype);
  const auto count = static_cast<std::size_t>(slice.shape().elements());
  if (count == 0) return tensor;
  const auto read = [checkpoint = checkpoint_, key = stored->key, whole, slice, element_bytes, dtype = fact.dtype](std::span<std::byte> out) {
    if (slice.shape() == whole) return checkpoint->read(key, out);
    Tensor all(dtype, whole);
    checkpoint->read(key, all.mutable_bytes());
    get_slice(all.bytes(), whole, slice, out, element_bytes);
  };
  tensor.set_content_number(contents.add(count * element_bytes, read));
  return tensor;
}

std::vector<std::string> Variables::unused() const {
  std::vector<std::string> names;
  if (!checkpoint_) return names;
  for (const auto& [name, entry] : checkpoint_->entries()) {
    if (!used_.contains(name) && !name.starts_with('_')) names.push_back(name);
  }
  return names;
}

void Variables::require_all() const {
  if (missing_.empty()) return;
  require(checkpoint_ != nullptr, "needs the values of {} variable{} ({}), but there is no checkpoint beside it", missing_.size(), missing_.size() == 1 ? "" : "s",
          listed(missing_));
  const auto others = unused();
  throw ModelError(fmt::format("checkpoint {} has no value for variable{} {}; it has {} tensors, {}", checkpoint_->prefix().filename().string(),
                               missing_.size() == 1 ? "" : "s", listed(missing_), checkpoint_->entries().size(),
                               others.empty() ? "all of which other variables take" : "of which no variable takes " + listed(others)));
}

}  // namespace temper::tensorflow
