#include "import/rules/onnx.h"

/// Convolutions and pools: windows that move over the dims of space of [batch, channels, space...].
namespace temper {
namespace {

/// The numbers of a list attribute, `fallback` for each dim of space where there is none.
Ints spatial_list(const NodeImport& node, std::string_view name, std::size_t spatial, std::int64_t fallback) {
  const Ints numbers = node.attribute(name, Ints(spatial, fallback));
  require(numbers.size() == spatial, "attribute '{}' needs {} numbers, got [{}]", name, spatial, fmt::join(numbers, ","));
  return numbers;
}

/// How a node's windows move.
struct Windows {
  Ints kernel, strides, dilations;
  std::string padding = "explicit";  ///< as Temper's operators name it
  Ints pads;                         ///< before and after of each dim

  std::size_t spatial() const { return kernel.size(); }
  std::int64_t extent(std::size_t axis) const { return (kernel[axis] - 1) * dilations[axis] + 1; }
  Attributes attributes() const {
    Attributes all{{"strides", strides}, {"dilations", dilations}, {"padding", padding}};
    if (padding == "explicit") all.emplace_back("pads", pads);
    return all;
  }
};

Windows read_windows(const NodeImport& node, const Ints& kernel) {
  const std::size_t spatial = kernel.size();
  require(spatial >= 1 && spatial <= 3, "windows over {} dims are not supported", spatial);
  constexpr std::int64_t kMost = 1 << 30;
  Windows windows;
  windows.kernel = kernel;
  windows.strides = spatial_list(node, "strides", spatial, 1);
  windows.dilations = spatial_list(node, "dilations", spatial, 1);
  for (const Ints* numbers : {&windows.kernel, &windows.strides, &windows.dilations}) {
    for (const std::int64_t n : *numbers) require(n >= 1 && n <= kMost, "a window has a size, stride or dilation of {}", n);
  }
  const auto auto_pad = node.attribute("auto_pad", std::string("NOTSET"));
  if (auto_pad == "SAME_UPPER") windows.padding = "same";
  else if (auto_pad == "SAME_LOWER") windows.padding = "same_lower";
  else if (auto_pad == "VALID") windows.padding = "valid";
  else require(auto_pad == "NOTSET" || auto_pad.empty(), "attribute 'auto_pad' is '{}', which is not known", auto_pad);
  const Ints pads = node.attribute("pads", Ints(2 * spatial, 0));
  require(pads.size() == 2 * spatial, "attribute 'pads' needs {} numbers, got [{}]", 2 * spatial, fmt::join(pads, ","));
  for (const std::int64_t pad : pads) require(pad >= 0 && pad <= kMost, "a padding of {} is not supported", pad);
  for (std::size_t axis = 0; axis < spatial; ++axis) windows.pads.insert(windows.pads.end(), {pads[axis], pads[spatial + axis]});
  return windows;
}

/// The kernel's extents: those of the filter [M, C, space...], which an attribute may repeat.
Ints filter_kernel(const NodeImport& node, ValueId filter) {
  const std::size_t rank = known_rank(node, filter, "the filter");
  require(rank >= 3 && rank <= 5, "a filter needs 3 to 5 dimensions, got {}", node.fact(filter));
  if (node.has_attribute("kernel_shape")) return spatial_list(node, "kernel_shape", rank - 2, 1);
  Ints kernel;
  for (std::size_t axis = 2; axis < rank; ++axis) {
    const Dim& dim = node.fact(filter).shape[axis];
    require(dim.known(), "the filter's extents must be known, got {}", node.fact(filter));
    kernel.push_back(dim.value());
  }
  return kernel;
}

/// [first, second, space...] as [space..., second, first].
ValueId filter_last(NodeImport& node, ValueId filter) {
  const auto rank = static_cast<std::int64_t>(known_rank(node, filter, "the filter"));
  Ints perm;
  for (std::int64_t axis = 2; axis < rank; ++axis) perm.push_back(axis);
  perm.insert(perm.end(), {1, 0});
  return transpose(node, filter, perm);
}

std::int64_t group_count(const NodeImport& node) {
  const auto groups = node.attribute("group", std::int64_t{1});
  require(groups >= 1, "attribute 'group' is {}", groups);
  return groups;
}

ValueIds convolution(NodeImport& node) {
  return {emit_onnx_convolution(node, node.input(0), node.input(1), node.has_input(2) ? node.input(2) : ValueId::kNone)};
}

/// Pads and sizes of a transposed convolution along one dim.
struct Enlarged {
  std::int64_t before = 0, after = 0;
  std::optional<std::int64_t> size;  ///< where it is known
};

Enlarged enlarge(const NodeImport& node, const Windows& windows, std::size_t axis, const Dim& in, std::int64_t output_padding,
                 const std::optional<std::int64_t>& wanted) {
  const auto auto_pad = node.attribute("auto_pad", std::string("NOTSET"));
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  Enlarged result;
  const auto full = [&](std::int64_t n) { return windows.strides[axis] * (n - 1) + output_padding + windows.extent(axis); };
  if (!same && !wanted) {
    if (auto_pad != "VALID") result = {windows.pads[2 * axis], windows.pads[2 * axis + 1], {}};
    if (in.known()) result.size = full(in.value()) - result.before - result.after;
    return result;
  }
  require(in.known(), "the input's dims must be known for 'output_shape' and for 'auto_pad' {}", auto_pad);
  result.size = wanted ? *wanted : in.value() * windows.strides[axis];
  const std::int64_t total = std::max<std::int64_t>(full(in.value()) - *result.size, 0);
  result.before = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
  result.after = total - result.before;
  return result;
}

/// The linear map of a convolution, transposed. Inputs: x, filter [C of x, M/groups, space...], bias.
ValueIds transposed_convolution(NodeImport& node) {
  const Windows windows = read_windows(node, filter_kernel(node, node.input(1)));
  const std::size_t spatial = windows.spatial();
  const std::size_t rank = known_rank(node, node.input(0), "the input");
  require(rank == spatial + 2, "an input {} does not fit a filter of {} dims of space", node.input_fact(0), spatial);
  Ints wanted = node.attribute("output_shape", Ints{});
  if (wanted.size() == rank) wanted.erase(wanted.begin(), wanted.begin() + 2);
  require(wanted.empty() || wanted.size() == spatial, "attribute 'output_shape' needs {} numbers", spatial);
  const Ints output_padding = spatial_list(node, "output_padding", spatial, 0);
  Ints pads, sizes;
  ValueIds parts;
  for (std::size_t axis = 0; axis < spatial; ++axis) {
    const Dim in = node.input_fact(0).shape[axis + 2];
    const Enlarged one = enlarge(node, windows, axis, in, output_padding[axis], wanted.empty() ? std::nullopt : std::optional(wanted[axis]));
    pads.insert(pads.end(), {one.before, one.after});
    if (one.size) {
      require(*one.size >= 0, "the result would have {} elements along a dim", *one.size);
      parts.push_back(int64s(node, {*one.size}));
      continue;
    }
    const std::int64_t rest = output_padding[axis] + windows.extent(axis) - windows.strides[axis] - one.before - one.after;
    const ValueId n = reshape(node, dim_of(node, node.input(0), static_cast<std::int64_t>(axis) + 2), {1});
    parts.push_back(node.emit("add", {node.emit("mul", {n, int64s(node, {windows.strides[axis]})}), int64s(node, {rest})}));
  }
  Attributes attributes{{"strides", windows.strides}, {"dilations", windows.dilations}, {"padding", std::string("explicit")},
                        {"pads", pads}, {"groups", group_count(node)}};
  const ValueId size = parts.size() == 1 ? parts[0] : node.emit("concat", parts, {{"axis", std::int64_t{0}}});
  ValueIds inputs{size, filter_last(node, node.input(1)), to_channels_last(node, node.input(0))};
  if (node.has_input(2)) {
    inputs.push_back(node.input(2));
    attributes.emplace_back("has_bias", true);
  }
  return {to_channels_first(node, node.emit("conv_transpose", std::move(inputs), attributes))};
}

/// With ceil_mode a last window that begins inside, but does not fit, counts: as if there were more padding behind.
Windows with_last_windows(const NodeImport& node, Windows windows, const ShapeFact& x) {
  if (!onnx_flag(node, "ceil_mode", false) || windows.padding == "same" || windows.padding == "same_lower") return windows;
  windows.padding = "explicit";
  for (std::size_t axis = 0; axis < windows.spatial(); ++axis) {
    const std::int64_t stride = windows.strides[axis];
    std::int64_t& after = windows.pads[2 * axis + 1];
    if (stride == 1) continue;
    if (!x[axis + 2].known()) {
      require(after == 0 && stride <= windows.extent(axis), "the input's dims must be known for 'ceil_mode' with this padding");
      after = stride - 1;
      continue;
    }
    const std::int64_t begins = x[axis + 2].value() + windows.pads[2 * axis];
    const std::int64_t room = begins + after - windows.extent(axis);
    require(room >= 0, "a window of {} does not fit the input", windows.extent(axis));
    std::int64_t outputs = (room + stride - 1) / stride + 1;
    if ((outputs - 1) * stride >= begins) --outputs;
    after += std::max<std::int64_t>((outputs - 1) * stride - room, 0);
  }
  return windows;
}

Windows pool_windows(const NodeImport& node) {
  const std::size_t rank = known_rank(node, node.input(0), "the input");
  require(rank >= 3 && rank <= 5, "needs 3 to 5 dimensions, got {}", node.input_fact(0));
  require(node.has_attribute("kernel_shape"), "attribute 'kernel_shape' is missing");
  return read_windows(node, spatial_list(node, "kernel_shape", rank - 2, 1));
}

ValueId padded(NodeImport& node, ValueId x, const Windows& windows, ValueId value) {
  Ints paddings(2, 0);
  paddings.insert(paddings.end(), windows.pads.begin(), windows.pads.end());
  paddings.insert(paddings.end(), {0, 0});
  const auto rank = static_cast<std::int64_t>(windows.spatial()) + 2;
  return node.emit("pad", {x, node.constant(Tensor::from<std::int64_t>({rank, 2}, paddings)), value});
}

ValueId pool(NodeImport& node, std::string_view op, ValueId x, const Windows& windows, Attributes more = {}) {
  Attributes attributes = windows.attributes();
  attributes.emplace_back("kernel", windows.kernel);
  attributes.insert(attributes.end(), more.begin(), more.end());
  return node.emit(op, {x}, attributes);
}

ValueId average(NodeImport& node, ValueId x, Windows windows, bool count_pads) {
  const Windows whole = with_last_windows(node, windows, node.fact(x).shape);
  ValueId last = to_channels_last(node, x);
  if (!count_pads || whole.pads == windows.pads) {
    return to_channels_first(node, pool(node, "avg_pool", last, whole, {{"count_include_pad", count_pads}}));
  }
  last = padded(node, last, windows, number(node, 0, node.fact(x).dtype));  // what is behind the padding does not count
  Windows rest = whole;
  for (std::size_t i = 0; i < rest.pads.size(); ++i) rest.pads[i] -= windows.pads[i];
  return to_channels_first(node, pool(node, "avg_pool", last, rest));
}

ValueIds average_pool(NodeImport& node) {
  return {average(node, node.input(0), pool_windows(node), onnx_flag(node, "count_include_pad", false))};
}

/// (sum of |x|^p)^(1/p)
ValueIds lp_pool(NodeImport& node) {
  const Windows windows = pool_windows(node);
  require(!onnx_flag(node, "ceil_mode", false), "'ceil_mode' is not supported");
  const DType dtype = node.input_fact(0).dtype;
  const double p = static_cast<double>(node.attribute("p", std::int64_t{2}));
  double taps = 1;
  for (const std::int64_t extent : windows.kernel) taps *= static_cast<double>(extent);
  const ValueId powers = node.emit("pow", {node.emit("abs", {node.input(0)}), number(node, p, dtype)});
  const ValueId sums = node.emit("mul", {average(node, powers, windows, true), number(node, taps, dtype)});
  return {node.emit("pow", {sums, number(node, 1 / p, dtype)})};
}

/// Where in [batch, channels, height, width] elements are of which it is known where they are in the padded [batch, height, width, channels].
ValueId places_channels_first(NodeImport& node, ValueId places, const Windows& windows, const Shape& x) {
  const auto scalar = [&](std::int64_t n) { return int64(node, n); };
  const auto apply = [&](std::string_view op, ValueId a, ValueId b) { return node.emit(op, {a, b}); };
  const std::int64_t channels = x[1], height = x[2], width = x[3];
  const std::int64_t padded_width = width + windows.pads[2] + windows.pads[3];
  const std::int64_t padded_height = height + windows.pads[0] + windows.pads[1];
  const ValueId channel = apply("floor_mod", places, scalar(channels));
  const ValueId pixel = apply("floor_div", places, scalar(channels));
  const ValueId column = apply("sub", apply("floor_mod", pixel, scalar(padded_width)), scalar(windows.pads[2]));
  const ValueId row_of_all = apply("floor_div", pixel, scalar(padded_width));
  const ValueId row = apply("sub", apply("floor_mod", row_of_all, scalar(padded_height)), scalar(windows.pads[0]));
  const ValueId picture = apply("floor_div", row_of_all, scalar(padded_height));
  const ValueId plane = apply("add", apply("mul", picture, scalar(channels)), channel);
  if (node.attribute("storage_order", std::int64_t{0}) != 0) {
    return apply("add", apply("mul", plane, scalar(height * width)), apply("add", apply("mul", column, scalar(height)), row));
  }
  return apply("add", apply("mul", apply("add", apply("mul", plane, scalar(height)), row), scalar(width)), column);
}

ValueIds max_pool(NodeImport& node) {
  const Windows given = pool_windows(node);
  const Windows windows = with_last_windows(node, given, node.input_fact(0).shape);
  const ValueId x = to_channels_last(node, node.input(0));
  if (node.output_count() < 2) return {to_channels_first(node, pool(node, "max_pool", x, windows))};
  const auto shape = node.input_fact(0).shape.known();
  const bool plain = windows.spatial() == 2 && windows.dilations == Ints{1, 1} && windows.padding == "explicit" && shape.has_value();
  require(plain, "the places of the largest elements are supported over 2 dims of space that are known, without dilations and 'auto_pad'");
  const DType dtype = node.input_fact(0).dtype;
  const ValueId lowest = visit_numbers(dtype, [&]<class T>(Type<T>) {
    using C = Compute<T>;
    return node.constant(Tensor::scalar(static_cast<T>(is_float_type<T> ? -std::numeric_limits<C>::infinity() : std::numeric_limits<C>::lowest())));
  });
  const ValueIds pooled = node.emit_all("max_pool_with_argmax", {padded(node, x, windows, lowest)},
                                        {{"kernel", windows.kernel}, {"strides", windows.strides}, {"include_batch_in_index", true}});
  return {to_channels_first(node, pooled[0]), to_channels_first(node, places_channels_first(node, pooled[1], windows, *shape))};
}

/// Puts the elements of a pool's result back to where they were; 0 elsewhere. Inputs: x, places, and the shape that is wanted.
ValueIds max_unpool(NodeImport& node) {
  const Windows windows = pool_windows(node);
  const auto x = node.input_fact(0).shape.known();
  require(x.has_value(), "the input's dims must be known");
  Ints dims{(*x)[0], (*x)[1]};
  for (std::size_t axis = 0; axis < windows.spatial(); ++axis) {
    const std::int64_t pads = windows.pads[2 * axis] + windows.pads[2 * axis + 1];
    dims.push_back(((*x)[axis + 2] - 1) * windows.strides[axis] - pads + windows.kernel[axis]);
  }
  const Shape shape{std::span<const std::int64_t>(dims)};
  const ValueId flat = node.emit("scatter_nd", {reshape(node, node.input(1), {-1, 1}), reshape(node, node.input(0), {-1}),
                                                int64s(node, {shape.elements()})});
  const ValueId y = reshape(node, flat, dims);
  if (!node.has_input(2)) return {y};
  const Ints wanted = node.int64s_input(2, "output_shape");
  require(wanted.size() == dims.size(), "input 2 (output_shape) needs {} numbers", dims.size());
  Ints paddings;
  for (std::size_t axis = 0; axis < dims.size(); ++axis) paddings.insert(paddings.end(), {0, wanted[axis] - dims[axis]});
  return {node.emit("pad", {y, node.constant(Tensor::from<std::int64_t>({static_cast<std::int64_t>(dims.size()), 2}, paddings))})};
}

Rule global_pool(std::string_view op) {
  return [op](NodeImport& node) -> ValueIds {
    const ValueId x = to_channels_last(node, node.input(0));
    Ints axes;
    for (std::size_t axis = 1; axis + 1 < known_rank(node, x, "the input"); ++axis) axes.push_back(static_cast<std::int64_t>(axis));
    if (axes.empty()) return {x};
    return {to_channels_first(node, node.emit(op, {x}, {{"axes", axes}, {"keep_dims", true}}))};
  };
}

/// Patches [batch, channels * taps, patches] added up where they lie in a picture: a transposed convolution whose filter holds a single 1
/// for each tap.
ValueIds patches_to_image(NodeImport& node) {
  const Ints image = node.int64s_input(1, "image_shape");
  const Ints block = node.int64s_input(2, "block_shape");
  const Windows windows = read_windows(node, block);
  const Fact& x = node.input_fact(0);
  require(image.size() == block.size() && x.shape.rank_known() && x.shape.rank() == 3 && x.shape[1].known(),
          "the number of channels must be known, got {} for an image of {} dims", x, image.size());
  std::int64_t taps = 1;
  Ints outputs;
  for (std::size_t axis = 0; axis < block.size(); ++axis) {
    require(taps <= (1 << 20) / block[axis], "a block has more than {} taps", 1 << 20);
    taps *= block[axis];
    outputs.push_back((image[axis] + windows.pads[2 * axis] + windows.pads[2 * axis + 1] - windows.extent(axis)) / windows.strides[axis] + 1);
  }
  const std::int64_t rows = x.shape[1].value();
  require(rows % taps == 0 && rows > 0, "{} rows do not fit blocks of {}", rows, taps);
  Ints dims{0, rows};
  dims[0] = -1;
  dims.insert(dims.end(), outputs.begin(), outputs.end());
  Tensor filter = Tensor::zeros(DType::kFloat32, {taps, 1, rows});
  for (std::int64_t row = 0; row < rows; ++row) filter.mutable_data<float>()[static_cast<std::size_t>(row % taps * rows + row)] = 1;
  Ints filter_dims = block;
  filter_dims.insert(filter_dims.end(), {1, rows});
  const ValueId kernel = cast(node, reshape(node, node.constant(std::move(filter)), filter_dims), x.dtype);
  Attributes attributes = windows.attributes();
  attributes.emplace_back("groups", rows / taps);
  const ValueId patches = to_channels_last(node, reshape(node, node.input(0), dims));
  return {to_channels_first(node, node.emit("conv_transpose", {int64s(node, image), kernel, patches}, attributes))};
}

}  // namespace

ValueId emit_onnx_convolution(NodeImport& node, ValueId x, ValueId filter, ValueId bias) {
  Attributes attributes = read_windows(node, filter_kernel(node, filter)).attributes();
  attributes.emplace_back("groups", group_count(node));
  ValueIds inputs{to_channels_last(node, x), filter_last(node, filter)};
  if (bias != ValueId::kNone) {
    inputs.push_back(bias);
    attributes.emplace_back("has_bias", true);
  }
  return to_channels_first(node, node.emit("conv", std::move(inputs), attributes));
}

REGISTER_RULES(onnx_windows) {
  rules.onnx("Conv", convolution);
  rules.onnx("ConvTranspose", transposed_convolution);
  rules.onnx("AveragePool", average_pool);
  rules.onnx("MaxPool", max_pool);
  rules.onnx("LpPool", lp_pool);
  rules.onnx("MaxUnpool", max_unpool);
  rules.onnx("GlobalAveragePool", global_pool("mean"));
  rules.onnx("GlobalMaxPool", global_pool("max"));
  rules.onnx("Col2Im", patches_to_image);
}

}  // namespace temper
