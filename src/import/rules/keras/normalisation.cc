#include "import/keras/layer_import.h"

namespace temper::keras {
namespace {

/// Attribute axis: a number or a list, from the front.
std::vector<std::int64_t> axes_of(LayerImport& layer, ValueId x) {
  const auto value = layer.layer().attribute("axis");
  std::vector<std::int64_t> axes{-1};
  if (value) {
    if (const auto* one = std::get_if<std::int64_t>(&*value)) axes = {*one};
    else axes = layer.attribute<std::vector<std::int64_t>>("axis");
  }
  for (std::int64_t& axis : axes) axis = static_cast<std::int64_t>(normalise_axis(axis, layer.rank(x)));
  return axes;
}

/// A number for each element along `axes` of x, in a shape that broadcasts to x.
ValueId spread(LayerImport& layer, ValueId value, ValueId x, const std::vector<std::int64_t>& axes) {
  const auto rank = static_cast<std::int64_t>(layer.rank(x));
  if (axes.size() == 1 && axes[0] == rank - 1) return value;
  std::vector<std::int64_t> dims(static_cast<std::size_t>(rank), 1);
  const auto shape = layer.fact(value).shape.known();
  require(shape.has_value() && shape->rank() == axes.size(), "a weight {} does not fit {} axes", layer.fact(value), axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) dims[static_cast<std::size_t>(axes[i])] = (*shape)[i];
  return layer.reshape(value, dims);
}

ValueId filled(LayerImport& layer, const Shape& shape, double value, DType dtype) {
  return layer.cast(layer.constant(Tensor::from<double>(shape, std::vector<double>(static_cast<std::size_t>(shape.elements()), value))), dtype);
}

ValueIds batch_norm(LayerImport& layer) {
  require(layer.attribute<std::int64_t>("mode", 0) != 1, "mode 1, which normalises each sample by itself, is not supported");
  const ValueId x = layer.input(0);
  const std::vector<std::int64_t> axes = axes_of(layer, x);
  require(axes.size() == 1, "normalising along axes [{}] is not supported", fmt::join(axes, ","));
  const Tensor mean = layer.weight_value("moving_mean");
  const ValueId scale = layer.has_weight("gamma") ? layer.weight("gamma") : filled(layer, mean.shape(), 1, mean.dtype());
  const ValueId offset = layer.has_weight("beta") ? layer.weight("beta") : filled(layer, mean.shape(), 0, mean.dtype());
  const auto rank = static_cast<std::int64_t>(layer.rank(x));
  std::vector<std::int64_t> perm;
  std::vector<std::int64_t> inverse(static_cast<std::size_t>(rank));
  for (std::int64_t axis = 0; axis < rank; ++axis) {
    if (axis != axes[0]) perm.push_back(axis);
  }
  perm.push_back(axes[0]);
  for (std::size_t i = 0; i < perm.size(); ++i) inverse[static_cast<std::size_t>(perm[i])] = static_cast<std::int64_t>(i);
  const ValueId y = layer.emit("batch_norm", {layer.transpose(x, perm), scale, offset, layer.constant(mean), layer.weight("moving_variance")},
                               {{"epsilon", layer.attribute("epsilon", 1e-3)}});
  return {layer.transpose(y, inverse)};
}

/// (x - mean) / sqrt(variance + epsilon), both over `axes`; without the mean where only the size of x counts.
ValueId standardised(LayerImport& layer, ValueId x, const std::vector<std::int64_t>& axes, double epsilon, bool centred) {
  const Attributes over{{"axes", axes}, {"keep_dims", true}};
  const ValueId from = centred ? layer.emit("sub", {x, layer.emit("mean", {x}, over)}) : x;
  const ValueId variance = layer.emit("mean", {layer.emit("square", {from})}, over);
  return layer.emit("mul", {from, layer.emit("rsqrt", {layer.emit("add", {variance, layer.number_like(epsilon, x)})})});
}

ValueId scaled(LayerImport& layer, ValueId y, const std::vector<std::int64_t>& axes) {
  if (layer.has_weight("gamma")) y = layer.emit("mul", {y, spread(layer, layer.weight("gamma"), y, axes)});
  if (layer.has_weight("beta")) y = layer.emit("add", {y, spread(layer, layer.weight("beta"), y, axes)});
  return y;
}

ValueIds layer_norm(LayerImport& layer) {
  const ValueId x = layer.input(0);
  const std::vector<std::int64_t> axes = axes_of(layer, x);
  if (layer.attribute("rms_scaling", false)) {  // the size of x, but about its mean
    const Attributes over{{"axes", axes}, {"keep_dims", true}};
    const ValueId away = layer.emit("sub", {x, layer.emit("mean", {x}, over)});
    const ValueId variance = layer.emit("mean", {layer.emit("square", {away})}, over);
    const ValueId y = layer.emit("mul", {x, layer.emit("rsqrt", {layer.emit("add", {variance, layer.number_like(layer.attribute("epsilon", 1e-3), x)})})});
    return {layer.emit("mul", {y, spread(layer, layer.weight("gamma"), y, axes)})};
  }
  return {scaled(layer, standardised(layer, x, axes, layer.attribute("epsilon", 1e-3), true), axes)};
}

ValueIds rms_norm(LayerImport& layer) {
  const ValueId x = layer.input(0);
  const std::vector<std::int64_t> axes = axes_of(layer, x);
  const ValueId y = standardised(layer, x, axes, layer.attribute("epsilon", 1e-6), false);
  return {layer.emit("mul", {y, spread(layer, layer.weight("scale"), y, axes)})};
}

/// Channels in groups, each normalised with all its pixels.
ValueIds group_norm(LayerImport& layer) {
  const ValueId x = layer.input(0);
  const std::vector<std::int64_t> axes = axes_of(layer, x);
  require(axes.size() == 1 && axes[0] > 0, "attribute 'axis' must be one, of channels");
  const auto channel = static_cast<std::size_t>(axes[0]);
  const std::int64_t channels = layer.known_dim(x, static_cast<std::ptrdiff_t>(channel), "the number of channels");
  std::int64_t groups = layer.attribute<std::int64_t>("groups", 32);
  if (groups == -1) groups = channels;
  require(groups > 0 && channels % groups == 0, "{} channels do not go into {} groups", channels, groups);
  std::vector<std::int64_t> dims;
  std::vector<std::int64_t> over;
  for (std::size_t axis = 1; axis < layer.rank(x); ++axis) {
    over.push_back(static_cast<std::int64_t>(dims.size()) + 1);
    if (axis == channel) {
      dims.push_back(groups);
      over.back() += 1;
      dims.push_back(channels / groups);
    } else {
      dims.push_back(layer.known_dim(x, static_cast<std::ptrdiff_t>(axis), "the size of the input"));
    }
  }
  const ValueId grouped = layer.reshape_rows(x, dims);
  const ValueId normal = standardised(layer, grouped, over, layer.attribute("epsilon", 1e-3), true);
  dims.clear();
  for (std::size_t axis = 1; axis < layer.rank(x); ++axis) dims.push_back(layer.known_dim(x, static_cast<std::ptrdiff_t>(axis), "the size of the input"));
  return {scaled(layer, layer.reshape_rows(normal, dims), axes)};
}

ValueIds unit_norm(LayerImport& layer) {
  const ValueId x = layer.input(0);
  const ValueId squares = layer.emit("sum", {layer.emit("square", {x})}, {{"axes", axes_of(layer, x)}, {"keep_dims", true}});
  return {layer.emit("mul", {x, layer.emit("rsqrt", {layer.emit("maximum", {squares, layer.number_like(1e-12, x)})})})};
}

/// The mean and variance that Normalization was given or has learnt, for each element along its axes.
ValueId statistic(LayerImport& layer, ValueId x, std::string_view name, const std::string& given) {
  if (layer.has_weight(name)) {
    std::vector<std::int64_t> axes;
    if (layer.has_attribute("axis")) axes = axes_of(layer, x);
    const ValueId value = layer.cast(layer.weight(name), layer.fact(x).dtype);
    return axes.empty() ? layer.reshape(value, {}) : spread(layer, value, x, axes);
  }
  const auto value = layer.layer().attribute(given);
  require(value.has_value(), "has neither weights nor attribute '{}'", given);
  std::vector<double> numbers;
  if (const auto* many = std::get_if<std::vector<double>>(&*value)) numbers = *many;
  else if (const auto* whole = std::get_if<std::vector<std::int64_t>>(&*value)) numbers.assign(whole->begin(), whole->end());
  else numbers = {layer.attribute<double>(given)};
  if (numbers.size() == 1) return layer.number_like(numbers[0], x);
  const ValueId vector = layer.cast(layer.constant(Tensor::vector<double>(numbers)), layer.fact(x).dtype);
  return spread(layer, vector, x, axes_of(layer, x));
}

ValueIds normalization(LayerImport& layer) {
  const ValueId x = layer.cast(layer.input(0), layer.compute_dtype());
  const ValueId mean = statistic(layer, x, "mean", "mean");
  const ValueId variance = statistic(layer, x, "variance", "variance");
  const ValueId deviation = layer.emit("maximum", {layer.emit("sqrt", {variance}), layer.number_like(1e-7, x)});
  if (layer.attribute("invert", false)) return {layer.emit("add", {mean, layer.emit("mul", {x, deviation})})};
  return {layer.emit("div", {layer.emit("sub", {x, mean}), deviation})};
}

ValueIds rescaling(LayerImport& layer) {
  const ValueId x = layer.cast(layer.input(0), layer.compute_dtype());
  const auto values = [&](const char* name) {
    const auto given = layer.layer().attribute(name);
    require(given.has_value(), "attribute '{}' is missing", name);
    if (const auto* many = std::get_if<std::vector<double>>(&*given)) return layer.cast(layer.constant(Tensor::vector<double>(*many)), layer.fact(x).dtype);
    if (const auto* whole = std::get_if<std::vector<std::int64_t>>(&*given)) return layer.cast(layer.ints(*whole), layer.fact(x).dtype);
    return layer.number_like(layer.attribute<double>(name), x);
  };
  return {layer.emit("add", {layer.emit("mul", {x, values("scale")}), values("offset")})};
}

}  // namespace
}  // namespace temper::keras

namespace temper {

REGISTER_RULES(keras_normalisation) {
  using namespace keras;
  rules.keras("BatchNormalization", "gamma?scale beta?center ~moving_mean ~moving_variance", batch_norm);
  rules.keras("LayerNormalization", "gamma?scale beta?center", layer_norm);
  rules.keras("RMSNormalization", "scale", rms_norm);
  rules.keras("GroupNormalization", "gamma?scale beta?center", group_norm);
  rules.keras("UnitNormalization", "", unit_norm);
  rules.keras("Normalization", "~mean?!mean ~variance?!mean ~count?!mean", normalization);
  rules.keras("Rescaling", "", rescaling);
  rules.keras("LayerScale", "gamma", [](LayerImport& layer) -> ValueIds { return {layer.emit("mul", {layer.input(0), layer.weight("gamma")})}; });
}

}  // namespace temper
