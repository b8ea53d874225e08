#include "import/rules/keras/windows.h"

namespace temper::keras {
namespace {

ValueIds pass_on(LayerImport& layer) { return {layer.input(0)}; }

/// Channels come last before the rest is joined.
ValueIds flatten(LayerImport& layer) {
  ValueId x = layer.input(0);
  if (layer.rank(x) == 1) return {layer.emit("expand_dims", {x}, {{"axis", std::int64_t{1}}})};
  if (layer.rank(x) > 2 && layer.attribute<std::string>("data_format", "channels_last") == "channels_first") {
    std::vector<std::int64_t> perm{0};
    for (std::size_t axis = 2; axis < layer.rank(x); ++axis) perm.push_back(static_cast<std::int64_t>(axis));
    perm.push_back(1);
    x = layer.transpose(x, perm);
  }
  return {layer.reshape_rows(x, {-1})};
}

ValueIds reshape(LayerImport& layer) {
  const auto dims = layer.attribute<std::vector<std::int64_t>>("target_shape");
  require(dims.size() < kMaxRank && std::ranges::count(dims, -1) <= 1, "attribute 'target_shape' is [{}]", fmt::join(dims, ","));
  return {layer.reshape_rows(layer.input(0), dims)};
}

/// Dims are counted from 1: the batch stays.
ValueIds permute(LayerImport& layer) {
  std::vector<std::int64_t> perm = layer.attribute<std::vector<std::int64_t>>("dims");
  perm.insert(perm.begin(), 0);
  return {layer.emit("transpose", {layer.input(0)}, {{"perm", perm}})};
}

/// Each vector `n` times in turn.
ValueIds repeat_vector(LayerImport& layer) {
  const auto count = layer.attribute<std::int64_t>("n");
  require(count >= 0, "attribute 'n' is {}", count);
  return {layer.emit("tile", {layer.emit("expand_dims", {layer.input(0)}, {{"axis", std::int64_t{1}}}), layer.ints({1, count, 1})})};
}

/// Numbers before and after each spatial dim, from one for all, one a dim, or two a dim.
std::vector<std::int64_t> borders(LayerImport& layer, std::string_view name, std::size_t spatial) {
  const auto value = layer.layer().attribute(name);
  require(value.has_value(), "attribute '{}' is missing", name);
  std::vector<std::int64_t> given;
  if (const auto* one = std::get_if<std::int64_t>(&*value)) given.assign(spatial, *one);
  else given = layer.attribute<std::vector<std::int64_t>>(name);
  if (given.size() == spatial) {
    std::vector<std::int64_t> both;
    for (const std::int64_t number : given) both.insert(both.end(), {number, number});
    given = both;
  }
  require(given.size() == 2 * spatial, "attribute '{}' needs {} numbers, got [{}]", name, 2 * spatial, fmt::join(given, ","));
  for (const std::int64_t number : given) require(number >= 0, "attribute '{}' is [{}]", name, fmt::join(given, ","));
  return given;
}

ValueIds zero_padding(LayerImport& layer, std::size_t spatial) {
  const Windows windows(layer, spatial);
  const auto numbers = borders(layer, "padding", spatial);
  std::vector<std::int64_t> paddings(2 * (spatial + 2), 0);
  std::ranges::copy(numbers, paddings.begin() + (windows.channels_first ? 4 : 2));
  return {layer.emit("pad", {layer.input(0), layer.constant(Tensor::from<std::int64_t>(Shape{static_cast<std::int64_t>(spatial) + 2, 2}, paddings))})};
}

ValueIds cropping(LayerImport& layer, std::size_t spatial) {
  const Windows windows(layer, spatial);
  const auto numbers = borders(layer, "cropping", spatial);
  std::vector<std::int64_t> begins(spatial + 2, 0);
  std::vector<std::int64_t> ends(spatial + 2, 0);
  std::int64_t open = 0;  // bits of the dims whose ends are left out
  for (std::size_t axis = 0; axis < spatial + 2; ++axis) {
    const std::size_t first = windows.channels_first ? 2 : 1;
    const bool cropped = axis >= first && axis < first + spatial;
    begins[axis] = cropped ? numbers[2 * (axis - first)] : 0;
    ends[axis] = cropped ? -numbers[2 * (axis - first) + 1] : 0;
    if (ends[axis] == 0) open |= std::int64_t{1} << axis;
  }
  return {layer.emit("strided_slice", {layer.input(0), layer.ints(begins), layer.ints(ends), layer.ints(std::vector<std::int64_t>(spatial + 2, 1))},
                     {{"end_mask", open}})};
}

/// Each element of a spatial dim so many times in turn.
ValueId repeated(LayerImport& layer, ValueId x, std::size_t axis, std::int64_t times) {
  if (times == 1) return x;
  require(times > 1 && times < (1 << 16), "attribute 'size' is {}", times);
  std::vector<std::int64_t> repeats(layer.rank(x) + 1, 1);
  repeats[axis + 1] = times;
  const ValueId apart = layer.emit("tile", {layer.emit("expand_dims", {x}, {{"axis", static_cast<std::int64_t>(axis) + 1}}), layer.ints(repeats)});
  std::vector<std::int64_t> dims;
  for (std::size_t i = 1; i < layer.rank(x); ++i) {
    const Dim size = layer.dim(x, static_cast<std::ptrdiff_t>(i));
    if (size.known()) require(size.value() < (std::int64_t{1} << 32), "an input of {} is too large", layer.fact(x));
    dims.push_back(!size.known() ? -1 : i == axis ? size.value() * times : size.value());
  }
  require(std::ranges::count(dims, -1) <= 1, "the input's dims must be known, it is {}", layer.fact(x));
  return layer.reshape_rows(apart, dims);
}

/// A picture by whole numbers: nearest neighbours repeat, others are resized.
ValueIds up_sampling(LayerImport& layer, std::size_t spatial) {
  const Windows windows(layer, spatial);
  const auto sizes = layer.numbers("size", spatial, 2);
  ValueId x = windows.channels_last(layer, layer.input(0));
  const auto method = layer.attribute<std::string>("interpolation", "nearest");
  if (method == "nearest" && spatial != 2) {
    for (std::size_t i = 0; i < spatial; ++i) x = repeated(layer, x, i + 1, sizes[i]);
    return {windows.back(layer, x)};
  }
  static const std::map<std::string_view, std::string_view> ops = {{"nearest", "resize_nearest_neighbor"}, {"bilinear", "resize_bilinear"}, {"bicubic", "resize_bicubic"}};
  const auto op = ops.find(method);
  require(op != ops.end() && spatial == 2, "attribute 'interpolation' is '{}', which is not supported", method);
  for (const std::int64_t size : sizes) require(size > 0 && size < (1 << 16), "attribute 'size' is [{}]", fmt::join(sizes, ","));
  const ValueId shape = layer.emit("shape", {x}, {{"dtype", DType::kInt32}});
  ValueId wanted;
  if (layer.dim(x, 1).known() && layer.dim(x, 2).known()) {
    const auto size = [&](std::ptrdiff_t axis) { return layer.known_dim(x, axis + 1, "the picture's size"); };
    require(size(0) < (1 << 24) && size(1) < (1 << 24), "an input of {} is too large", layer.fact(x));
    wanted = layer.cast(layer.ints({size(0) * sizes[0], size(1) * sizes[1]}), DType::kInt32);
  } else {
    wanted = layer.emit("mul", {layer.slice(shape, 0, 1, 3), layer.cast(layer.ints(sizes), DType::kInt32)});
  }
  x = layer.emit(op->second, {x, wanted}, {{"half_pixel_centers", true}});
  return {windows.back(layer, x)};
}

auto with_dims(auto rule, std::size_t spatial) {
  return [rule, spatial](LayerImport& layer) { return rule(layer, spatial); };
}

/// Steps that are all `mask_value` do not count, and are zero from here on.
ValueIds masking(LayerImport& layer) {
  const ValueId x = layer.input(0);
  const ValueId differs = layer.emit("not_equal", {x, layer.number_like(layer.attribute("mask_value", 0.0), x)});
  const auto any = [&](bool keep) { return layer.emit("any", {differs}, {{"axes", std::vector<std::int64_t>{-1}}, {"keep_dims", keep}}); };
  const ValueId y = layer.emit("mul", {x, layer.cast(any(true), layer.fact(x).dtype)});
  layer.scope().set_mask(y, any(false));
  return {y};
}

}  // namespace
}  // namespace temper::keras

namespace temper {

REGISTER_RULES(keras_shape) {
  using namespace keras;
  rules.keras("Flatten", "", flatten);
  rules.keras("Reshape", "", keras::reshape);
  rules.keras("Permute", "", permute);
  rules.keras("RepeatVector", "", repeat_vector);
  rules.keras("Masking", "", masking);
  static constexpr std::string_view kNames[][3] = {{"ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"},
                                                   {"Cropping1D", "Cropping2D", "Cropping3D"},
                                                   {"UpSampling1D", "UpSampling2D", "UpSampling3D"}};
  for (std::size_t n = 1; n <= 3; ++n) {
    rules.keras(kNames[0][n - 1], "", with_dims(zero_padding, n));
    rules.keras(kNames[1][n - 1], "", with_dims(cropping, n));
    rules.keras(kNames[2][n - 1], "", with_dims(up_sampling, n));
  }
  // What only training changes.
  for (const std::string_view name :
       {"ActivityRegularization", "AlphaDropout", "AugMix", "CutMix", "Dropout", "GaussianDropout", "GaussianNoise", "Identity", "MixUp", "RandAugment", "RandomBrightness",
        "RandomColorDegeneration", "RandomColorJitter", "RandomContrast", "RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale",
        "RandomHeight", "RandomHue", "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear",
        "RandomTranslation", "RandomWidth", "RandomZoom", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
        "StochasticDepth"}) {
    rules.keras(name, "", pass_on);
  }
}

}  // namespace temper
