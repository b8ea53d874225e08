#include "import/rules/spatial.h"

namespace temper {
namespace {

/// A pool whose window is `ksize`, one number a dim.
ValueIds pool(NodeImport& node, const std::string& op, std::size_t spatial) {
  const ImageLayout layout = image_layout(node, spatial);
  Attributes attributes = window_attributes(node, layout);
  const auto ksize = node.attribute<std::vector<std::int64_t>>("ksize");
  attributes.emplace_back("kernel", spatial_numbers(layout, ksize, "attribute 'ksize'"));
  const ValueId x = channels_last(node, layout, node.input(0));
  return {from_channels_last(node, layout, node.emit(op, {x}, attributes))};
}

Rule pool_rule(std::string op, std::size_t spatial) {
  return [op = std::move(op), spatial](NodeImport& node) { return pool(node, op, spatial); };
}

/// A window that spans channels stays within a pixel, and steps by its own size.
std::optional<ValueId> channel_pool(NodeImport& node, const ImageLayout& layout, const std::vector<std::int64_t>& ksize,
                                    const std::vector<std::int64_t>& strides) {
  const std::size_t channel = layout.channels_first ? 1 : 3;
  if (ksize.size() != 4 || strides.size() != 4 || ksize[channel] == 1) return std::nullopt;
  std::vector<std::int64_t> expected(4, 1);
  expected[channel] = ksize[channel];
  require(ksize == expected && strides == expected,
          "a window of [{}] by strides [{}] spans channels and pixels, or overlaps; that is not supported",
          fmt::join(ksize, ","), fmt::join(strides, ","));
  const ValueId x = channels_last(node, layout, node.input(0));
  return from_channels_last(node, layout, node.emit("channel_max_pool", {x}, {{"size", ksize[channel]}}));
}

ValueIds max_pool(NodeImport& node) {
  const auto numbers = [&](std::string_view name) { return node.attribute<std::vector<std::int64_t>>(name); };
  if (const auto y = channel_pool(node, image_layout(node, 2), numbers("ksize"), numbers("strides"))) return {*y};
  return pool(node, "max_pool", 2);
}

/// Takes ksize and strides as inputs.
ValueIds max_pool_v2(NodeImport& node) {
  const ImageLayout layout = image_layout(node, 2);
  const std::string padding = padding_name(node);
  if (!node.input_fact(1).constant || !node.input_fact(2).constant) {
    require(!layout.channels_first, "a window that is computed when the graph runs needs data_format NHWC");
    return {node.emit("max_pool_by", node.inputs(), {{"padding", padding}})};
  }
  const auto ksize = node.int64s_input(1, "ksize");
  const auto strides = node.int64s_input(2, "strides");
  if (const auto y = channel_pool(node, layout, ksize, strides)) return {*y};
  const ValueId x = channels_last(node, layout, node.input(0));
  const ValueId y = node.emit("max_pool", {x},
                              {{"kernel", spatial_numbers(layout, ksize, "ksize")},
                               {"strides", spatial_numbers(layout, strides, "strides")},
                               {"padding", padding}});
  return {from_channels_last(node, layout, y)};
}

ValueIds max_pool_with_argmax(NodeImport& node) {
  const ImageLayout layout;
  const auto numbers = [&](std::string_view name) {
    return spatial_numbers(layout, node.attribute<std::vector<std::int64_t>>(name), fmt::format("attribute '{}'", name));
  };
  return node.emit_all("max_pool_with_argmax", {node.input(0)},
                       {{"kernel", numbers("ksize")},
                        {"strides", numbers("strides")},
                        {"padding", padding_name(node)},
                        {"include_batch_in_index", node.attribute("include_batch_in_index", false)},
                        {"index_dtype", node.attribute("Targmax", DType::kInt64)}});
}

/// Each element of the third input goes to where the window's largest was; what meets there adds up. The second input, the
/// pool's own output, is not needed.
ValueIds max_pool_grad(NodeImport& node) {
  const ImageLayout layout = image_layout(node, 2);
  const auto numbers = [&](std::string_view name) {
    return spatial_numbers(layout, node.attribute<std::vector<std::int64_t>>(name), fmt::format("attribute '{}'", name));
  };
  const ValueId x = channels_last(node, layout, node.input(0));
  const ValueId gradient = channels_last(node, layout, node.input(2));
  const ValueIds pooled = node.emit_all("max_pool_with_argmax", {x},
                                        {{"kernel", numbers("ksize")},
                                         {"strides", numbers("strides")},
                                         {"padding", padding_name(node)},
                                         {"include_batch_in_index", true}});
  const auto reshaped = [&](ValueId value, std::initializer_list<std::int64_t> dims) {
    return node.emit("reshape", {value, node.constant(Tensor::vector<std::int64_t>(std::span(dims.begin(), dims.size())))});
  };
  const ValueId count = reshaped(node.emit("size", {x}, {{"dtype", DType::kInt64}}), {1});
  const ValueId sums = node.emit("scatter_nd", {reshaped(pooled[1], {-1, 1}), reshaped(gradient, {-1}), count});
  const ValueId y = node.emit("reshape", {sums, node.emit("shape", {x}, {{"dtype", DType::kInt64}})});
  return {from_channels_last(node, layout, y)};
}

}  // namespace

REGISTER_RULES(pool) {
  rules.tensorflow("MaxPool", max_pool);
  rules.tensorflow("MaxPoolV2", max_pool_v2);
  rules.tensorflow("MaxPool3D", pool_rule("max_pool", 3));
  rules.tensorflow("AvgPool", pool_rule("avg_pool", 2));
  rules.tensorflow("AvgPool3D", pool_rule("avg_pool", 3));
  rules.tensorflow("MaxPoolWithArgmax", max_pool_with_argmax);
  rules.tensorflow("MaxPoolGrad", max_pool_grad);
}

}  // namespace temper
