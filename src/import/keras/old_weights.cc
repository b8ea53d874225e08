#include "import/keras/old_weights.h"

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

/// Of an old convolution's filter.
Tensor modern_filter(const Layer& layer, Tensor filter, bool mirrored) {
  const bool one_dim = layer.class_name == "Conv1D";
  const auto format = layer.attribute("data_format");
  const std::string* text = format ? std::get_if<std::string>(&*format) : nullptr;
  const bool first = text != nullptr && *text == "channels_first";
  const auto rank = static_cast<std::int64_t>(filter.rank());
  if (rank < 4) return filter;
  if (first && !one_dim) {  // [out, in, spatial...]
    std::vector<std::int64_t> perm;
    for (std::int64_t axis = 2; axis < rank; ++axis) perm.push_back(axis);
    perm.insert(perm.end(), {1, 0});
    filter = evaluate("transpose", {filter}, {{"perm", perm}});
  }
  if (mirrored) {
    std::vector<std::int64_t> axes;
    for (std::int64_t axis = 0; axis + 2 < rank; ++axis) axes.push_back(axis);
    filter = evaluate("reverse", {filter}, {{"axes", axes}});
  }
  if (one_dim) {  // [length, 1, in, out]
    require(filter.dim(1) == 1, "the filter of a convolution over one dim is {}", filter);
    filter = filter.reshaped(Shape{filter.dim(0), filter.dim(2), filter.dim(3)});
  }
  return filter;
}

}  // namespace

std::optional<std::vector<Weight>> join_old_weights(const Layer& layer, const Hdf5File& file, const std::vector<Weight>& stored, bool mirrored) {
  const std::string& name = layer.class_name;
  if (layer.class_name == "TimeDistributed" && layer.inner_named("layer") != nullptr) return join_old_weights(*layer.inner_named("layer"), file, stored, mirrored);
  if (name == "LSTM" && stored.size() == 12) {  // gates i, c, f, o, each W, U, b; today i, f, c, o
    return std::vector<Weight>{joined(file, stored, {0, 6, 3, 9}), joined(file, stored, {1, 7, 4, 10}), joined(file, stored, {2, 8, 5, 11})};
  }
  if (name == "GRU" && stored.size() == 9) {
    return std::vector<Weight>{joined(file, stored, {0, 3, 6}), joined(file, stored, {1, 4, 7}), joined(file, stored, {2, 5, 8})};
  }
  if ((name.starts_with("Conv") || name.starts_with("SeparableConv")) && !stored.empty()) {
    std::vector<Weight> modern = stored;
    modern[0].value = modern_filter(layer, file.read(*stored[0].dataset), mirrored);
    return modern;
  }
  return std::nullopt;
}

}  // namespace temper::keras
