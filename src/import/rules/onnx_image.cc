#include <array>
#include <cmath>
#include <numeric>

#include "import/rules/onnx.h"

/// Operators on pictures and on boxes in them.
namespace temper {
namespace {

/// What Resize and Upsample make of each axis.
struct Sizes {
  ValueId sizes = ValueId::kNone;   ///< int64, one a dim
  ValueId scales = ValueId::kNone;  ///< float32, likewise
  bool by_sizes = false;
};

std::vector<std::size_t> resized_axes(const NodeImport& node, std::size_t rank) {
  Ints axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  std::vector<std::size_t> all;
  for (const std::int64_t axis : node.attribute("axes", axes)) all.push_back(normalise_axis(axis, rank));
  return all;
}

/// A vector of one element for each of `axes` as one of one for each dim, `rest` (a vector for all dims) elsewhere.
ValueId for_all_axes(NodeImport& node, ValueId part, ValueId rest, const std::vector<std::size_t>& axes, std::size_t rank) {
  const ValueId both = node.emit("concat", {part, rest}, {{"axis", std::int64_t{0}}});
  Ints places;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const auto found = std::ranges::find(axes, axis);
    places.push_back(static_cast<std::int64_t>(found == axes.end() ? axes.size() + axis : static_cast<std::size_t>(found - axes.begin())));
  }
  return node.emit("gather", {both, int64s(node, places)});
}

ValueId floats(NodeImport& node, std::size_t count, float value) {
  const std::vector<float> values(count, value);
  return node.constant(Tensor::vector(std::span<const float>(values)));
}

ValueId sizes_of_scales(NodeImport& node, ValueId x, ValueId scales) {
  const ValueId dims = cast(node, shape_of(node, x), DType::kFloat64);
  return cast(node, node.emit("floor", {node.emit("mul", {dims, cast(node, scales, DType::kFloat64)})}), DType::kInt64);
}

/// The policy makes one scale of all axes: the least, or the greatest.
Sizes kept_ratio(NodeImport& node, ValueId x, const std::vector<std::size_t>& axes, const Ints& wanted, bool least) {
  double scale = 0;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const Dim& dim = node.fact(x).shape[axes[i]];
    require(dim.known() && dim.value() > 0, "the input's dims must be known to keep their ratio, got {}", node.fact(x));
    const double one = static_cast<double>(wanted[i]) / static_cast<double>(dim.value());
    scale = i == 0 ? one : least ? std::min(scale, one) : std::max(scale, one);
  }
  Ints sizes;
  for (const std::size_t axis : axes) sizes.push_back(static_cast<std::int64_t>(std::floor(scale * static_cast<double>(node.fact(x).shape[axis].value()) + 0.5)));
  return {int64s(node, sizes), floats(node, axes.size(), static_cast<float>(scale)), false};
}

Sizes read_sizes(NodeImport& node, ValueId x, std::size_t rank) {
  const auto axes = resized_axes(node, rank);
  const bool upsample = node.op() == "Upsample";
  const std::size_t scales_at = upsample || node.version() < 11 ? 1 : 2;
  const auto has_elements = [&](std::size_t i) { return node.has_input(i) && !node.input_fact(i).shape.elements().is(0); };
  if (!upsample && has_elements(3)) {
    const auto policy = node.attribute("keep_aspect_ratio_policy", std::string("stretch"));
    require(policy == "stretch" || policy == "not_larger" || policy == "not_smaller", "attribute 'keep_aspect_ratio_policy' is '{}'", policy);
    if (policy != "stretch") {
      const Ints wanted = node.int64s_input(3, "sizes");
      require(wanted.size() == axes.size(), "{} sizes are given for {} dims", wanted.size(), axes.size());
      const Sizes part = kept_ratio(node, x, axes, wanted, policy == "not_larger");
      return {for_all_axes(node, part.sizes, shape_of(node, x), axes, rank), for_all_axes(node, part.scales, floats(node, rank, 1), axes, rank), false};
    }
    const ValueId sizes = for_all_axes(node, cast(node, node.input(3), DType::kInt64), shape_of(node, x), axes, rank);
    const ValueId scales = node.emit("div", {cast(node, sizes, DType::kFloat32), cast(node, shape_of(node, x), DType::kFloat32)});
    return {sizes, scales, true};
  }
  ValueId scales = ValueId::kNone;
  if (upsample && node.has_attribute("scales")) {
    const auto given = node.attribute<std::vector<float>>("scales");
    scales = node.constant(Tensor::vector(std::span<const float>(given)));
  } else {
    require(has_elements(scales_at), "has neither scales nor sizes");
    scales = node.input(scales_at);
  }
  scales = for_all_axes(node, scales, floats(node, rank, 1), axes, rank);
  return {sizes_of_scales(node, x, scales), scales, false};
}

/// Whether only height and width of [batch, channels, height, width] change, and by just what their extents say.
bool resizes_pictures(const NodeImport& node, ValueId x, const Sizes& to, std::size_t rank) {
  const auto& scales = node.fact(to.scales).constant;
  const ShapeFact& in = node.fact(x).shape;
  if (rank != 4 || node.fact(x).dtype != DType::kFloat32) return false;
  const auto& sizes = node.fact(to.sizes).constant;
  for (std::size_t axis = 0; axis < 4; ++axis) {
    const bool same = (scales && scales->data<float>()[axis] == 1.0F) || (sizes && in[axis].is(sizes->to_int64s()[axis]));
    if (axis < 2 && !same) return false;
    if (axis < 2 || to.by_sizes) continue;
    if (!scales) return false;
    const double scale = static_cast<double>(scales->data<float>()[axis]);
    const bool whole = scale == std::floor(scale);
    if (!whole && !(in[axis].known() && static_cast<double>(in[axis].value()) * scale == std::floor(static_cast<double>(in[axis].value()) * scale))) return false;
  }
  return true;
}

/// The operator for pictures that does the same, if there is one, with its attributes.
struct PictureResize {
  std::string_view op;
  Attributes attributes;
};
std::optional<PictureResize> picture_resize(const std::string& mode, const std::string& grid, const std::string& rounding, const NodeImport& node) {
  if (onnx_flag(node, "antialias", false) || onnx_flag(node, "exclude_outside", false)) return std::nullopt;
  if (mode == "nearest" && grid == "asymmetric" && rounding == "floor") return PictureResize{"resize_nearest_neighbor", {}};
  if (mode != "linear") return std::nullopt;
  if (grid == "half_pixel") return PictureResize{"resize_bilinear", {{"half_pixel_centers", true}}};
  if (grid == "align_corners") return PictureResize{"resize_bilinear", {{"align_corners", true}}};
  if (grid == "asymmetric") return PictureResize{"resize_bilinear", {}};
  return std::nullopt;
}

ValueId region_of(NodeImport& node, std::size_t rank) {
  const auto axes = resized_axes(node, rank);
  const ValueId given = cast(node, node.input(1), DType::kFloat32);
  const auto half = [&](std::int64_t first, float rest) {
    const auto count = static_cast<std::int64_t>(axes.size());
    const ValueId part = node.emit("slice", {given, int64s(node, {first * count}), int64s(node, {count})});
    return for_all_axes(node, part, floats(node, rank, rest), axes, rank);
  };
  return node.emit("concat", {half(0, 0), half(1, 1)}, {{"axis", std::int64_t{0}}});
}

ValueIds resize(NodeImport& node) {
  const ValueId x = node.input(0);
  const std::size_t rank = known_rank(node, x, "the input");
  const bool old = node.op() == "Upsample" || node.version() < 11;
  std::string mode = node.attribute("mode", std::string("nearest"));
  if (mode == "bilinear") mode = "linear";
  const std::string grid = old ? "asymmetric" : node.attribute("coordinate_transformation_mode", std::string("half_pixel"));
  const std::string rounding = old ? "floor" : node.attribute("nearest_mode", std::string("round_prefer_floor"));
  const Sizes to = read_sizes(node, x, rank);
  const auto picture = picture_resize(mode, grid, rounding, node);
  if (picture && resizes_pictures(node, x, to, rank)) {
    const ValueId size = node.emit("slice", {to.sizes, int64s(node, {2}), int64s(node, {2})});
    return {to_channels_first(node, node.emit(picture->op, {to_channels_last(node, x), cast(node, size, DType::kInt32)}, picture->attributes))};
  }
  static constexpr std::array<std::string_view, 7> kGrids = {"half_pixel",    "half_pixel_symmetric", "pytorch_half_pixel", "asymmetric",
                                                             "align_corners", "tf_half_pixel_for_nn", "tf_crop_and_resize"};
  static constexpr std::array<std::string_view, 4> kRoundings = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
  require(mode == "nearest" || mode == "linear" || mode == "cubic", "attribute 'mode' is '{}', which is not supported", mode);
  require(std::ranges::find(kGrids, grid) != kGrids.end(), "attribute 'coordinate_transformation_mode' is '{}', which is not supported", grid);
  require(std::ranges::find(kRoundings, rounding) != kRoundings.end(), "attribute 'nearest_mode' is '{}', which is not supported", rounding);
  ValueIds inputs{x, to.sizes, to.scales};
  if (grid == "tf_crop_and_resize") inputs.push_back(region_of(node, rank));
  return {node.emit("resample", inputs,
                    {{"mode", mode},
                     {"grid", grid},
                     {"rounding", rounding},
                     {"cubic_a", node.attribute("cubic_coeff_a", -0.75)},
                     {"exclude_outside", onnx_flag(node, "exclude_outside", false)},
                     {"antialias", onnx_flag(node, "antialias", false)},
                     {"extrapolation", node.attribute("extrapolation_value", 0.0)}})};
}

ValueIds grid_sample(NodeImport& node) {
  std::string mode = node.attribute("mode", std::string("linear"));
  if (mode == "bilinear") mode = "linear";
  if (mode == "bicubic") mode = "cubic";
  const auto border = node.attribute("padding_mode", std::string("zeros"));
  require(mode == "linear" || mode == "nearest" || mode == "cubic", "attribute 'mode' is '{}', which is not supported", mode);
  require(border == "zeros" || border == "border" || border == "reflection", "attribute 'padding_mode' is '{}', which is not supported", border);
  const ValueId y = node.emit("grid_sample", {to_channels_last(node, node.input(0)), node.input(1)},
                              {{"mode", mode}, {"border", border}, {"align_corners", onnx_flag(node, "align_corners", false)}});
  return {to_channels_first(node, y)};
}

/// Positions from -1 to 1 along a dim: of its ends, or of its pixels' middles.
ValueId even_positions(NodeImport& node, std::int64_t count, bool ends) {
  require(count >= 1 && count <= 1 << 20, "a grid of {} is not supported", count);
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto n = static_cast<double>(count), at = static_cast<double>(i);
    values.push_back(static_cast<float>(ends ? (count == 1 ? -1 : -1 + 2 * at / (n - 1)) : (2 * at + 1) / n - 1));
  }
  return node.constant(Tensor::vector(std::span<const float>(values)));
}

/// The positions [batch, space..., dims] of a grid that is moved by matrices [batch, dims, dims + 1].
ValueIds affine_grid(NodeImport& node) {
  const Ints size = node.int64s_input(1, "size");
  require(size.size() == 4 || size.size() == 5, "a size of {} numbers is not supported", size.size());
  const std::size_t dims = size.size() - 2;
  const bool ends = onnx_flag(node, "align_corners", false);
  Ints full(size.begin() + 2, size.end());
  full.push_back(1);
  ValueIds parts;  // the last dim of space comes first
  for (std::size_t i = dims; i-- > 0;) {
    Ints own(dims + 1, 1);
    own[i] = -1;
    const ValueId along = reshape(node, even_positions(node, size[i + 2], ends), own);
    parts.push_back(node.emit("broadcast_to", {along, int64s(node, full)}));
  }
  parts.push_back(node.emit("fill", {int64s(node, full), number(node, 1, DType::kFloat32)}));
  const auto rank = static_cast<std::int64_t>(dims);
  const ValueId points = reshape(node, node.emit("concat", parts, {{"axis", std::int64_t{-1}}}), {-1, rank + 1});
  const ValueId theta = node.input(0);
  const ValueId moved = node.emit("matmul", {cast(node, points, node.fact(theta).dtype), theta}, {{"transpose_b", true}});
  Ints target{size[0]};
  target.insert(target.end(), size.begin() + 2, size.end());
  target.push_back(rank);
  return {reshape(node, moved, target)};
}

ValueIds roi_align(NodeImport& node) {
  const auto mode = node.attribute("mode", std::string("avg"));
  require(mode == "avg" || mode == "max", "attribute 'mode' is '{}', neither avg nor max", mode);
  const auto grid = node.attribute("coordinate_transformation_mode", std::string(node.version() < 16 ? "output_half_pixel" : "half_pixel"));
  require(grid == "half_pixel" || grid == "output_half_pixel", "attribute 'coordinate_transformation_mode' is '{}', which is not supported", grid);
  const ValueId y = node.emit("roi_align", {to_channels_last(node, node.input(0)), node.input(1), node.input(2)},
                              {{"height", node.attribute("output_height", std::int64_t{1})},
                               {"width", node.attribute("output_width", std::int64_t{1})},
                               {"sampling", node.attribute("sampling_ratio", std::int64_t{0})},
                               {"spatial_scale", node.attribute("spatial_scale", 1.0)},
                               {"half_pixel", grid == "half_pixel"},
                               {"largest", mode == "max"}});
  return {to_channels_first(node, y)};
}

ValueIds non_max_suppression(NodeImport& node) {
  const auto scalar = [&](std::size_t i, ValueId fallback) { return node.has_input(i) ? reshape(node, node.input(i), {}) : fallback; };
  const ValueId lowest = node.constant(Tensor::scalar(std::numeric_limits<float>::lowest()));
  return {node.emit("classwise_non_max_suppression",
                    {node.input(0), node.input(1), scalar(2, int64(node, 0)), scalar(3, number(node, 0, DType::kFloat32)), scalar(4, lowest)},
                    {{"centred", onnx_flag(node, "center_point_box", false)}})};
}

}  // namespace

REGISTER_RULES(onnx_image) {
  rules.onnx("Resize", resize);
  rules.onnx("Upsample", resize);
  rules.onnx("GridSample", grid_sample);
  rules.onnx("AffineGrid", affine_grid);
  rules.onnx("RoiAlign", roi_align);
  rules.onnx("NonMaxSuppression", non_max_suppression);
}

}  // namespace temper
