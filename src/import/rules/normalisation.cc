#include "import/rules/spatial.h"

namespace temper {
namespace {

/// FusedBatchNorm, V2, V3 and _FusedBatchNormEx, which adds a side input and an activation. The first three outputs are
/// y, mean and variance; the reserved ones hold what a gradient would want: those of the batch itself.
ValueIds fused_batch_norm(NodeImport& node, std::size_t outputs) {
  const std::string format = node.attribute<std::string>("data_format", "NHWC");
  const ImageLayout layout = image_layout(node, format.find('D') != std::string::npos ? 3 : 2);
  ValueIds inputs{channels_last(node, layout, node.input(0))};
  for (std::size_t i = 1; i < 5; ++i) inputs.push_back(node.input(i));
  ValueIds results;
  const double epsilon = node.attribute("epsilon", 1e-4);
  if (node.attribute("is_training", true)) {
    results = node.emit_all("batch_norm_training", std::move(inputs),
                            {{"epsilon", epsilon}, {"average_factor", node.attribute("exponential_avg_factor", 1.0)}});
  } else {
    results = {node.emit("batch_norm", std::move(inputs), {{"epsilon", epsilon}}), node.input(3), node.input(4),
               node.input(3), node.input(4)};
  }
  if (node.input_count() > 5) results[0] = node.emit("add", {results[0], channels_last(node, layout, node.input(5))});
  const auto activation = node.attribute<std::string>("activation_mode", "Identity");
  require(activation == "Identity" || activation == "Relu", "attribute 'activation_mode' is {}, which is not supported",
          activation);
  if (activation == "Relu") results[0] = node.emit("relu", {results[0]});
  results[0] = from_channels_last(node, layout, results[0]);
  if (outputs == 6) results.push_back(node.constant(Tensor::scalar(0.0F)));
  return results;
}

Rule fused_batch_norm_rule(std::size_t outputs) {
  return [outputs](NodeImport& node) { return fused_batch_norm(node, outputs); };
}

/// Inputs: x, mean, variance, beta, gamma.
ValueIds global_batch_norm(NodeImport& node) {
  ValueId scale = node.input(4);
  if (!node.attribute<bool>("scale_after_normalization")) {
    const auto shape = node.fact(scale).shape.known();
    require(shape.has_value(), "the number of channels must be known, gamma is {}", node.fact(scale));
    const std::vector<float> ones(static_cast<std::size_t>(shape->elements()), 1.0F);
    scale = node.emit("cast", {node.constant(Tensor::from<float>(*shape, ones))}, {{"dtype", node.fact(scale).dtype}});
  }
  return {node.emit("batch_norm", {node.input(0), scale, node.input(3), node.input(1), node.input(2)},
                    {{"epsilon", node.attribute<double>("variance_epsilon")}})};
}

/// Channels are the second dim in NCHW whatever the rank.
ValueIds bias_add(NodeImport& node) {
  const Fact& x = node.input_fact(0);
  ValueId bias = node.input(1);
  const Fact& fact = node.fact(bias);
  require(!fact.shape.rank_known() || fact.shape.rank() == 1, "a bias needs 1 dimension, got {}", fact);
  require(!x.shape.rank_known() || x.shape.rank() >= 2, "needs at least 2 dimensions, got {}", x);
  const bool first = image_layout(node, 2).channels_first;
  if (x.shape.rank_known() && fact.shape.rank_known()) {
    const Dim& channels = x.shape[first ? 1 : x.shape.rank() - 1];
    require(!channels.known() || !fact.shape[0].known() || channels == fact.shape[0],
            "a bias {} does not fit {} channels", fact, channels.known() ? channels.value() : 0);
  }
  if (first) {
    require(x.shape.rank_known(), "the rank of the input must be known for data_format NCHW");
    std::vector<std::int64_t> dims(x.shape.rank() - 1, 1);
    dims[0] = -1;
    bias = node.emit("reshape", {bias, node.constant(Tensor::vector<std::int64_t>(dims))});
  }
  return {node.emit("add", {node.input(0), bias})};
}

ValueIds local_response_norm(NodeImport& node) {
  return {node.emit("local_response_norm", {node.input(0)},
                    {{"depth_radius", node.attribute<std::int64_t>("depth_radius", 5)},
                     {"bias", node.attribute("bias", 1.0)},
                     {"alpha", node.attribute("alpha", 1.0)},
                     {"beta", node.attribute("beta", 0.5)}})};
}

}  // namespace

REGISTER_RULES(normalisation) {
  rules.tensorflow("FusedBatchNorm", fused_batch_norm_rule(5));
  rules.tensorflow("FusedBatchNormV2", fused_batch_norm_rule(5));
  rules.tensorflow("FusedBatchNormV3", fused_batch_norm_rule(6));
  rules.tensorflow("_FusedBatchNormEx", fused_batch_norm_rule(6));
  rules.tensorflow("BatchNormWithGlobalNormalization", global_batch_norm);
  rules.tensorflow("BiasAdd", bias_add);
  rules.tensorflow("BiasAddV1", bias_add);
  rules.tensorflow("LRN", local_response_norm);
  rules.tensorflow("Softmax", emit_as("softmax"));
  rules.tensorflow("LogSoftmax", emit_as("log_softmax"));
}

}  // namespace temper
