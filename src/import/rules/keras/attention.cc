#include <cmath>

#include "import/keras/layer_import.h"

namespace temper::keras {
namespace {

/// What a score of a masked pair is: small enough to leave nothing of it, finite so that a row of nothing else stays a number.
constexpr double kMasked = -1e9;

/// Bools of which all must hold.
class Conditions {
 public:
  explicit Conditions(LayerImport& layer) : layer_(layer) {}

  void add(ValueId condition) {
    const ValueId truth = layer_.cast(condition, DType::kBool);
    all_ = all_ ? layer_.emit("logical_and", {*all_, truth}) : truth;
  }
  /// A mask over the steps of the value, for all steps of the query; or the other way round.
  void add_steps(std::optional<ValueId> mask, std::int64_t axis) {
    if (mask) add(layer_.emit("expand_dims", {*mask}, {{"axis", axis}}));
  }
  /// Each step sees itself and those before it.
  void add_causal(ValueId scores) {
    const ValueId ones = layer_.emit("ones_like", {scores});
    const auto count = [&](std::int64_t number) { return layer_.constant(Tensor::scalar(number)); };
    add(layer_.emit("matrix_band_part", {ones, count(-1), count(0)}));
  }
  ValueId applied(ValueId scores) {
    return all_ ? layer_.emit("select", {*all_, scores, layer_.number_like(kMasked, scores)}) : scores;
  }
  /// For scores [batch, heads, query, value].
  void over_heads() {
    if (all_ && layer_.rank(*all_) == 3) all_ = layer_.emit("expand_dims", {*all_}, {{"axis", std::int64_t{1}}});
  }

 private:
  LayerImport& layer_;
  std::optional<ValueId> all_;
};

bool flag(LayerImport& layer, std::string_view name) {
  const auto option = layer.option(name);
  const bool* value = option ? std::get_if<bool>(&*option) : nullptr;
  return value != nullptr && *value;
}

/// The masks of query and value: given by keyword in turn, or known from the layers that made them.
std::vector<std::optional<ValueId>> masks_of(LayerImport& layer) {
  std::vector<std::optional<ValueId>> masks;
  for (const Given& one : layer.given()) {
    if (one.name == "mask") masks.push_back(one.value);
  }
  if (std::ranges::none_of(masks, [](const auto& mask) { return mask.has_value(); })) {
    masks.clear();
    for (const ValueId input : layer.inputs()) masks.push_back(layer.scope().mask_of(input));
  }
  masks.resize(2);
  return masks;
}

/// softmax(scores) * value, scores being given.
ValueIds weighted(LayerImport& layer, ValueId scores, ValueId value) {
  const auto masks = masks_of(layer);
  Conditions conditions(layer);
  conditions.add_steps(masks[1], 1);
  if (layer.attribute("causal", false) || flag(layer, "use_causal_mask")) conditions.add_causal(scores);
  const ValueId weights = layer.emit("softmax", {conditions.applied(scores)});
  ValueId y = layer.emit("matmul", {weights, value});
  if (masks[0]) y = layer.emit("mul", {y, layer.cast(layer.emit("expand_dims", {*masks[0]}, {{"axis", std::int64_t{2}}}), layer.fact(y).dtype)});
  if (flag(layer, "return_attention_scores")) return {y, weights};
  return {y};
}

/// query [batch, T, 1, dim] beside key [batch, 1, S, dim]
std::pair<ValueId, ValueId> crossed(LayerImport& layer, ValueId query, ValueId key) {
  return {layer.emit("expand_dims", {query}, {{"axis", std::int64_t{2}}}), layer.emit("expand_dims", {key}, {{"axis", std::int64_t{1}}})};
}

ValueId summed(LayerImport& layer, ValueId x) { return layer.emit("sum", {x}, {{"axes", std::vector<std::int64_t>{-1}}}); }

/// Inputs: query, value and, if it is not the value, key.
ValueIds attention(LayerImport& layer) {
  require(layer.input_count() == 2 || layer.input_count() == 3, "takes 2 or 3 inputs, got {}", layer.input_count());
  const ValueId query = layer.input(0);
  const ValueId value = layer.input(1);
  const ValueId key = layer.input(layer.input_count() - 1);
  ValueId scores;
  if (layer.attribute<std::string>("score_mode", "dot") == "concat") {
    const auto [q, k] = crossed(layer, query, key);
    ValueId sum = layer.emit("add", {q, k});
    if (layer.has_weight("scale")) sum = layer.emit("mul", {sum, layer.weight("scale")});
    scores = layer.emit("mul", {summed(layer, layer.emit("tanh", {sum})), layer.weight("concat_score_weight")});
  } else {
    scores = layer.emit("matmul", {query, key}, {{"transpose_b", true}});
    if (layer.has_weight("scale")) scores = layer.emit("mul", {scores, layer.weight("scale")});
  }
  return weighted(layer, scores, value);
}

ValueIds additive_attention(LayerImport& layer) {
  require(layer.input_count() == 2 || layer.input_count() == 3, "takes 2 or 3 inputs, got {}", layer.input_count());
  const auto [q, k] = crossed(layer, layer.input(0), layer.input(layer.input_count() - 1));
  ValueId y = layer.emit("tanh", {layer.emit("add", {q, k})});
  if (layer.has_weight("scale")) y = layer.emit("mul", {y, layer.weight("scale")});
  return weighted(layer, summed(layer, y), layer.input(1));
}

/// x [batch, T, dim] to [batch, T, heads, size], by a dense part of the layer.
ValueId projected(LayerImport& layer, ValueId x, const std::string& part) {
  require(layer.rank(x) == 3, "needs inputs of 3 dims, got {}", layer.fact(x));
  const ValueId y = layer.emit("einsum", {x, layer.weight(part + "/kernel")}, {{"equation", std::string("abc,cde->abde")}});
  return layer.has_weight(part + "/bias") ? layer.emit("add", {y, layer.weight(part + "/bias")}) : y;
}

struct Heads {
  ValueId query, value, key;
};

Heads given_heads(LayerImport& layer) {
  const auto one = [&](std::size_t position, std::string_view name) -> std::optional<ValueId> {
    if (const ValueIds named = layer.keyword(name); !named.empty()) return named.front();
    return position < layer.input_count() ? std::optional(layer.input(position)) : std::nullopt;
  };
  const auto query = one(0, "query");
  const auto value = one(1, "value");
  require(query && value, "needs a query and a value");
  return {*query, *value, one(2, "key").value_or(*value)};
}

ValueIds multi_head_attention(LayerImport& layer) {
  require(!layer.attribute("use_gate", false), "use_gate is not supported");
  const Heads in = given_heads(layer);
  const auto size = layer.attribute<std::int64_t>("key_dim");
  require(size > 0, "attribute 'key_dim' is {}", size);
  ValueId query = projected(layer, in.query, "query_dense");
  query = layer.emit("mul", {query, layer.number_like(1 / std::sqrt(static_cast<double>(size)), query)});
  const ValueId key = projected(layer, in.key, "key_dense");
  const ValueId scores = layer.emit("einsum", {key, query}, {{"equation", std::string("aecd,abcd->acbe")}});
  Conditions conditions(layer);
  const auto mask_of = [&](std::string_view name, ValueId value) {
    const ValueIds given = layer.keyword(name);
    return given.empty() ? layer.scope().mask_of(value) : std::optional(given.front());
  };
  conditions.add_steps(mask_of("query_mask", in.query), 2);
  conditions.add_steps(mask_of("value_mask", in.value), 1);
  if (in.key != in.value) conditions.add_steps(mask_of("key_mask", in.key), 1);
  if (const ValueIds given = layer.keyword("attention_mask"); !given.empty()) conditions.add(given.front());
  conditions.over_heads();
  if (flag(layer, "use_causal_mask")) conditions.add_causal(scores);
  const ValueId weights = layer.emit("softmax", {conditions.applied(scores)});
  const ValueId mixed = layer.emit("einsum", {weights, projected(layer, in.value, "value_dense")}, {{"equation", std::string("acbe,aecd->abcd")}});
  ValueId y = layer.emit("einsum", {mixed, layer.weight("output_dense/kernel")}, {{"equation", std::string("abcd,cde->abe")}});
  if (layer.has_weight("output_dense/bias")) y = layer.emit("add", {y, layer.weight("output_dense/bias")});
  if (flag(layer, "return_attention_scores")) return {y, weights};
  return {y};
}

}  // namespace
}  // namespace temper::keras

namespace temper {

REGISTER_RULES(keras_attention) {
  using namespace keras;
  rules.keras("Attention", "scale?use_scale concat_score_weight?score_mode=concat", attention);
  rules.keras("AdditiveAttention", "scale?use_scale", additive_attention);
  rules.keras("MultiHeadAttention",
              "query_dense/kernel query_dense/bias?use_bias key_dense/kernel key_dense/bias?use_bias value_dense/kernel value_dense/bias?use_bias "
              "output_dense/kernel output_dense/bias?use_bias",
              multi_head_attention);
}

}  // namespace temper
