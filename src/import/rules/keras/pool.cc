#include "import/rules/keras/windows.h"

namespace temper::keras {

Windows::Windows(LayerImport& layer, std::size_t spatial_dims) : spatial(spatial_dims) {
  const auto format = layer.attribute<std::string>("data_format", "channels_last");
  require(format == "channels_last" || format == "channels_first", "attribute 'data_format' is '{}'", format);
  channels_first = format == "channels_first";
  const Fact& x = layer.input_fact(0);
  require(!x.shape.rank_known() || x.shape.rank() == spatial + 2, "needs an input of {} dims, got {}", spatial + 2, x);
}

ValueId Windows::channels_last(LayerImport& layer, ValueId value) const {
  if (!channels_first) return value;
  std::vector<std::int64_t> perm{0};
  for (const std::int64_t axis : axes()) perm.push_back(axis);
  perm.push_back(1);
  return layer.transpose(value, perm);
}

ValueId Windows::back(LayerImport& layer, ValueId value) const {
  if (!channels_first) return value;
  std::vector<std::int64_t> perm{0, static_cast<std::int64_t>(spatial) + 1};
  for (std::size_t i = 0; i < spatial; ++i) perm.push_back(static_cast<std::int64_t>(i) + 1);
  return layer.transpose(value, perm);
}

std::vector<std::int64_t> Windows::axes() const {
  std::vector<std::int64_t> all;
  for (std::size_t i = 0; i < spatial; ++i) all.push_back(static_cast<std::int64_t>(i) + (channels_first ? 2 : 1));
  return all;
}

namespace {

ValueIds pool(LayerImport& layer, std::string_view op, std::size_t spatial) {
  const Windows windows(layer, spatial);
  const auto kernel = layer.numbers("pool_size", spatial, 2);
  const auto strides = layer.has_attribute("strides") ? layer.numbers("strides", spatial) : kernel;
  const auto padding = layer.attribute<std::string>("padding", "valid");
  require(padding == "valid" || padding == "same", "attribute 'padding' is '{}', which is not supported", padding);
  const ValueId x = windows.channels_last(layer, layer.input(0));
  return {windows.back(layer, layer.emit(op, {x}, {{"kernel", kernel}, {"strides", strides}, {"padding", padding}}))};
}

/// The mean over the steps that a mask lets through.
ValueId masked_mean(LayerImport& layer, ValueId x, ValueId mask, bool keep) {
  const ValueId counted = layer.emit("expand_dims", {layer.cast(mask, layer.fact(x).dtype)}, {{"axis", std::int64_t{2}}});
  const Attributes over{{"axes", std::vector<std::int64_t>{1}}, {"keep_dims", keep}};
  return layer.emit("div", {layer.emit("sum", {layer.emit("mul", {x, counted})}, over), layer.emit("sum", {counted}, over)});
}

ValueIds global_pool(LayerImport& layer, std::string_view op, std::size_t spatial) {
  const Windows windows(layer, spatial);
  const ValueId x = layer.input(0);
  const bool keep = layer.attribute("keepdims", false);
  if (const auto mask = layer.mask(); mask && spatial == 1 && op == "mean" && !windows.channels_first) return {masked_mean(layer, x, *mask, keep)};
  return {layer.emit(op, {x}, {{"axes", windows.axes()}, {"keep_dims", keep}})};
}

}  // namespace
}  // namespace temper::keras

namespace temper {

REGISTER_RULES(keras_pool) {
  static constexpr std::string_view kNames[][3] = {{"MaxPooling1D", "MaxPooling2D", "MaxPooling3D"},
                                                   {"AveragePooling1D", "AveragePooling2D", "AveragePooling3D"},
                                                   {"GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D"},
                                                   {"GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D"}};
  for (std::size_t n = 1; n <= 3; ++n) {
    using keras::LayerImport;
    rules.keras(kNames[0][n - 1], "", [n](LayerImport& layer) { return keras::pool(layer, "max_pool", n); });
    rules.keras(kNames[1][n - 1], "", [n](LayerImport& layer) { return keras::pool(layer, "avg_pool", n); });
    rules.keras(kNames[2][n - 1], "", [n](LayerImport& layer) { return keras::global_pool(layer, "max", n); });
    rules.keras(kNames[3][n - 1], "", [n](LayerImport& layer) { return keras::global_pool(layer, "mean", n); });
  }
}

}  // namespace temper
