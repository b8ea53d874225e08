#include "import/keras/model_config.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "import/keras/spelling.h"
#include "import/rule.h"

namespace temper::keras {
namespace {

using nlohmann::json;

/// Of JSON in itself; of models and wrappers in themselves; of all layers together.
constexpr int kMaxJsonDepth = 200;
constexpr int kMaxModelDepth = 32;
constexpr std::size_t kMaxLayers = 100000;
constexpr std::size_t kMaxName = 1024;

const json& member(const json& object, const char* name) {
  require(object.is_object() && object.contains(name), "the model's configuration lacks '{}'", name);
  return object[name];
}

std::string text_of(const json& value, std::string_view what) {
  require(value.is_string(), "{} in the model's configuration is no text", what);
  const auto& text = value.get_ref<const std::string&>();
  require(text.size() <= kMaxName, "{} in the model's configuration has {} characters", what, text.size());
  return text;
}

std::string text_member(const json& object, const char* name, std::string fallback) {
  const auto found = object.find(name);
  return found == object.end() || !found->is_string() ? fallback : text_of(*found, name);
}

/// Reads one configuration, counting layers over all its models.
class ConfigReader {
 public:
  Model read_model(const json& object, int depth) {
    require(depth < kMaxModelDepth, "models lie more than {} deep in one another", kMaxModelDepth);
    const std::string class_name = text_of(member(object, "class_name"), "class_name");
    const json& config = member(object, "config");
    if (class_name == "Sequential") return read_sequential(object, config, depth);
    require(is_functional(class_name, config), "is a subclass model '{}', whose code the file does not hold: only models made of layers "
            "(Sequential, Functional) can be read. Export it as a SavedModel, which holds its graph", class_name);
    return read_functional(config, depth);
  }

  static bool is_functional(std::string_view class_name, const json& config) {
    if (class_name == "Functional" || class_name == "Model" || class_name == "Container" || class_name == "Network") return true;
    return config.is_object() && config.contains("layers") && config.contains("input_layers") && config.contains("output_layers");
  }

 private:
  Layer read_layer(const json& object, int depth) {
    require(++count_ <= kMaxLayers, "the model has more than {} layers", kMaxLayers);
    Layer layer;
    layer.stored_class = layer.class_name = text_of(member(object, "class_name"), "class_name");
    layer.module = text_member(object, "module", "");
    json config = member(object, "config");
    layer.name = text_member(object, "name", config.is_object() ? text_member(config, "name", layer.class_name) : layer.class_name);
    if (config.is_object()) {
      const auto trainable = config.find("trainable");
      layer.trainable = trainable == config.end() || !trainable->is_boolean() || trainable->get<bool>();
    }
    in_context([&] { return fmt::format("layer '{}' ({})", layer.name, layer.class_name); }, [&] {
      if (layer.class_name == "Sequential" || is_functional(layer.class_name, config)) {
        layer.model = std::make_shared<const Model>(read_model(object, depth + 1));
      } else {
        mark_operation(layer, object, config);
        modernise(layer.class_name, config);
        read_inner(layer, config, depth);
      }
      const auto calls = object.find("inbound_nodes");
      if (calls != object.end() && calls->is_array()) {
        for (const json& call : *calls) layer.calls.push_back(read_call(call));
      }
      if (!config.contains("build_input_shape") && object.contains("build_config") && config.is_object()) {
        const json& build = object["build_config"];
        if (build.is_object() && build.contains("input_shape")) config["build_input_shape"] = build["input_shape"];
      }
    });
    layer.config = std::make_shared<const json>(std::move(config));
    return layer;
  }

  /// Functions that are called on tensors stand among the layers, some under names that layers have too: "Add" becomes "ops.Add", and
  /// TensorFlow's by their own names, "tf.math.add". Where a file does not say what is from where, layers are known by saying whether they
  /// are trainable; some say their type alone.
  static void mark_operation(Layer& layer, const json& object, const json& config) {
    if ((layer.class_name == "TFOpLambda" || layer.class_name == "SlicingOpLambda") && config.is_object()) {
      layer.class_name = "tf." + text_member(config, "function", "");
      return;
    }
    const auto calls = object.find("inbound_nodes");
    const bool called_as_today = calls != object.end() && calls->is_array() && !calls->empty() && (*calls)[0].is_object() && (*calls)[0].contains("args");
    const bool unmarked = layer.module.empty() && called_as_today && config.is_object() && !config.contains("trainable") &&
                          !(config.contains("dtype") && !config["dtype"].is_null() && rule_table().find_keras(layer.class_name) != nullptr);
    if (layer.module.starts_with("keras.src.ops") || layer.module.starts_with("keras.ops") || unmarked) layer.class_name = "ops." + layer.class_name;
  }

  /// Wrappers hold whole layers in their configurations, and a layer may serve as an activation; functions are written as their names.
  void read_inner(Layer& layer, json& config, int depth) {
    if (!config.is_object()) return;
    for (const char* key : {"activation", "recurrent_activation"}) {
      const auto found = config.find(key);
      if (found != config.end() && found->is_object() && found->contains("config") && (*found)["config"].is_string()) {
        const json name = (*found)["config"];
        *found = name;
      }
    }
    for (const char* key : {"layer", "backward_layer", "cell", "activation"}) {
      const auto found = config.find(key);
      if (found == config.end() || !found->is_object() || !found->contains("class_name")) continue;
      require(depth + 1 < kMaxModelDepth, "layers wrap one another more than {} deep", kMaxModelDepth);
      layer.inner.emplace_back(key, read_layer(*found, depth + 1));
    }
    if (layer.class_name == "Bidirectional") add_backward(layer);
  }

  /// Where nothing says otherwise, the way back is through a layer like the one forward.
  static void add_backward(Layer& layer) {
    if (layer.inner_named("layer") == nullptr || layer.inner_named("backward_layer") != nullptr) return;
    Layer backward = *layer.inner_named("layer");
    json config = *backward.config;
    if (config.is_object()) config["go_backwards"] = !(config.contains("go_backwards") && config["go_backwards"] == true);
    backward.config = std::make_shared<const json>(std::move(config));
    layer.inner.emplace_back("backward_layer", std::move(backward));
  }

  Model read_sequential(const json& object, const json& config, int depth) {
    Model model;
    model.sequential = true;
    model.name = config.is_object() ? text_member(config, "name", "sequential") : "sequential";
    const json& layers = config.is_array() ? config : member(config, "layers");
    require(layers.is_array() && !layers.empty(), "sequential model '{}' has no layers", model.name);
    for (const json& layer : layers) model.layers.push_back(read_layer(layer, depth));
    if (model.layers.front().class_name != "InputLayer") model.layers.insert(model.layers.begin(), make_input(object, config, model.layers.front()));
    for (std::size_t i = 0; i < model.layers.size(); ++i) {
      model.layers[i].calls.clear();
      if (i > 0) model.layers[i].calls.push_back({Argument{"", TensorRef{model.layers[i - 1].name, 0, 0}, nullptr}});
    }
    std::set<std::string> names;
    for (const Layer& layer : model.layers) require(names.insert(layer.name).second, "two layers are named '{}'", layer.name);
    model.inputs = {{model.layers.front().name, 0, 0}};
    model.outputs = {{model.layers.back().name, 0, 0}};
    return model;
  }

  /// The input that early versions leave to the first layer to speak of.
  Layer make_input(const json& object, const json& config, const Layer& first) {
    json input = {{"name", first.name + "_input"}, {"dtype", "float32"}};
    const json& own = *first.config;
    if (own.is_object() && own.contains("batch_shape")) input["batch_shape"] = own["batch_shape"];
    else if (config.is_object() && config.contains("build_input_shape")) input["batch_shape"] = config["build_input_shape"];
    else if (object.contains("build_config") && object["build_config"].is_object() && object["build_config"].contains("input_shape")) input["batch_shape"] = object["build_config"]["input_shape"];
    else if (first.model) {
      const Layer* inner = first.model->inputs.empty() ? nullptr : first.model->find(first.model->inputs.front().layer);
      if (inner != nullptr) input = *inner->config;
    }
    if (own.is_object() && own.contains("batch_shape") && own.contains("dtype") && own["dtype"].is_string() && first.class_name != "Embedding") input["dtype"] = own["dtype"];
    Layer layer;
    layer.name = first.name + "_input";
    layer.class_name = layer.stored_class = "InputLayer";
    layer.config = std::make_shared<const json>(std::move(input));
    return layer;
  }

  Model read_functional(const json& config, int depth) {
    Model model;
    model.name = text_member(config, "name", "model");
    const json& layers = member(config, "layers");
    require(layers.is_array() && !layers.empty(), "model '{}' has no layers", model.name);
    std::set<std::string> names;
    for (const json& layer : layers) {
      model.layers.push_back(read_layer(layer, depth));
      require(names.insert(model.layers.back().name).second, "two layers are named '{}'", model.layers.back().name);
    }
    collect_refs(member(config, "input_layers"), model.inputs, 0);
    collect_refs(member(config, "output_layers"), model.outputs, 0);
    require(!model.outputs.empty(), "model '{}' has no outputs", model.name);
    renumber(model);
    return model;
  }

  static bool is_ref(const json& value) {
    return value.is_array() && value.size() >= 3 && value[0].is_string() && value[1].is_number_integer() && value[2].is_number_integer();
  }

  static TensorRef to_ref(const json& value) {
    require(is_ref(value), "a reference to a layer's output in the model's configuration is damaged");
    return {text_of(value[0], "a layer's name"), value[1].get<std::int64_t>(), value[2].get<std::int64_t>()};
  }

  /// One reference, a list, or a dictionary of them.
  static void collect_refs(const json& value, std::vector<TensorRef>& refs, int depth) {
    require(depth < 8, "the model's list of ends lies too deep");
    if (is_ref(value)) return refs.push_back(to_ref(value));
    require(value.is_array() || value.is_object(), "the model's list of inputs or outputs is damaged");
    for (const json& item : value) collect_refs(item, refs, depth + 1);
  }

  static bool is_tensor(const json& value) {
    return value.is_object() && value.contains("class_name") && value["class_name"] == "__keras_tensor__";
  }

  /// Adds what the value holds: tensors one by one, anything else as it is.
  static void add_arguments(const std::string& name, const json& value, Call& call, int depth) {
    require(depth < 8, "the arguments of a call lie too deep in one another");
    if (is_tensor(value)) {
      call.push_back({name, to_ref(member(member(value, "config"), "keras_history")), nullptr});
    } else if (value.is_array() && holds_tensor(value, depth)) {
      for (const json& item : value) add_arguments(name, item, call, depth + 1);
    } else {
      call.push_back({name, std::nullopt, std::make_shared<const json>(value)});
    }
  }

  static bool holds_tensor(const json& value, int depth) {
    if (is_tensor(value)) return true;
    if (!value.is_array() || depth > 8) return false;
    return std::ranges::any_of(value, [&](const json& item) { return holds_tensor(item, depth + 1); });
  }

  Call read_call(const json& value) const {
    Call call;
    if (value.is_object()) {  // {"args": [...], "kwargs": {...}}
      for (const json& argument : member(value, "args")) add_arguments("", argument, call, 0);
      const auto keywords = value.find("kwargs");
      if (keywords != value.end() && keywords->is_object()) {
        for (const auto& [name, argument] : keywords->items()) add_arguments(name, argument, call, 0);
      }
      return call;
    }
    require(value.is_array() && !value.empty(), "a call of the layer is damaged");
    if (value[0].is_string()) return read_old_argument(value, call), call;  // ["layer", 0, 0, {...}]
    if (value[0].is_object()) {  // of no tensors by position
      for (const auto& [name, argument] : value[0].items()) add_old_keyword(name, argument, call);
      return call;
    }
    for (const json& argument : value) read_old_argument(argument, call);
    std::ranges::stable_partition(call, [](const Argument& argument) { return argument.name.empty(); });
    return call;
  }

  static void read_old_argument(const json& value, Call& call) {
    require(is_argument(value), "a call of the layer is damaged");
    if (value[0] == "_CONSTANT_VALUE") {
      call.push_back({"", std::nullopt, std::make_shared<const json>(value[2])});
    } else {
      call.push_back({"", to_ref(value), nullptr});
    }
    if (value.size() < 4 || !value[3].is_object()) return;
    for (const auto& [name, argument] : value[3].items()) add_old_keyword(name, argument, call);
  }

  static bool is_argument(const json& value) {
    return is_ref(value) || (value.is_array() && value.size() >= 3 && value[0] == "_CONSTANT_VALUE");
  }

  static void add_old_keyword(const std::string& name, const json& value, Call& call) {
    const bool many = value.is_array() && !value.empty() && std::ranges::all_of(value, is_ref);
    if (is_ref(value)) call.push_back({name, to_ref(value), nullptr});
    else if (many) {
      for (const json& item : value) call.push_back({name, to_ref(item), nullptr});
    } else {
      call.push_back({name, std::nullopt, std::make_shared<const json>(value)});
    }
  }

  /// A nested model's calls may count from 1: its own making was the first. Of the calls that are stored each is referred to, so the
  /// greatest reference tells. From here on all count from 0.
  static void renumber(Model& model) {
    std::map<std::string, std::int64_t> greatest;
    const auto each_ref = [&](auto&& visit) {
      for (Layer& layer : model.layers) {
        for (Call& call : layer.calls) {
          for (Argument& argument : call) {
            if (argument.tensor) visit(*argument.tensor);
          }
        }
      }
      for (TensorRef& output : model.outputs) visit(output);
    };
    each_ref([&](const TensorRef& ref) { greatest[ref.layer] = std::max(greatest[ref.layer], ref.call); });
    std::map<std::string, std::int64_t> first;
    for (const Layer& layer : model.layers) {
      if (!layer.model || layer.calls.empty()) continue;
      first[layer.name] = greatest[layer.name] >= static_cast<std::int64_t>(layer.calls.size()) ? 1 : 0;
    }
    each_ref([&](TensorRef& ref) {
      const auto found = first.find(ref.layer);
      if (found != first.end()) ref.call -= found->second;
    });
  }

  std::size_t count_ = 0;
};

/// Numbers of one kind, lists in lists flattened. False where there is anything else.
bool flatten(const json& value, std::vector<double>& numbers, bool& whole, int depth) {
  if (value.is_null()) return numbers.push_back(-1), true;
  if (value.is_number_integer() || value.is_boolean()) return numbers.push_back(value.is_boolean() ? value.get<bool>() : static_cast<double>(value.get<std::int64_t>())), true;
  if (value.is_number()) return whole = false, numbers.push_back(value.get<double>()), true;
  if (!value.is_array() || depth > 8 || numbers.size() > (1 << 20)) return false;
  return std::ranges::all_of(value, [&](const json& item) { return flatten(item, numbers, whole, depth + 1); });
}

/// One entry of the brackets of x[1:3, ..., None, 0], as text; none where it is nothing of the kind.
std::optional<std::string> to_index(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return fmt::format("{}", value.get<std::int64_t>());
  if (value.is_null()) return "newaxis";
  if (!value.is_object()) return std::nullopt;
  if (value.contains("class_name") && value["class_name"] == "__ellipsis__") return "...";
  const json& bounds = value.contains("config") ? value["config"] : value;
  if (!bounds.is_object()) return std::nullopt;
  std::string text;
  bool first = true;
  for (const char* name : {"start", "stop", "step"}) {
    if (!first) text += ':';
    first = false;
    const auto bound = bounds.find(name);
    if (bound == bounds.end() || bound->is_null()) continue;
    if (!bound->is_number_integer()) return std::nullopt;
    text += fmt::format("{}", bound->get<std::int64_t>());
  }
  return text;
}

}  // namespace

const Layer* Layer::inner_named(std::string_view key) const {
  for (const auto& [own, layer] : inner) {
    if (own == key) return &layer;
  }
  return nullptr;
}

std::optional<Attribute> to_attribute_value(const json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return std::nullopt;
  std::vector<double> numbers;
  bool whole = true;
  if (!flatten(value, numbers, whole, 0)) {
    std::vector<std::string> texts;
    for (const json& item : value) {
      const auto text = to_index(item);
      if (!text) return std::nullopt;
      texts.push_back(*text);
    }
    return texts;
  }
  if (!whole) return numbers;
  std::vector<std::int64_t> integers;
  for (const double number : numbers) integers.push_back(std::abs(number) < 1e15 ? static_cast<std::int64_t>(number) : -1);
  return integers;
}

std::optional<Attribute> Layer::attribute(std::string_view name_wanted) const {
  if (!config || !config->is_object()) return std::nullopt;
  const auto found = config->find(name_wanted);
  return found == config->end() ? std::nullopt : to_attribute_value(*found);
}

const Layer* Model::find(std::string_view layer) const {
  const auto found = std::ranges::find(layers, layer, &Layer::name);
  return found == layers.end() ? nullptr : &*found;
}

Model read_model_config(const std::string& json_text) {
  json parsed;
  try {
    parsed = json::parse(json_text, [](int depth, json::parse_event_t, json&) {
      require(depth < kMaxJsonDepth, "the model's configuration is nested more than {} deep", kMaxJsonDepth);
      return true;
    });
  } catch (const json::exception& error) {
    throw ModelError(fmt::format("the model's configuration is no JSON: {}", error.what()));
  }
  try {
    return ConfigReader().read_model(parsed, 0);
  } catch (const json::exception& error) {
    throw ModelError(fmt::format("the model's configuration is damaged: {}", error.what()));
  }
}

}  // namespace temper::keras
