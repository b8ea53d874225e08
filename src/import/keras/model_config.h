#pragma once
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ir/attribute.h"

namespace temper::keras {

struct Model;

/// One of the outputs of one of the calls of a layer.
struct TensorRef {
  std::string layer;
  std::int64_t call = 0;
  std::int64_t output = 0;
};

/// What a layer is called with: a tensor, or a number or the like.
struct Argument {
  std::string name;  ///< of a keyword; empty for what is given by position
  std::optional<TensorRef> tensor;
  std::shared_ptr<const nlohmann::json> value;
};
using Call = std::vector<Argument>;

/// A layer as the model's configuration has it, in today's spelling whatever wrote it.
struct Layer {
  std::string name;
  std::string class_name;
  std::string stored_class;  ///< as the file spells it
  std::string module;        ///< that the class is from, as far as the file says; "keras.src.ops..." are operations, not layers
  std::shared_ptr<const nlohmann::json> config;
  bool trainable = true;
  std::vector<Call> calls;
  std::shared_ptr<const Model> model;                          ///< where the layer is a model
  std::vector<std::pair<std::string, Layer>> inner = {};       ///< layers that it wraps, by what the layer calls them

  const Layer* inner_named(std::string_view key) const;
  /// The config's value of `name`, null where there is none; lists of lists are flattened.
  std::optional<Attribute> attribute(std::string_view name) const;
};

/// Layers and how they are called. A sequential model is one whose layers call one another in turn.
struct Model {
  std::string name;
  bool sequential = false;
  std::vector<Layer> layers;
  std::vector<TensorRef> inputs;
  std::vector<TensorRef> outputs;

  const Layer* find(std::string_view layer) const;
};

/// Reads a configuration ({"class_name": ..., "config": ...}). Throws ModelError where it is damaged, or describes no model that is made of
/// layers.
Model read_model_config(const std::string& json_text);

/// A JSON value as an attribute; none for null and for objects. What stands in the brackets of x[1:3, ..., 0] becomes texts.
std::optional<Attribute> to_attribute_value(const nlohmann::json& value);

}  // namespace temper::keras
