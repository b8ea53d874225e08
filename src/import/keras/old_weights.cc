#include "import/keras/old_weights.h"

#include <algorithm>

#include "ir/graph.h"
#include "ops/evaluate.h"
#include "ops/registry.h"

namespace temper::keras {
namespace {

Tensor evaluate(std::string_view op, Tensors inputs, const Attributes& attributes) {
  const Node node{op_registry().make(op, attributes), std::string(op), std::vector<ValueId>(inputs.size()), {}, {}, {}, {}};
  return evaluate_node(node, inputs).at(0);
}

/// Parts by their places in the list, joined along the last dim.
Weight joined(const Hdf5File& file, const std::vector<Weight>& stored, const std::vector<std::size_t>& places) {
  Tensors parts;
  for (const std::size_t place : places) parts.push_back(file.read(*stored[place].dataset));
  Weight weight = stored[places.front()];
  weight.value = evaluate("concat", std::move(parts), {{"axis", std::int64_t{-1}}});
  return weight;
}

/// Whether a layer's channels come before its pixels.
bool channels_first(const Layer& layer) {
  const auto format = layer.attribute("data_format");
  const std::string* text = format ? std::get_if<std::string>(&*format) : nullptr;
  return text != nullptr && *text == "channels_first";
}

bool is_convolution(const Layer& layer) {
  return layer.class_name.starts_with("Conv") || layer.class_name.starts_with("SeparableConv");
}

/// Of an old convolution's filter.
Tensor modern_filter(const Layer& layer, Tensor filter, const OldWriter& writer) {
  const bool one_dim = layer.class_name == "Conv1D";
  const auto rank = static_cast<std::int64_t>(filter.rank());
  if (writer.version == 1 && rank >= 4 && channels_first(layer) && !one_dim) {  // [out, in, spatial...]
    std::vector<std::int64_t> perm;
    for (std::int64_t axis = 2; axis < rank; ++axis) perm.push_back(axis);
    perm.insert(perm.end(), {1, 0});
    filter = evaluate("transpose", {filter}, {{"perm", perm}});
  }
  if (writer.theano) {
    std::vector<std::int64_t> axes;
    for (std::int64_t axis = 0; axis + 2 < rank; ++axis) axes.push_back(axis);
    filter = evaluate("reverse", {filter}, {{"axes", axes}});
  }
  if (writer.version == 1 && one_dim && rank == 4) {  // [length, 1, in, out]
    require(filter.dim(1) == 1, "the filter of a convolution over one dim is {}", filter);
    filter = filter.reshaped(Shape{filter.dim(0), filter.dim(2), filter.dim(3)});
  }
  return filter;
}

/// Whether the layer's weights are any different today.
bool changes(const Layer& layer, const OldWriter& writer) {
  if (layer.model) return std::ranges::any_of(layer.model->layers, [&](const Layer& inner) { return changes(inner, writer); });
  if (std::ranges::any_of(layer.inner, [&](const auto& inner) { return changes(inner.second, writer); })) return true;
  if (is_convolution(layer)) return writer.theano || layer.class_name == "Conv1D" || channels_first(layer);
  return writer.version == 1 && (layer.class_name == "LSTM" || layer.class_name == "GRU");
}

}  // namespace

std::vector<Weight> modern_weights(const Layer& layer, const Hdf5File& file, std::vector<Weight> stored, const OldWriter& writer) {
  if (!changes(layer, writer)) return stored;
  require(!layer.model, "layer '{}' is a model of Keras {} in another, whose recurrent and convolutional weights are not converted; load and save it with Keras 2",
          layer.name, writer.version);
  const std::string& name = layer.class_name;
  if (name == "TimeDistributed" && layer.inner_named("layer") != nullptr) return modern_weights(*layer.inner_named("layer"), file, std::move(stored), writer);
  if (name == "Bidirectional" && layer.inner_named("layer") != nullptr) {
    const auto half = stored.begin() + static_cast<std::ptrdiff_t>(stored.size() / 2);
    std::vector<Weight> both = modern_weights(*layer.inner_named("layer"), file, {stored.begin(), half}, writer);
    for (Weight& weight : modern_weights(*layer.inner_named("layer"), file, {half, stored.end()}, writer)) both.push_back(std::move(weight));
    return both;
  }
  if (name == "LSTM" && writer.version == 1 && stored.size() == 12) {  // gates i, c, f, o, each W, U, b; today i, f, c, o
    return {joined(file, stored, {0, 6, 3, 9}), joined(file, stored, {1, 7, 4, 10}), joined(file, stored, {2, 8, 5, 11})};
  }
  if (name == "GRU" && writer.version == 1 && stored.size() == 9) {
    return {joined(file, stored, {0, 3, 6}), joined(file, stored, {1, 4, 7}), joined(file, stored, {2, 5, 8})};
  }
  if (is_convolution(layer) && !stored.empty()) stored[0].value = modern_filter(layer, file.read(*stored[0].dataset), writer);
  return stored;
}

}  // namespace temper::keras
