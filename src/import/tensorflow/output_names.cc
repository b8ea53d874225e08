#include "import/tensorflow/output_names.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/error.h"

namespace temper::tensorflow {
namespace {

using Names = std::vector<std::string_view>;

/// Operators of several named outputs, each one tensor, as TensorFlow's op definitions name them.
const std::map<std::string_view, Names>& table() {
  static const Names batch_norm = {"y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2",
                                   "reserve_space_3"};
  static const Names lstm = {"i", "cs", "f", "o", "ci", "co", "h"};
  static const Names quantised = {"output", "output_min", "output_max"};
  static const std::map<std::string_view, Names> names = {
      {"FusedBatchNorm", batch_norm},
      {"FusedBatchNormV2", batch_norm},
      {"FusedBatchNormV3", batch_norm},
      {"_FusedBatchNormEx", batch_norm},
      {"Switch", {"output_false", "output_true"}},
      {"RefSwitch", {"output_false", "output_true"}},
      {"Merge", {"output", "value_index"}},
      {"RefMerge", {"output", "value_index"}},
      {"TopK", {"values", "indices"}},
      {"TopKV2", {"values", "indices"}},
      {"Unique", {"y", "idx"}},
      {"UniqueV2", {"y", "idx"}},
      {"UniqueWithCounts", {"y", "idx", "count"}},
      {"UniqueWithCountsV2", {"y", "idx", "count"}},
      {"ListDiff", {"out", "idx"}},
      {"NonMaxSuppressionV4", {"selected_indices", "valid_outputs"}},
      {"NonMaxSuppressionV5", {"selected_indices", "selected_scores", "valid_outputs"}},
      {"CombinedNonMaxSuppression", {"nmsed_boxes", "nmsed_scores", "nmsed_classes", "valid_detections"}},
      {"MaxPoolWithArgmax", {"output", "argmax"}},
      {"TensorArrayV3", {"handle", "flow"}},
      {"TensorArrayConcat", {"value", "lengths"}},
      {"TensorArrayConcatV2", {"value", "lengths"}},
      {"TensorArrayConcatV3", {"value", "lengths"}},
      {"TensorListPopBack", {"output_handle", "tensor"}},
      {"TensorListConcat", {"tensor", "lengths"}},
      {"TensorListConcatV2", {"tensor", "lengths"}},
      {"BroadcastGradientArgs", {"r0", "r1"}},
      {"BlockLSTM", lstm},
      {"BlockLSTMV2", lstm},
      {"LSTMBlockCell", lstm},
      {"GRUBlockCell", {"r", "u", "c", "h"}},
      {"QuantizeV2", quantised},
      {"Quantize", quantised},
      {"Requantize", quantised},
      {"RequantizationRange", {"output_min", "output_max"}},
      {"QuantizeAndDequantizeV4Grad", {"input_backprop", "input_min_backprop", "input_max_backprop"}},
      {"Svd", {"s", "u", "v"}},
      {"SelfAdjointEigV2", {"e", "v"}},
      {"LookupTableExportV2", {"keys", "values"}},
  };
  return names;
}

}  // namespace

int first_port(std::string_view op, std::string_view output) {
  const auto found = table().find(op);
  if (found == table().end()) return 0;
  const auto name = std::ranges::find(found->second, output);
  require(name != found->second.end(), "operator {} has no output named '{}'", op, output);
  return static_cast<int>(name - found->second.begin());
}

}  // namespace temper::tensorflow
