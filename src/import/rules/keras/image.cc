#include "import/rules/keras/windows.h"

namespace temper::keras {
namespace {

ValueId pair(LayerImport& layer, std::int64_t height, std::int64_t width) {
  return layer.cast(layer.ints({height, width}), DType::kInt32);
}

/// Pixels [top, top + height) by [left, left + width).
ValueId window(LayerImport& layer, ValueId x, std::int64_t top, std::int64_t left, std::int64_t height, std::int64_t width) {
  return layer.slice(layer.slice(x, 1, top, top + height), 2, left, left + width);
}

/// Pictures [batch, height, width, channels], or one without the batch.
struct Pictures {
  Windows windows;
  ValueId x;
  std::int64_t height;
  std::int64_t width;
};

Pictures pictures(LayerImport& layer) {
  const Windows windows(layer, 2);
  const ValueId x = windows.channels_last(layer, layer.input(0));
  const auto size = [&](const char* name) {
    const auto value = layer.attribute<std::int64_t>(name);
    require(value > 0 && value < (1 << 20), "attribute '{}' is {}", name, value);
    return value;
  };
  return {windows, x, size("height"), size("width")};
}

std::string_view resize_op(LayerImport& layer) {
  static const std::map<std::string, std::string_view> ops = {
      {"nearest", "resize_nearest_neighbor"}, {"bilinear", "resize_bilinear"}, {"bicubic", "resize_bicubic"}, {"area", "resize_area"}};
  const auto method = layer.attribute<std::string>("interpolation", "bilinear");
  const auto found = ops.find(method);
  require(found != ops.end(), "attribute 'interpolation' is '{}', which is not supported", method);
  return found->second;
}

ValueId resized(LayerImport& layer, ValueId x, std::int64_t height, std::int64_t width) {
  const std::string_view op = resize_op(layer);
  Attributes attributes;
  if (op != "resize_area") attributes.emplace_back("half_pixel_centers", true);
  return layer.emit(op, {x, pair(layer, height, width)}, attributes);
}

/// The largest middle part of the wanted picture's proportions.
ValueId cut_to_proportion(LayerImport& layer, ValueId x, std::int64_t height, std::int64_t width) {
  const std::int64_t h = layer.known_dim(x, 1, "the picture's height");
  const std::int64_t w = layer.known_dim(x, 2, "the picture's width");
  require(h > 0 && w > 0 && h < (1 << 24) && w < (1 << 24), "a picture of {}x{} is not supported", h, w);
  const auto crop_height = std::min<std::int64_t>(h, static_cast<std::int64_t>(static_cast<double>(w * height) / static_cast<double>(width)));
  const auto crop_width = std::min<std::int64_t>(w, static_cast<std::int64_t>(static_cast<double>(h * width) / static_cast<double>(height)));
  const auto top = static_cast<std::int64_t>(static_cast<double>(h - crop_height) / 2);
  const auto left = static_cast<std::int64_t>(static_cast<double>(w - crop_width) / 2);
  return window(layer, x, top, left, crop_height, crop_width);
}

ValueIds resizing(LayerImport& layer) {
  auto [windows, x, height, width] = pictures(layer);
  require(!layer.attribute("pad_to_aspect_ratio", false), "pad_to_aspect_ratio is not supported");
  require(!layer.attribute("antialias", false), "antialias is not supported");
  if (layer.attribute("crop_to_aspect_ratio", false)) x = cut_to_proportion(layer, x, height, width);
  return {windows.back(layer, layer.cast(resized(layer, x, height, width), layer.compute_dtype()))};
}

/// The middle of the picture; a picture that is smaller is resized instead.
ValueIds center_crop(LayerImport& layer) {
  auto [windows, x, height, width] = pictures(layer);
  const std::int64_t h = layer.known_dim(x, 1, "the picture's height");
  const std::int64_t w = layer.known_dim(x, 2, "the picture's width");
  if (h >= height && w >= width) {
    x = window(layer, x, (h - height) / 2, (w - width) / 2, height, width);
  } else {
    x = layer.emit("resize_bilinear", {cut_to_proportion(layer, x, height, width), pair(layer, height, width)}, {{"half_pixel_centers", true}});
  }
  return {windows.back(layer, layer.cast(x, layer.compute_dtype()))};
}

/// Outside training Keras 2 resizes the middle, Keras 3 passes the picture on as it is.
ValueIds random_crop(LayerImport& layer) {
  if (layer.keras_version() >= 3) return {layer.input(0)};
  auto [windows, x, height, width] = pictures(layer);
  x = layer.emit("resize_bilinear", {cut_to_proportion(layer, x, height, width), pair(layer, height, width)}, {{"half_pixel_centers", true}});
  return {windows.back(layer, layer.cast(x, layer.compute_dtype()))};
}

}  // namespace
}  // namespace temper::keras

namespace temper {

REGISTER_RULES(keras_image) {
  using namespace keras;
  rules.keras("Resizing", "", resizing);
  rules.keras("CenterCrop", "", center_crop);
  rules.keras("RandomCrop", "", random_crop);
}

}  // namespace temper
