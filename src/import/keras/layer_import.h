#pragma once
#include <map>

#include "import/keras/model_config.h"
#include "import/rule.h"

namespace temper::keras {

/// What one call of a layer is given: a value or, say, a number.
struct Given {
  std::string name;  ///< of a keyword; empty for what is given by position
  std::optional<ValueId> value;
  std::optional<Attribute> constant;
};

/// What layers share while a model is imported.
class LayerScope {
 public:
  virtual ~LayerScope() = default;
  /// Imports a layer, or a model as one, into `graph` and gives its outputs. `name` is that of its nodes.
  virtual ValueIds apply(Graph& graph, const Layer& layer, const std::string& name, std::vector<Given> given) = 0;
  /// The elements of a layer's weight, none where it has none of that name.
  virtual std::optional<Tensor> weight(const Layer& layer, std::string_view name) = 0;
  /// Of the Keras that wrote the model: 1, 2 or 3.
  virtual int keras_version() const = 0;
  /// Which steps of a sequence count (bools [batch, steps]), where not all do.
  virtual std::optional<ValueId> mask_of(ValueId value) const = 0;
  virtual void set_mask(ValueId value, ValueId mask) = 0;
};

/// The type that a layer computes in: that of its policy, but float32 for the half types.
DType compute_dtype(const Layer& layer);

/// The values of a layer's configuration.
class LayerAttributes final : public SourceAttributes {
 public:
  explicit LayerAttributes(const Layer& layer) : layer_(layer) {}
  std::optional<Attribute> find(std::string_view name) const override { return layer_.attribute(name); }

 private:
  const Layer& layer_;
};

/// One call of a layer being imported. attribute() reads the layer's configuration, input(i) is what is given by position.
class LayerImport : public NodeImport {
 public:
  LayerImport(LayerScope& scope, Graph& graph, std::string name, const Layer& layer, const SourceAttributes& attributes, std::vector<Given> given);

  const Layer& layer() const { return layer_; }
  LayerScope& scope() { return scope_; }
  Graph& graph() { return graph_; }
  const std::vector<Given>& given() const { return given_; }
  int keras_version() const { return scope_.keras_version(); }

  /// A weight, by its name in the rule's row. Throws ModelError where the layer has none.
  ValueId weight(std::string_view name);
  bool has_weight(std::string_view name) { return scope_.weight(layer_, name).has_value(); }
  const Tensor weight_value(std::string_view name);

  /// Values given by keyword; none where there are none.
  ValueIds keyword(std::string_view name) const;
  /// A number or text of the call.
  std::optional<Attribute> option(std::string_view name) const;

  /// `count` numbers from a configuration that may give one for all. Throws ModelError where there are others.
  std::vector<std::int64_t> numbers(std::string_view name, std::size_t count) const;
  std::vector<std::int64_t> numbers(std::string_view name, std::size_t count, std::int64_t fallback) const;

  /// The layer that this one wraps, which must be there.
  const Layer& inner(std::string_view key) const;
  ValueIds apply(const Layer& inner, ValueIds inputs);

  /// Which steps of input 0 count: given by keyword, or known from the layer that made it.
  std::optional<ValueId> mask() const;

  // Small things that rules often write.
  ValueId ints(std::vector<std::int64_t> values) { return constant(Tensor::vector<std::int64_t>(values)); }
  ValueId number(double value, DType dtype);
  ValueId number_like(double value, ValueId like) { return number(value, fact(like).dtype); }
  ValueId cast(ValueId value, DType dtype);
  ValueId reshape(ValueId value, std::vector<std::int64_t> dims) { return emit("reshape", {value, ints(std::move(dims))}); }
  ValueId transpose(ValueId value, std::vector<std::int64_t> perm);
  /// The rank, which must be known.
  std::size_t rank(ValueId value) const;
  /// A dim from the front, or the end where negative; unknown where it is.
  Dim dim(ValueId value, std::ptrdiff_t axis) const;
  /// A dim that must be known; `what` names it.
  std::int64_t known_dim(ValueId value, std::ptrdiff_t axis, std::string_view what) const;
  /// The value under the dims of its batch and `dims`, of which one may be -1.
  ValueId reshape_rows(ValueId value, std::vector<std::int64_t> dims);
  /// Elements [begin, end) along an axis.
  ValueId slice(ValueId value, std::int64_t axis, std::int64_t begin, std::int64_t end);
  DType compute_dtype() const { return keras::compute_dtype(layer_); }

 private:
  LayerScope& scope_;
  Graph& graph_;
  const Layer& layer_;
  std::vector<Given> given_;
};

}  // namespace temper::keras
