#include "import/keras/import_keras.h"

#include <nlohmann/json.hpp>
#include <set>

#include "import/keras/layer_import.h"
#include "import/keras/open_model.h"
#include "import/keras/weights.h"
#include "ops/evaluate.h"
#include "ops/registry.h"

namespace temper::keras {
namespace {

/// Calls of layers in all, those in models that are called several times counted each time.
constexpr std::size_t kMaxCalls = std::size_t{1} << 17;
constexpr int kMaxDepth = 64;

/// Layers whose output has the steps of their input, so that a mask goes on to it.
bool passes_mask(std::string_view name) {
  static const std::set<std::string_view> names = {
      "Activation", "ActivityRegularization", "Add", "AlphaDropout", "Average", "BatchNormalization", "Bidirectional", "Concatenate", "Dense", "Dropout", "ELU", "GRU",
      "GaussianDropout", "GaussianNoise", "GroupNormalization", "LSTM", "LayerNormalization", "LeakyReLU", "Masking", "Maximum", "Minimum", "MultiHeadAttention",
      "Multiply", "PReLU", "ReLU", "SimpleRNN", "Softmax", "SpatialDropout1D", "Subtract", "ThresholdedReLU", "TimeDistributed", "UnitNormalization"};
  return names.contains(name);
}

DType dtype_named(const std::string& name) {
  static const std::map<std::string_view, DType> names = {
      {"float32", DType::kFloat32}, {"float64", DType::kFloat64}, {"float16", DType::kFloat16}, {"bfloat16", DType::kBFloat16}, {"int8", DType::kInt8},
      {"int16", DType::kInt16}, {"int32", DType::kInt32}, {"int64", DType::kInt64}, {"uint8", DType::kUInt8}, {"uint16", DType::kUInt16},
      {"uint32", DType::kUInt32}, {"uint64", DType::kUInt64}, {"bool", DType::kBool}, {"string", DType::kString}};
  const auto found = names.find(name);
  require(found != names.end(), "an input of type '{}' is not supported", name);
  return found->second;
}

/// What an InputLayer takes.
Fact input_fact(const Layer& layer) {
  Fact fact;
  for (const char* flag : {"sparse", "ragged"}) {
    const auto value = layer.attribute(flag);
    const bool* set = value ? std::get_if<bool>(&*value) : nullptr;
    require(set == nullptr || !*set, "a {} input is not supported", flag);
  }
  const auto shape = layer.attribute("batch_shape");
  if (shape) {
    const auto* dims = std::get_if<std::vector<std::int64_t>>(&*shape);
    require(dims != nullptr && dims->size() <= kMaxRank, "attribute 'batch_shape' is {}, no shape", to_string(*shape));
    std::vector<Dim> known;
    for (const std::int64_t dim : *dims) known.push_back(dim < 0 ? Dim() : Dim(dim));
    fact.shape = ShapeFact(std::move(known));
  }
  const auto dtype = layer.attribute("dtype");
  const std::string* name = dtype ? std::get_if<std::string>(&*dtype) : nullptr;
  if (name != nullptr) fact.dtype = dtype_named(*name);
  return fact;
}

std::string layer_context(const Layer& layer, const std::string& path) {
  return fmt::format("layer '{}' ({})", path, layer.stored_class.empty() ? layer.class_name : layer.stored_class);
}

/// Layers that take what has only the training in view, or another kind of thing, are ordinary ones; these have no rule of their own.
const LayerRule* rule_for(const Layer& layer) { return rule_table().find_keras(layer.class_name); }

/// Emits a model's layers into a graph.
class Importer final : public LayerScope {
 public:
  explicit Importer(const ModelFile& file) : model_(read_model_config(file.architecture)), weights_(file.weights, model_), version_(file.keras_version) {
    for (const Layer& layer : model_.layers) by_name_.emplace(layer.name, &layer);
  }

  Graph import(const ImportOptions& options);
  ModelSummary summarise(const ImportOptions& options);

  ValueIds apply(Graph& graph, const Layer& layer, const std::string& name, std::vector<Given> given) override;
  std::optional<Tensor> weight(const Layer& layer, std::string_view name) override;
  int keras_version() const override {
    if (version_.empty()) return 1;
    return version_[0] >= '1' && version_[0] <= '9' ? version_[0] - '0' : 3;
  }
  std::optional<ValueId> mask_of(ValueId value) const override {
    const auto found = masks_.find(value);
    return found == masks_.end() ? std::nullopt : std::optional(found->second);
  }
  void set_mask(ValueId value, ValueId mask) override { masks_.insert_or_assign(value, mask); }

 private:
  using CallKey = std::pair<const Layer*, std::int64_t>;
  /// One model being emitted.
  struct Frame {
    const Model& model;
    Graph& graph;
    std::string prefix;
    std::map<std::string, const Layer*> layers = {};
    std::map<CallKey, ValueIds> values = {};
  };
  struct End {
    std::string name;
    TensorRef ref;
  };

  std::vector<End> find_ends(const ImportOptions& options) const;
  std::vector<SourcePort> find_inputs(const ImportOptions& options, const std::set<const Layer*>& live) const;
  std::set<const Layer*> live_layers(const std::vector<End>& ends, const ImportOptions& options) const;
  const Layer& top_layer(const std::string& name) const;
  static const ImportInput* cut_at(const Layer& layer, const ImportOptions& options);

  static CallKey key(const Frame& frame, const TensorRef& ref);
  ValueId solve(Frame& frame, const TensorRef& ref);
  void call(Frame& frame, const CallKey& at);
  void cast_inputs(Graph& graph, const Layer& layer, const std::string& name, std::vector<Given>& given);
  ValueIds apply_model(Graph& graph, const Model& model, const std::string& name, const std::vector<Given>& given);

  Model model_;
  WeightStore weights_;
  std::string version_;
  std::map<std::string, const Layer*> by_name_;
  std::map<ValueId, ValueId> masks_;
  std::size_t calls_ = 0;
  int depth_ = 0;
};

const Layer& Importer::top_layer(const std::string& name) const {
  const std::string plain = name.ends_with(":0") ? name.substr(0, name.size() - 2) : name;
  const auto found = by_name_.find(plain);
  require(found != by_name_.end(), "the model has no layer '{}'", plain);
  return *found->second;
}

const ImportInput* Importer::cut_at(const Layer& layer, const ImportOptions& options) {
  for (const ImportInput& input : options.inputs) {
    if (input.name == layer.name || input.name == layer.name + ":0") return &input;
  }
  return nullptr;
}

/// The model's outputs, or the layers that are named; a layer of several outputs gives each a name of its own.
std::vector<Importer::End> Importer::find_ends(const ImportOptions& options) const {
  std::vector<End> ends;
  std::map<std::string, int> used;
  for (const std::string& name : options.outputs) ends.push_back({top_layer(name).name, {top_layer(name).name, 0, 0}});
  if (!ends.empty()) return ends;
  for (const TensorRef& ref : model_.outputs) {
    const int count = used[ref.layer]++;
    ends.push_back({count == 0 ? ref.layer : fmt::format("{}_{}", ref.layer, count), ref});
  }
  return ends;
}

std::set<const Layer*> Importer::live_layers(const std::vector<End>& ends, const ImportOptions& options) const {
  std::set<const Layer*> live;
  std::vector<const Layer*> open;
  for (const End& end : ends) open.push_back(&top_layer(end.ref.layer));
  while (!open.empty()) {
    const Layer* layer = open.back();
    open.pop_back();
    if (!live.insert(layer).second || cut_at(*layer, options) != nullptr) continue;
    for (const Call& call : layer->calls) {
      for (const Argument& argument : call) {
        const auto found = argument.tensor ? by_name_.find(argument.tensor->layer) : by_name_.end();
        if (found != by_name_.end()) open.push_back(found->second);
      }
    }
  }
  return live;
}

std::vector<SourcePort> Importer::find_inputs(const ImportOptions& options, const std::set<const Layer*>& live) const {
  for (const ImportInput& input : options.inputs) top_layer(input.name);
  std::vector<const Layer*> order;  // the model's inputs in its own order, then cuts
  for (const TensorRef& ref : model_.inputs) order.push_back(&top_layer(ref.layer));
  for (const Layer& layer : model_.layers) {
    if (std::ranges::find(order, &layer) == order.end()) order.push_back(&layer);
  }
  std::vector<SourcePort> ports;
  for (const Layer* layer : order) {
    const ImportInput* cut = cut_at(*layer, options);
    if (!live.contains(layer) || (cut == nullptr && layer->class_name != "InputLayer")) continue;
    in_context([&] { return layer_context(*layer, layer->name); }, [&] {
      if (layer->class_name == "InputLayer") return ports.push_back({layer->name, input_fact(*layer)});
      require(cut->fact.has_value(), "its type and shape are needed where the model is cut");
      ports.push_back({layer->name, *cut->fact});
    });
  }
  return ports;
}

/// Every layer of a model, those in models and wrappers too, by their paths.
void visit_layers(const Layer& layer, const std::string& path, const std::function<void(const Layer&, const std::string&)>& visit) {
  if (layer.model) {
    for (const Layer& inner : layer.model->layers) visit_layers(inner, path + "/" + inner.name, visit);
    return;
  }
  visit(layer, path);
  for (const auto& [key, inner] : layer.inner) visit_layers(inner, path + "/" + inner.name, visit);
}

std::vector<UnsupportedOp> unsupported_layers(const std::set<const Layer*>& live) {
  std::map<std::string, std::vector<std::string>> names;
  for (const Layer* top : live) {
    visit_layers(*top, top->name, [&](const Layer& layer, const std::string& path) {
      if (layer.class_name != "InputLayer" && rule_for(layer) == nullptr) names[layer.stored_class].push_back(path);
    });
  }
  std::vector<UnsupportedOp> all;
  for (auto& [name, paths] : names) {
    std::ranges::sort(paths);
    all.push_back({name, std::move(paths)});
  }
  return all;
}

void refuse(const std::vector<UnsupportedOp>& unsupported) {
  if (unsupported.empty()) return;
  std::string text;
  for (const UnsupportedOp& op : unsupported) {
    text += fmt::format("{}{} ('{}')", text.empty() ? "" : ", ", op.op, fmt::join(op.nodes, "', '"));
  }
  throw ModelError(fmt::format("layers are not supported: {}. The file holds no code of Lambda layers and of custom ones; write them with Keras's own "
                               "layers, export the model as a SavedModel, which holds its graph, or choose outputs before them with --outputs",
                               text));
}

Graph Importer::import(const ImportOptions& options) {
  const std::vector<End> ends = find_ends(options);
  const std::set<const Layer*> live = live_layers(ends, options);
  refuse(unsupported_layers(live));
  Graph graph;
  Frame frame{model_, graph, ""};
  frame.layers = by_name_;
  for (const SourcePort& port : find_inputs(options, live)) {
    frame.values[{&top_layer(port.name), 0}] = {graph.add_input(port.name, port.fact)};
  }
  for (const End& end : ends) graph.add_output(end.name, solve(frame, end.ref));
  return graph.compacted();
}

ModelSummary Importer::summarise(const ImportOptions& options) {
  const std::vector<End> ends = find_ends(options);
  const std::set<const Layer*> live = live_layers(ends, options);
  ModelSummary summary;
  summary.inputs = find_inputs(options, live);
  for (const End& end : ends) summary.outputs.push_back({end.name, {}});
  summary.unsupported = unsupported_layers(live);
  for (const Layer& top : model_.layers) {
    visit_layers(top, top.name, [&](const Layer& layer, const std::string&) {
      ++summary.node_count;
      if (!live.contains(&top)) return;
      ++summary.live_node_count;
      ++summary.op_census[layer.stored_class];
      for (const Weight& weight : weights_.of(layer)) {
        if (!weight.dataset) continue;
        const std::int64_t count = Shape(std::span<const std::int64_t>(weight.dataset->dims)).elements();
        summary.parameter_count += count;
        summary.parameter_bytes += static_cast<std::size_t>(count) * weight.dataset->type.size_bytes;
      }
    });
  }
  return summary;
}

std::optional<Tensor> Importer::weight(const Layer& layer, std::string_view name) {
  for (Weight& weight : weights_.of(layer)) {
    if (weight.name != name) continue;
    const Tensor& stored = weights_.read(weight);
    if (!is_float(stored.dtype()) || stored.dtype() == compute_dtype(layer)) return stored;
    const Node cast{op_registry().make("cast", {{"dtype", compute_dtype(layer)}}), weight.path, {ValueId{}}, {}, {}, {}, {}};
    weight.value = evaluate_node(cast, {&stored, 1}).at(0);
    return weight.value;
  }
  return std::nullopt;
}

Importer::CallKey Importer::key(const Frame& frame, const TensorRef& ref) {
  const auto found = frame.layers.find(ref.layer);
  require(found != frame.layers.end(), "layer '{}' is referred to, but the model has none of that name", ref.layer);
  return {found->second, found->second->class_name == "InputLayer" ? 0 : ref.call};
}

/// The value of `ref`, with all that it depends on emitted, without recursion: models may be deep.
ValueId Importer::solve(Frame& frame, const TensorRef& ref) {
  std::vector<CallKey> stack = {key(frame, ref)};
  std::set<CallKey> open;
  while (!stack.empty()) {
    const CallKey top = stack.back();
    if (frame.values.contains(top)) {
      stack.pop_back();
      continue;
    }
    const Layer& layer = *top.first;
    in_context([&] { return layer_context(layer, frame.prefix + layer.name); }, [&] {
      require(layer.class_name != "InputLayer", "is an input that is not among the model's inputs");
      require(top.second >= 0 && static_cast<std::size_t>(top.second) < layer.calls.size(), "its call {} is referred to, of {}", top.second, layer.calls.size());
      bool ready = true;
      const bool first = open.insert(top).second;
      for (const Argument& argument : layer.calls[static_cast<std::size_t>(top.second)]) {
        if (!argument.tensor) continue;
        const CallKey needed = key(frame, *argument.tensor);
        if (frame.values.contains(needed)) continue;
        require(first && !open.contains(needed), "the model has a cycle through layer '{}'", needed.first->name);
        stack.push_back(needed);
        ready = false;
      }
      if (!ready) return;
      call(frame, top);
      open.erase(top);
    });
  }
  const ValueIds& values = frame.values.at(key(frame, ref));
  require(ref.output >= 0 && static_cast<std::size_t>(ref.output) < values.size(), "layer '{}' has no output {}", ref.layer, ref.output);
  return values[static_cast<std::size_t>(ref.output)];
}

void Importer::call(Frame& frame, const CallKey& at) {
  std::vector<Given> given;
  for (const Argument& argument : at.first->calls[static_cast<std::size_t>(at.second)]) {
    Given one{argument.name, std::nullopt, std::nullopt};
    if (argument.tensor) {
      const ValueIds& values = frame.values.at(key(frame, *argument.tensor));
      const auto output = static_cast<std::size_t>(argument.tensor->output);
      require(argument.tensor->output >= 0 && output < values.size(), "layer '{}' has no output {}", argument.tensor->layer, argument.tensor->output);
      one.value = values[output];
    } else if (argument.value) {
      one.constant = to_attribute_value(*argument.value);
    }
    given.push_back(std::move(one));
  }
  ValueIds values = apply(frame.graph, *at.first, frame.prefix + at.first->name, std::move(given));
  frame.values.emplace(at, std::move(values));
}

ValueIds Importer::apply(Graph& graph, const Layer& layer, const std::string& name, std::vector<Given> given) {
  return in_context([&] { return layer_context(layer, name); }, [&]() -> ValueIds {
    require(++calls_ <= kMaxCalls, "with models in it called as often as it asks, the model has more than {} layers", kMaxCalls);
    if (layer.model) return apply_model(graph, *layer.model, name, given);
    const LayerRule* rule = rule_for(layer);
    if (rule == nullptr) refuse({{layer.stored_class, {name}}});
    const LayerAttributes attributes(layer);
    cast_inputs(graph, layer, name, given);
    LayerImport import(*this, graph, name, layer, attributes, std::move(given));
    const ValueIds outputs = rule->apply(import);
    if (passes_mask(layer.class_name) && !outputs.empty() && !mask_of(outputs[0])) {
      if (const auto mask = import.mask(); mask && graph.fact(outputs[0]).shape.rank_known() && graph.fact(outputs[0]).shape.rank() > 2) {
        set_mask(outputs[0], *mask);
      }
    }
    return outputs;
  });
}

/// Layers, though not functions, take floats of any type as their own.
void Importer::cast_inputs(Graph& graph, const Layer& layer, const std::string& name, std::vector<Given>& given) {
  if (layer.class_name.find('.') != std::string::npos || layer.inner_named("layer") != nullptr) return;
  const DType wanted = compute_dtype(layer);
  const LayerAttributes attributes(layer);
  NodeImport import(graph, name, layer.class_name, attributes, {});
  for (Given& one : given) {
    if (!one.value) continue;
    const DType dtype = graph.fact(*one.value).dtype;
    if (dtype == wanted || !is_float(dtype)) continue;
    const auto mask = mask_of(*one.value);
    one.value = import.emit("cast", {*one.value}, {{"dtype", wanted}});
    if (mask) set_mask(*one.value, *mask);
  }
}

ValueIds Importer::apply_model(Graph& graph, const Model& model, const std::string& name, const std::vector<Given>& given) {
  require(++depth_ <= kMaxDepth, "models lie more than {} deep in one another", kMaxDepth);
  Frame frame{model, graph, name + "/"};
  for (const Layer& layer : model.layers) frame.layers.emplace(layer.name, &layer);
  std::size_t next = 0;
  for (const Given& one : given) {
    if (!one.value || one.name == "mask") continue;
    require(next < model.inputs.size(), "is called with more than its {} inputs", model.inputs.size());
    frame.values[{key(frame, model.inputs[next]).first, 0}] = {*one.value};
    ++next;
  }
  require(next == model.inputs.size(), "is called with {} inputs, and has {}", next, model.inputs.size());
  ValueIds outputs;
  for (const TensorRef& ref : model.outputs) outputs.push_back(solve(frame, ref));
  --depth_;
  return outputs;
}

template <class Body>
auto with_model(const std::filesystem::path& path, Body&& body) {
  const ModelFile file = open_model(path);
  Importer importer(file);
  return body(importer, file);
}

}  // namespace

Graph import_keras(const std::filesystem::path& path, const ImportOptions& options) {
  return with_model(path, [&](Importer& importer, const ModelFile&) { return importer.import(options); });
}

ModelSummary summarise_keras(const std::filesystem::path& path, const ImportOptions& options) {
  return with_model(path, [&](Importer& importer, const ModelFile& file) {
    ModelSummary summary = importer.summarise(options);
    summary.format = file.format;
    summary.producer = file.keras_version.empty() ? "unknown" : fmt::format("Keras {}", file.keras_version);
    return summary;
  });
}

}  // namespace temper::keras
