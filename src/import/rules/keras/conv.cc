#include "import/rules/keras/activations.h"
#include "import/rules/keras/windows.h"

namespace temper::keras {
namespace {

std::string padding_of(LayerImport& layer) { return layer.attribute<std::string>("padding", "valid"); }

/// Adds the bias where there is one, and applies the activation; `y` has its channels last.
ValueId finished(LayerImport& layer, ValueId y) {
  if (layer.has_weight("bias")) y = layer.emit("add", {y, layer.weight("bias")});
  return y;
}

/// Channels go back to where the layer has them before the activation, which may be along them.
ValueIds given_back(LayerImport& layer, const Windows& windows, ValueId y) {
  return {activated_by(layer, windows.back(layer, finished(layer, y)))};
}

/// A causal convolution sees nothing that is to come: what is missing is put before the first step.
ValueId padded_causally(LayerImport& layer, ValueId x, std::int64_t kernel, std::int64_t dilation) {
  return layer.emit("pad", {x, layer.constant(Tensor::from<std::int64_t>(Shape{3, 2}, std::vector<std::int64_t>{0, 0, (kernel - 1) * dilation, 0, 0, 0}))});
}

ValueId convolved(LayerImport& layer, const Windows& windows, ValueId x, ValueId filter, std::int64_t groups) {
  const auto strides = layer.numbers("strides", windows.spatial, 1);
  const auto dilations = layer.numbers("dilation_rate", windows.spatial, 1);
  std::string padding = padding_of(layer);
  if (padding == "causal") {
    require(windows.spatial == 1, "attribute 'padding' is causal, which is for one dim only");
    const auto& shape = layer.fact(filter).shape;
    require(dilations[0] > 0 && dilations[0] < (1 << 20), "attribute 'dilation_rate' is {}", dilations[0]);
    x = padded_causally(layer, x, shape[0].value(), dilations[0]);
    padding = "valid";
  }
  require(padding == "valid" || padding == "same", "attribute 'padding' is '{}', which is not supported", padding);
  return layer.emit("conv", {x, filter}, {{"strides", strides}, {"dilations", dilations}, {"padding", padding}, {"groups", groups}});
}

ValueIds convolution(LayerImport& layer, std::size_t spatial) {
  const Windows windows(layer, spatial);
  const ValueId x = windows.channels_last(layer, layer.input(0));
  return given_back(layer, windows, convolved(layer, windows, x, layer.weight("kernel"), layer.attribute<std::int64_t>("groups", 1)));
}

/// The filter [spatial..., C, multiplier] as that of a convolution of C groups; the number of groups too.
std::pair<ValueId, std::int64_t> grouped(LayerImport& layer, ValueId filter, std::size_t spatial) {
  const auto shape = layer.fact(filter).shape.known();
  require(shape.has_value() && shape->rank() == spatial + 2, "the depthwise kernel is {}, which needs {} dims", layer.fact(filter), spatial + 2);
  std::vector<std::int64_t> dims(shape->begin(), shape->end());
  const std::int64_t groups = dims[spatial];
  require(groups > 0, "the depthwise kernel is {}", layer.fact(filter));
  dims[spatial + 1] *= groups;
  dims[spatial] = 1;
  return {layer.reshape(filter, dims), groups};
}

ValueIds depthwise(LayerImport& layer, std::size_t spatial, std::string_view kernel) {
  const Windows windows(layer, spatial);
  const ValueId x = windows.channels_last(layer, layer.input(0));
  const auto [filter, groups] = grouped(layer, layer.weight(kernel), spatial);
  return given_back(layer, windows, convolved(layer, windows, x, filter, groups));
}

/// Depthwise with the layer's strides and dilations, then across channels.
ValueIds separable(LayerImport& layer, std::size_t spatial) {
  const Windows windows(layer, spatial);
  const ValueId x = windows.channels_last(layer, layer.input(0));
  const auto [filter, groups] = grouped(layer, layer.weight("depthwise_kernel"), spatial);
  const ValueId each = convolved(layer, windows, x, filter, groups);
  return given_back(layer, windows, layer.emit("conv", {each, layer.weight("pointwise_kernel")}));
}

/// How long a transposed convolution's output is along one dim of unknown or known length.
struct Lengthened {
  std::int64_t stride;
  std::int64_t plus;
};

Lengthened lengthened(std::int64_t kernel, std::int64_t stride, std::int64_t dilation, bool same, std::int64_t output_padding) {
  const std::int64_t reach = (kernel - 1) * dilation + 1;
  if (output_padding < 0) return {stride, same ? 0 : std::max<std::int64_t>(reach - stride, 0)};
  return {stride, reach - stride - (same ? reach / 2 * 2 : 0) + output_padding};
}

ValueIds transposed(LayerImport& layer, std::size_t spatial) {
  const Windows windows(layer, spatial);
  const ValueId x = windows.channels_last(layer, layer.input(0));
  const ValueId filter = layer.weight("kernel");
  const auto shape = layer.fact(filter).shape.known();
  require(shape.has_value() && shape->rank() == spatial + 2, "the kernel is {}, which needs {} dims", layer.fact(filter), spatial + 2);
  const auto strides = layer.numbers("strides", spatial, 1);
  const auto dilations = layer.numbers("dilation_rate", spatial, 1);
  const auto output_padding = layer.numbers("output_padding", spatial, -1);
  const std::string padding = padding_of(layer);
  require(padding == "valid" || padding == "same", "attribute 'padding' is '{}', which is not supported", padding);
  ValueIds sizes;
  for (std::size_t i = 0; i < spatial; ++i) {
    const auto fits = [](std::int64_t number) { return number > 0 && number < (1 << 20); };
    require(fits(strides[i]) && fits(dilations[i]) && fits((*shape)[i]) && output_padding[i] < (1 << 20), "strides [{}], dilations [{}] and a kernel of {} do not fit",
            fmt::join(strides, ","), fmt::join(dilations, ","), layer.fact(filter));
    const auto [times, plus] = lengthened((*shape)[i], strides[i], dilations[i], padding == "same", output_padding[i]);
    const Dim length = layer.dim(x, static_cast<std::ptrdiff_t>(i) + 1);
    if (length.known()) {
      require(length.value() < (std::int64_t{1} << 40), "an input of {} is too large", layer.fact(x));
      sizes.push_back(layer.ints({length.value() * times + plus}));
    } else {
      const ValueId all = layer.emit("shape", {x}, {{"dtype", DType::kInt64}});
      const auto axis = static_cast<std::int64_t>(i) + 1;
      sizes.push_back(layer.emit("add", {layer.emit("mul", {layer.slice(all, 0, axis, axis + 1), layer.ints({times})}), layer.ints({plus})}));
    }
  }
  const ValueId wanted = layer.emit("concat", sizes, {{"axis", std::int64_t{0}}});
  return given_back(layer, windows,
                    layer.emit("conv_transpose", {wanted, filter, x}, {{"strides", strides}, {"dilations", dilations}, {"padding", padding}}));
}

auto with_dims(auto rule, std::size_t spatial) {
  return [rule, spatial](LayerImport& layer) { return rule(layer, spatial); };
}

auto depthwise_rule(std::size_t spatial, std::string_view kernel) {
  return [spatial, kernel](LayerImport& layer) { return depthwise(layer, spatial, kernel); };
}

/// x * kernel + bias over the last dim.
ValueIds dense(LayerImport& layer) {
  ValueId x = layer.cast(layer.input(0), layer.compute_dtype());
  require(layer.rank(x) >= 2, "needs an input of 2 dims or more, got {}", layer.fact(x));
  return {activated_by(layer, finished(layer, layer.emit("matmul", {x, layer.weight("kernel")})))};
}

/// einsum(equation, x, kernel) + bias
ValueIds einsum_dense(LayerImport& layer) {
  const ValueId y = layer.emit("einsum", {layer.input(0), layer.weight("kernel")}, {{"equation", layer.attribute<std::string>("equation")}});
  return {activated_by(layer, finished(layer, y))};
}

ValueIds embedding(LayerImport& layer) {
  const ValueId indices = layer.input(0);
  const ValueId whole = is_integer(layer.fact(indices).dtype) ? indices : layer.cast(indices, DType::kInt32);
  const ValueId y = layer.emit("gather", {layer.weight("embeddings"), whole}, {{"axis", std::int64_t{0}}});
  if (layer.attribute("mask_zero", false)) layer.scope().set_mask(y, layer.emit("not_equal", {whole, layer.number_like(0, whole)}));
  return {y};
}

}  // namespace
}  // namespace temper::keras

namespace temper {

REGISTER_RULES(keras_conv) {
  using namespace keras;
  constexpr std::string_view kKernel = "kernel bias?use_bias";
  rules.keras("Conv1D", kKernel, with_dims(convolution, 1));
  rules.keras("Conv2D", kKernel, with_dims(convolution, 2));
  rules.keras("Conv3D", kKernel, with_dims(convolution, 3));
  rules.keras("Conv1DTranspose", kKernel, with_dims(transposed, 1));
  rules.keras("Conv2DTranspose", kKernel, with_dims(transposed, 2));
  rules.keras("Conv3DTranspose", kKernel, with_dims(transposed, 3));
  rules.keras("DepthwiseConv1D", kKernel, depthwise_rule(1, "kernel"));
  rules.keras("DepthwiseConv2D", kKernel, depthwise_rule(2, "kernel"));
  rules.keras("SeparableConv1D", "depthwise_kernel pointwise_kernel bias?use_bias", with_dims(separable, 1));
  rules.keras("SeparableConv2D", "depthwise_kernel pointwise_kernel bias?use_bias", with_dims(separable, 2));
  rules.keras("Dense", kKernel, dense);
  rules.keras("EinsumDense", "kernel bias?bias_axes", einsum_dense);
  rules.keras("Embedding", "embeddings", embedding);
}

}  // namespace temper
