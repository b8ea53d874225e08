#include "import/keras/spelling.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"

namespace temper::keras {
namespace {

using nlohmann::json;

/// Classes by their older names.
const std::map<std::string_view, std::string_view>& class_names() {
  static const std::map<std::string_view, std::string_view> names = {
      {"Convolution1D", "Conv1D"},
      {"Convolution2D", "Conv2D"},
      {"Convolution3D", "Conv3D"},
      {"AtrousConv1D", "Conv1D"},
      {"AtrousConvolution1D", "Conv1D"},
      {"AtrousConv2D", "Conv2D"},
      {"AtrousConvolution2D", "Conv2D"},
      {"Deconvolution2D", "Conv2DTranspose"},
      {"Convolution2DTranspose", "Conv2DTranspose"},
      {"Convolution3DTranspose", "Conv3DTranspose"},
      {"SeparableConvolution1D", "SeparableConv1D"},
      {"SeparableConvolution2D", "SeparableConv2D"},
      {"BatchNormalizationV1", "BatchNormalization"},
      {"BatchNormalizationV2", "BatchNormalization"},
      {"SyncBatchNormalization", "BatchNormalization"},
      {"Model", "Functional"},
      {"Container", "Functional"},
      {"Network", "Functional"},
      {"LSTMV2", "LSTM"},
      {"GRUV2", "GRU"},
      {"DenseV2", "Dense"},
  };
  return names;
}

/// Keys by their older names. What a layer calls differently from others is in `rename_for`.
constexpr std::pair<std::string_view, std::string_view> kKeys[] = {
    {"nb_filter", "filters"},
    {"filter_length", "kernel_size"},
    {"subsample", "strides"},
    {"subsample_length", "strides"},
    {"border_mode", "padding"},
    {"bias", "use_bias"},
    {"atrous_rate", "dilation_rate"},
    {"inner_activation", "recurrent_activation"},
    {"pool_length", "pool_size"},
    {"stride", "strides"},
    {"batch_input_shape", "batch_shape"},
};

void rename(json& config, std::string_view from, std::string_view to) {
  const auto found = config.find(from);
  if (found == config.end() || config.contains(to)) return;
  json value = std::move(*found);
  config.erase(found);
  config[std::string(to)] = std::move(value);
}

/// The sides of a kernel that Keras 1 names one by one.
void join_sides(json& config, std::initializer_list<std::string_view> sides) {
  json joined = json::array();
  for (const std::string_view side : sides) {
    const auto found = config.find(side);
    if (found == config.end()) return;
    joined.push_back(*found);
  }
  if (!config.contains("kernel_size")) config["kernel_size"] = std::move(joined);
}

void rename_order(json& config) {
  const auto found = config.find("dim_ordering");
  if (found == config.end() || config.contains("data_format")) return;
  config["data_format"] = *found == "th" ? "channels_first" : "channels_last";
}

void rename_for(std::string_view class_name, json& config) {
  const auto is = [&](auto... names) { return ((class_name == names) || ...); };
  if (is("Dense", "LSTM", "GRU", "SimpleRNN")) rename(config, "output_dim", "units");
  if (is("LeakyReLU")) rename(config, "alpha", "negative_slope");
  if (is("UpSampling1D")) rename(config, "length", "size");
  if (is("Dot")) rename(config, "dot_axes", "axes");
  if (is("Concatenate")) rename(config, "concat_axis", "axis");
}

/// Keras 1 has one layer for all ways to merge.
void split_merge(std::string& class_name, json& config) {
  static const std::map<std::string_view, std::string_view> modes = {
      {"sum", "Add"},         {"mul", "Multiply"}, {"concat", "Concatenate"}, {"ave", "Average"},
      {"max", "Maximum"},     {"dot", "Dot"},      {"cos", "Dot"},
  };
  const auto mode = config.find("mode");
  if (mode == config.end() || !mode->is_string()) return;
  const auto found = modes.find(mode->get_ref<const std::string&>());
  if (found == modes.end()) return;
  if (*mode == "cos") config["normalize"] = true;
  class_name = found->second;
}

}  // namespace

void modernise(std::string& class_name, json& config) {
  const auto found = class_names().find(class_name);
  if (found != class_names().end()) class_name = found->second;
  if (!config.is_object()) return;
  if (class_name == "Merge") split_merge(class_name, config);
  join_sides(config, {"nb_row", "nb_col"});
  join_sides(config, {"kernel_dim1", "kernel_dim2", "kernel_dim3"});
  for (const auto& [from, to] : kKeys) rename(config, from, to);
  rename_order(config);
  rename_for(class_name, config);
}

}  // namespace temper::keras
