#include <algorithm>

#include "import/rule.h"

namespace temper {
namespace {

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

/// `name` if it is one of `known`; throws ModelError naming the attribute otherwise.
std::string one_of(std::string name, std::string_view attribute, std::initializer_list<std::string_view> known) {
  require(std::ranges::find(known, name) != known.end(), "attribute '{}' is '{}', not one of {}", attribute, name,
          fmt::join(known, ", "));
  return name;
}

Rule resize(std::string op) {
  return [op](NodeImport& node) -> ValueIds {
    const bool align_corners = node.attribute("align_corners", false);
    const bool half_pixel_centers = node.attribute("half_pixel_centers", false);
    require(!align_corners || !half_pixel_centers, "align_corners and half_pixel_centers exclude each other");
    return {node.emit(op, {node.input(0), node.input(1)},
                      {{"align_corners", align_corners}, {"half_pixel_centers", half_pixel_centers}})};
  };
}

ValueIds resize_area(NodeImport& node) {
  return {node.emit("resize_area", node.inputs(), {{"align_corners", node.attribute("align_corners", false)}})};
}

ValueIds crop_and_resize(NodeImport& node) {
  const auto method = one_of(node.attribute<std::string>("method", "bilinear"), "method", {"bilinear", "nearest"});
  return {node.emit("crop_and_resize", node.inputs(),
                    {{"method", method}, {"extrapolation_value", node.attribute("extrapolation_value", 0.0)}})};
}

ValueIds scale_and_translate(NodeImport& node) {
  const auto kernel =
      one_of(node.attribute<std::string>("kernel_type", "lanczos3"), "kernel_type",
             {"lanczos1", "lanczos3", "lanczos5", "gaussian", "box", "triangle", "keyscubic", "mitchellcubic"});
  return {node.emit("scale_and_translate", node.inputs(),
                    {{"kernel", kernel}, {"antialias", node.attribute("antialias", true)}})};
}

ValueIds projective_transform(NodeImport& node) {
  const auto interpolation =
      one_of(lower_case(node.attribute<std::string>("interpolation")), "interpolation", {"nearest", "bilinear"});
  const auto border = one_of(lower_case(node.attribute<std::string>("fill_mode", "CONSTANT")), "fill_mode",
                             {"constant", "reflect", "wrap", "nearest"});
  return {node.emit("projective_transform", node.inputs(), {{"interpolation", interpolation}, {"border", border}})};
}

}  // namespace

REGISTER_RULES(image) {
  rules.tensorflow("ResizeBilinear", resize("resize_bilinear"));
  rules.tensorflow("ResizeNearestNeighbor", resize("resize_nearest_neighbor"));
  rules.tensorflow("ResizeBicubic", resize("resize_bicubic"));
  rules.tensorflow("ResizeArea", resize_area);
  rules.tensorflow("CropAndResize", crop_and_resize);
  rules.tensorflow("ScaleAndTranslate", scale_and_translate);
  rules.tensorflow("ImageProjectiveTransformV2", projective_transform);
  rules.tensorflow("ImageProjectiveTransformV3", projective_transform);
  rules.tensorflow("RGBToHSV", emit_as("rgb_to_hsv"));
  rules.tensorflow("HSVToRGB", emit_as("hsv_to_rgb"));
  rules.tensorflow("AdjustHue", emit_as("adjust_hue"));
  rules.tensorflow("AdjustSaturation", emit_as("adjust_saturation"));
  rules.tensorflow("AdjustContrastv2", emit_as("adjust_contrast"));
}

}  // namespace temper
