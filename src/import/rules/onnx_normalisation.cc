#include "import/rules/onnx.h"

namespace temper {
namespace {

/// Normalised by the mean and variance of elements along `axes`; and the mean and the deviation's inverse.
struct Normalised {
  ValueId y, mean, inverse;
};

Normalised normalise(NodeImport& node, ValueId x, const Ints& axes, double epsilon) {
  const DType dtype = node.fact(x).dtype;
  const Attributes along{{"axes", axes}, {"keep_dims", true}};
  const ValueId mean = node.emit("mean", {x}, along);
  const ValueId centred = node.emit("sub", {x, mean});
  const ValueId variance = node.emit("mean", {node.emit("square", {centred})}, along);
  const ValueId inverse = node.emit("rsqrt", {node.emit("add", {variance, number(node, epsilon, dtype)})});
  return {node.emit("mul", {centred, inverse}), mean, inverse};
}

/// A vector as the dims of a value of `rank` of which dim `axis` is its own.
ValueId along_axis(NodeImport& node, ValueId vector, std::size_t axis, std::size_t rank) {
  Ints dims(rank, 1);
  dims[axis] = -1;
  return reshape(node, vector, dims);
}

ValueIds batch_norm(NodeImport& node) {
  require(!onnx_flag(node, "training_mode", false), "is in training mode, which is not supported");
  require(onnx_flag(node, "spatial", true), "attribute 'spatial' is 0, which is not supported");
  ValueIds inputs{to_channels_last(node, node.input(0))};
  for (std::size_t i = 1; i < 5; ++i) inputs.push_back(node.input(i));
  return {to_channels_first(node, node.emit("batch_norm", inputs, {{"epsilon", node.attribute("epsilon", 1e-5)}}))};
}

ValueIds instance_norm(NodeImport& node) {
  const ValueId x = to_channels_last(node, node.input(0));
  Ints axes;
  for (std::size_t axis = 1; axis + 1 < known_rank(node, x, "the input"); ++axis) axes.push_back(static_cast<std::int64_t>(axis));
  const ValueId y = normalise(node, x, axes, node.attribute("epsilon", 1e-5)).y;
  return {to_channels_first(node, node.emit("add", {node.emit("mul", {y, node.input(1)}), node.input(2)}))};
}

/// Over all dims from `axis` on. In float32 for narrower types.
ValueIds layer_norm(NodeImport& node) {
  const DType dtype = node.input_fact(0).dtype;
  const DType within = dtype == DType::kFloat64 ? dtype : DType::kFloat32;
  const std::size_t rank = known_rank(node, node.input(0), "the input");
  Ints axes;
  for (std::size_t axis = normalise_axis(node.attribute("axis", std::int64_t{-1}), rank); axis < rank; ++axis) {
    axes.push_back(static_cast<std::int64_t>(axis));
  }
  const Normalised result = normalise(node, cast(node, node.input(0), within), axes, node.attribute("epsilon", 1e-5));
  ValueId y = node.emit("mul", {cast(node, result.y, dtype), node.input(1)});
  if (node.has_input(2)) y = node.emit("add", {y, node.input(2)});
  return {y, result.mean, result.inverse};
}

/// Channels in groups, each normalised with its space. Until version 21 scale and bias are one a group, then one a channel.
ValueIds group_norm(NodeImport& node) {
  const auto groups = node.attribute<std::int64_t>("num_groups");
  const ValueId x = node.input(0);
  const std::size_t rank = known_rank(node, x, "the input");
  require(rank >= 2 && groups >= 1, "needs at least 2 dimensions and 1 group, got {} and {}", node.fact(x), groups);
  const ValueId shape = shape_of(node, x);
  const ValueId batch = reshape(node, node.emit("gather", {shape, int64(node, 0)}), {1});
  const ValueId target = node.emit("concat", {batch, int64s(node, {groups, -1})}, {{"axis", std::int64_t{0}}});
  ValueId y = normalise(node, node.emit("reshape", {x, target}), {2}, node.attribute("epsilon", 1e-5)).y;
  const bool by_channel = node.version() >= 21;
  if (by_channel) y = node.emit("reshape", {y, shape});
  const std::size_t dims = by_channel ? rank : 3;
  y = node.emit("mul", {y, along_axis(node, node.input(1), 1, dims)});
  y = node.emit("add", {y, along_axis(node, node.input(2), 1, dims)});
  return {by_channel ? y : node.emit("reshape", {y, shape})};
}

ValueIds mean_variance_norm(NodeImport& node) {
  const Ints axes = node.attribute("axes", Ints{0, 2, 3});
  const DType dtype = node.input_fact(0).dtype;
  const Attributes along{{"axes", axes}, {"keep_dims", true}};
  const ValueId centred = node.emit("sub", {node.input(0), node.emit("mean", {node.input(0)}, along)});
  const ValueId deviation = node.emit("sqrt", {node.emit("mean", {node.emit("square", {centred})}, along)});
  return {node.emit("div", {centred, node.emit("add", {deviation, number(node, 1e-9, dtype)})})};
}

ValueIds lp_norm(NodeImport& node) {
  const auto p = node.attribute("p", std::int64_t{2});
  require(p == 1 || p == 2, "attribute 'p' is {}, neither 1 nor 2", p);
  const Attributes along{{"axes", Ints{node.attribute("axis", std::int64_t{-1})}}, {"keep_dims", true}};
  const ValueId norm = p == 2 ? node.emit("euclidean_norm", {node.input(0)}, along)
                              : node.emit("sum", {node.emit("abs", {node.input(0)})}, along);
  return {node.emit("div", {node.input(0), norm})};
}

ValueIds local_response_norm(NodeImport& node) {
  const auto size = node.attribute<std::int64_t>("size");
  require(size >= 1 && size % 2 == 1, "attribute 'size' is {}; only odd sizes are supported", size);
  const ValueId y = node.emit("local_response_norm", {to_channels_last(node, node.input(0))},
                              {{"depth_radius", (size - 1) / 2},
                               {"bias", node.attribute("bias", 1.0)},
                               {"alpha", node.attribute("alpha", 1e-4) / static_cast<double>(size)},
                               {"beta", node.attribute("beta", 0.75)}});
  return {to_channels_first(node, y)};
}

}  // namespace

REGISTER_RULES(onnx_normalisation) {
  rules.onnx("BatchNormalization", batch_norm);
  rules.onnx("InstanceNormalization", instance_norm);
  rules.onnx("LayerNormalization", layer_norm);
  rules.onnx("GroupNormalization", group_norm);
  rules.onnx("MeanVarianceNormalization", mean_variance_norm);
  rules.onnx("LpNormalization", lp_norm);
  rules.onnx("LRN", local_response_norm);
}

}  // namespace temper
