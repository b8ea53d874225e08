#include <cmath>

#include "import/rule.h"

namespace temper {
namespace {

Tensor lowest(DType dtype) {
  return visit_floats(dtype, [&]<class T>(Type<T>) {
    if constexpr (std::is_same_v<T, Half>) return Tensor::scalar(Half(-65504.0F));
    else return Tensor::scalar(T(std::numeric_limits<float>::lowest()));
  });
}

ValueId zero(NodeImport& node) { return node.constant(Tensor::zeros(node.input_fact(0).dtype, Shape{})); }

/// NonMaxSuppression, V2, V3: indices alone.
ValueIds import_hard(NodeImport& node) {
  const bool threshold_is_attribute = node.op() == "NonMaxSuppression";
  const ValueId iou_threshold =
      threshold_is_attribute ? node.constant(Tensor::scalar(node.attribute("iou_threshold", 0.5F))) : node.input(3);
  const ValueId score_threshold =
      node.op() == "NonMaxSuppressionV3" ? node.input(4) : node.constant(lowest(node.input_fact(0).dtype));
  const ValueIds all = node.emit_all("non_max_suppression", {node.input(0), node.input(1), node.input(2), iou_threshold,
                                                             score_threshold, zero(node)});
  return {all[0]};
}

ValueIds import_padded(NodeImport& node) {
  const ValueIds all = node.emit_all(
      "non_max_suppression",
      {node.input(0), node.input(1), node.input(2), node.input(3), node.input(4), zero(node)},
      {{"pad_to_max_output_size", node.attribute("pad_to_max_output_size", false)}});
  return {all[0], all[2]};
}

ValueIds import_soft(NodeImport& node) {
  return node.emit_all("non_max_suppression", node.inputs(),
                       {{"pad_to_max_output_size", node.attribute("pad_to_max_output_size", false)}});
}

ValueIds import_combined(NodeImport& node) {
  return node.emit_all("combined_non_max_suppression", node.inputs(),
                       {{"pad_per_class", node.attribute("pad_per_class", false)},
                        {"clip_boxes", node.attribute("clip_boxes", true)}});
}

}  // namespace

REGISTER_RULES(detection) {
  rules.tensorflow("NonMaxSuppression", import_hard);
  rules.tensorflow("NonMaxSuppressionV2", import_hard);
  rules.tensorflow("NonMaxSuppressionV3", import_hard);
  rules.tensorflow("NonMaxSuppressionV4", import_padded);
  rules.tensorflow("NonMaxSuppressionV5", import_soft);
  rules.tensorflow("NonMaxSuppressionWithOverlaps", emit_as("non_max_suppression_with_overlaps"));
  rules.tensorflow("CombinedNonMaxSuppression", import_combined);
}

}  // namespace temper
