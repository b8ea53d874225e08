#include "import/keras/layer_import.h"

namespace temper::keras {
namespace {

/// Inputs of fewer dims get dims of 1 behind their batch, as Keras has it.
ValueIds aligned(LayerImport& layer) {
  require(layer.input_count() >= 1, "has no inputs");
  std::size_t most = 0;
  for (const ValueId x : layer.inputs()) most = std::max(most, layer.rank(x));
  ValueIds values;
  for (ValueId x : layer.inputs()) {
    while (layer.rank(x) < most) x = layer.emit("expand_dims", {x}, {{"axis", std::int64_t{1}}});
    values.push_back(x);
  }
  return values;
}

auto merged(std::string_view op) {
  return [op](LayerImport& layer) -> ValueIds {
    const ValueIds values = aligned(layer);
    ValueId y = values[0];
    for (std::size_t i = 1; i < values.size(); ++i) y = layer.emit(op, {y, values[i]});
    return {y};
  };
}

ValueIds average(LayerImport& layer) {
  const ValueId sum = merged("add")(layer).at(0);
  return {layer.emit("div", {sum, layer.number_like(static_cast<double>(layer.input_count()), sum)})};
}

ValueIds concatenate(LayerImport& layer) {
  if (layer.input_count() == 1) return {layer.input(0)};
  return {layer.emit("concat", layer.inputs(), {{"axis", layer.attribute<std::int64_t>("axis", -1)}})};
}

ValueId normalised(LayerImport& layer, ValueId x, std::int64_t axis) {
  const ValueId squares = layer.emit("sum", {layer.emit("square", {x})}, {{"axes", std::vector<std::int64_t>{axis}}, {"keep_dims", true}});
  return layer.emit("mul", {x, layer.emit("rsqrt", {layer.emit("maximum", {squares, layer.number_like(1e-12, x)})})});
}

/// The sum of products along one axis of each, for each sample of the batch.
ValueIds dot(LayerImport& layer) {
  require(layer.input_count() == 2, "takes 2 inputs, got {}", layer.input_count());
  const auto axes = layer.numbers("axes", 2);
  ValueIds x = layer.inputs();
  std::string terms[2];
  std::string out(1, 'a');
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t rank = layer.rank(x[i]);
    const std::size_t axis = normalise_axis(axes[i], rank);
    require(axis > 0, "attribute 'axes' [{}] names the batch", fmt::join(axes, ","));
    if (layer.attribute("normalize", false)) x[i] = normalised(layer, x[i], static_cast<std::int64_t>(axis));
    terms[i].push_back('a');
    for (std::size_t d = 1; d < rank; ++d) {
      const char letter = d == axis ? 'z' : static_cast<char>((i == 0 ? 'b' : 'n') + static_cast<char>(d));
      terms[i] += letter;
      if (d != axis) out += letter;
    }
  }
  const bool scalars = out.size() == 1;
  const ValueId y = layer.emit("einsum", x, {{"equation", terms[0] + "," + terms[1] + "->" + out}});
  return {scalars ? layer.emit("expand_dims", {y}, {{"axis", std::int64_t{1}}}) : y};
}

}  // namespace
}  // namespace temper::keras

namespace temper {

REGISTER_RULES(keras_merge) {
  using namespace keras;
  rules.keras("Add", "", merged("add"));
  rules.keras("Subtract", "", merged("sub"));
  rules.keras("Multiply", "", merged("mul"));
  rules.keras("Maximum", "", merged("maximum"));
  rules.keras("Minimum", "", merged("minimum"));
  rules.keras("Average", "", average);
  rules.keras("Concatenate", "", concatenate);
  rules.keras("Dot", "", dot);
}

}  // namespace temper
