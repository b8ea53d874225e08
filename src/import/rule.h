#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

/// Enters a family's rules into rule_table(), which is generated from these lines: one a line, in a .cc under
/// src/import/rules. A body follows: REGISTER_RULES(activation) { rules.tensorflow("Relu", emit_as("relu")); }
#define REGISTER_RULES(family)                      \
  void register_rules_##family(RuleTable& rules);   \
  void register_rules_##family([[maybe_unused]] RuleTable& rules)

namespace temper {

namespace keras {
class LayerImport;
}

using ValueIds = std::vector<ValueId>;

/// The attributes of a source node, in the terms of its own format. Types become DType, shapes become their dims
/// (-1 for unknown), tensors become Tensor; nullopt where the node has none of that name.
class SourceAttributes {
 public:
  virtual ~SourceAttributes() = default;
  virtual std::optional<Attribute> find(std::string_view name) const = 0;
};

/// What formats with versioned operators say of a node beside its attributes.
struct SourceVersion {
  std::int64_t version = 0;      ///< of the operator set that the node's operator is of
  std::size_t output_count = 1;  ///< how many outputs the node names; rules give at least the first of them
};

/// One source node being imported: what it is given, and where its operators go. The methods throw ModelError where the
/// node is not as the rule needs it; the message names the attribute or input.
class NodeImport {
 public:
  /// Inputs that a format lets a node leave out are ValueId::kNone.
  NodeImport(Graph& graph, std::string name, std::string op, const SourceAttributes& attributes, ValueIds inputs,
             SourceVersion version = {})
      : graph_(graph), name_(std::move(name)), op_(std::move(op)), attributes_(attributes), inputs_(std::move(inputs)),
        version_(version) {}

  const std::string& name() const { return name_; }
  const std::string& op() const { return op_; }
  std::int64_t version() const { return version_.version; }
  std::size_t output_count() const { return version_.output_count; }

  /// An attribute by name; `fallback` where the node has none. Throws where it is of another kind.
  template <class T>
  T attribute(std::string_view name, T fallback) const {
    const auto found = attributes_.find(name);
    if (!found) return fallback;
    require(from_attribute(*found, fallback), "attribute '{}' is {}, which is not of the kind expected", name,
            to_string(*found));
    return fallback;
  }
  /// An attribute that must be there.
  template <class T>
  T attribute(std::string_view name) const {
    require(has_attribute(name), "attribute '{}' is missing", name);
    return attribute<T>(name, T{});
  }
  bool has_attribute(std::string_view name) const { return attributes_.find(name).has_value(); }

  std::size_t input_count() const { return inputs_.size(); }
  const ValueIds& inputs() const { return inputs_; }
  bool has_input(std::size_t i) const { return i < inputs_.size() && inputs_[i] != ValueId::kNone; }
  ValueId input(std::size_t i) const;
  const Fact& fact(ValueId id) const { return graph_.fact(id); }
  const Fact& input_fact(std::size_t i) const { return fact(input(i)); }
  /// The elements of an input that must be constant; `what` names it, e.g. "axis".
  const Tensor& constant_input(std::size_t i, std::string_view what) const;
  std::vector<std::int64_t> int64s_input(std::size_t i, std::string_view what) const;
  std::int64_t int64_input(std::size_t i, std::string_view what) const;

  /// Adds an operator, named as in op_registry(), and gives its outputs. Where all inputs are constant (or the outputs'
  /// elements follow from facts) it is evaluated at once and constants are added instead.
  ValueIds emit_all(std::string_view op, ValueIds inputs, const Attributes& attributes = {}, std::vector<Graph> regions = {});
  /// emit_all of an operator of one output.
  ValueId emit(std::string_view op, ValueIds inputs, const Attributes& attributes = {});
  ValueId constant(Tensor tensor);

  /// For rules that build loops (import/regions.h): the graph that operators go to, and the same node with operators going to a region.
  Graph& graph() { return graph_; }
  NodeImport within(Graph& region) const { return {region, name_, op_, attributes_, inputs_, version_}; }

 private:
  Graph& graph_;
  std::string name_;
  std::string op_;
  const SourceAttributes& attributes_;
  ValueIds inputs_;
  SourceVersion version_;
};

/// Turns one source node into operators and gives the values of its outputs, in order.
using Rule = std::function<ValueIds(NodeImport&)>;

/// Likewise a layer of Keras.
struct LayerRule {
  /// The layer's weights in the order in which Keras makes them, apart by spaces. "bias?use_bias": only where the configuration does not
  /// say no to use_bias; "mean?!mean": only where it has no value for mean; "w?mode=concat": only where mode is that. "~moving_mean" is never trained. "cell/kernel" belongs to a part
  /// of the layer.
  std::string_view weights;
  std::function<ValueIds(keras::LayerImport&)> apply;
};

/// The rules of every source format, by the format's own operator names.
class RuleTable {
 public:
  void tensorflow(std::string_view op, Rule rule) {
    invariant(tensorflow_.emplace(op, std::move(rule)).second, "operator {} has two rules", op);
  }

  void keras(std::string_view layer, std::string_view weights, std::function<ValueIds(keras::LayerImport&)> apply) {
    invariant(keras_.emplace(layer, LayerRule{weights, std::move(apply)}).second, "layer {} has two rules", layer);
  }

  /// Of ONNX's own operators, or with their domain before them ("com.microsoft.Gelu").
  void onnx(std::string_view op, Rule rule) {
    invariant(onnx_.emplace(op, std::move(rule)).second, "operator {} has two rules", op);
  }

  /// Null where there is none.
  const LayerRule* find_keras(std::string_view layer) const {
    const auto found = keras_.find(layer);
    return found == keras_.end() ? nullptr : &found->second;
  }
  const Rule* find_tensorflow(std::string_view op) const;
  const Rule* find_onnx(std::string_view op) const;
  std::vector<std::string_view> tensorflow_ops() const;

 private:
  std::map<std::string, Rule, std::less<>> tensorflow_;
  std::map<std::string, LayerRule, std::less<>> keras_;
  std::map<std::string, Rule, std::less<>> onnx_;
};

/// Generated from the REGISTER_RULES lines under src/import/rules.
const RuleTable& rule_table();

/// The rule for a source operator that is a Temper operator of the same inputs, with these attributes.
Rule emit_as(std::string_view op, Attributes attributes = {});

}  // namespace temper
