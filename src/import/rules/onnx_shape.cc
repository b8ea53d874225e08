#include <numeric>

#include "import/rules/onnx.h"

/// Operators that make, describe and rearrange tensors.
namespace temper {
namespace {

/// The elements of a vector of that length by constant positions; -1 stands for `other`.
ValueId pick(NodeImport& node, ValueId vector, std::size_t length, Ints positions, std::int64_t other) {
  const ShapeFact& shape = node.fact(vector).shape;
  const bool fits = !shape.rank_known() || (shape.rank() == 1 && (!shape[0].known() || shape[0].is(static_cast<std::int64_t>(length))));
  require(fits, "{} numbers are needed, got {}", length, node.fact(vector));
  for (std::int64_t& position : positions) ++position;
  const ValueId longer = node.emit("concat", {int64s(node, {other}), cast(node, vector, DType::kInt64)}, {{"axis", std::int64_t{0}}});
  return node.emit("gather", {longer, int64s(node, positions)});
}

std::size_t known_length(const NodeImport& node, ValueId vector, std::string_view what) {
  const ShapeFact& shape = node.fact(vector).shape;
  require(shape.rank_known() && shape.rank() == 1 && shape[0].known(), "the number of {} must be known, got {}", what, node.fact(vector));
  return static_cast<std::size_t>(shape[0].value());
}

/// Axes as places in a shape of that rank. Throws ModelError on one that is outside or named twice.
std::vector<std::size_t> places(const Ints& axes, std::size_t rank) {
  std::vector<std::size_t> all;
  for (const std::int64_t axis : axes) {
    all.push_back(normalise_axis(axis, rank));
    require(std::count(all.begin(), all.end(), all.back()) == 1, "axis {} is named twice", axis);
  }
  return all;
}

/// A 0 among the dims wanted stands for the input's dim at that place, unless `allowzero`.
ValueIds reshape_rule(NodeImport& node) {
  const ValueId x = node.input(0);
  const ValueId wanted = cast(node, node.input(1), DType::kInt64);
  const auto& constant = node.fact(wanted).constant;
  const bool zeros = !constant || std::ranges::count(constant->to_int64s(), 0) > 0;
  if (!zeros || onnx_flag(node, "allowzero", false)) return {node.emit("reshape", {x, wanted})};
  const ShapeFact& shape = node.fact(x).shape;
  if (constant && shape.rank_known()) {
    Ints dims = constant->to_int64s();
    bool known = true;
    for (std::size_t i = 0; i < dims.size(); ++i) {
      if (dims[i] != 0) continue;
      require(i < shape.rank(), "dimension {} is copied from {}, which has none", i, node.fact(x));
      known = known && shape[i].known();
      if (known) dims[i] = shape[i].value();
    }
    if (known) return {reshape(node, x, dims)};
  }
  const ValueId own = node.emit("concat", {shape_of(node, x), int64s(node, Ints(kMaxRank, 0))}, {{"axis", std::int64_t{0}}});
  const ValueId first = node.emit("slice", {own, int64s(node, {0}), shape_of(node, wanted)});
  const ValueId copied = node.emit("equal", {wanted, int64(node, 0)});
  return {node.emit("reshape", {x, node.emit("select", {copied, first, wanted})})};
}

ValueIds flatten(NodeImport& node) {
  const ValueId x = node.input(0);
  const std::size_t rank = known_rank(node, x, "the input");
  const auto given = node.attribute("axis", std::int64_t{1});
  const std::size_t axis = given == static_cast<std::int64_t>(rank) ? rank : normalise_axis(given, rank);
  const auto part = [&](std::size_t first, std::size_t last) {
    Dim product = 1;
    for (std::size_t i = first; i < last; ++i) product = map_dims([](auto a, auto b) { return a * b; }, product, node.fact(x).shape[i]);
    return product;
  };
  if (axis == 0) return {reshape(node, x, {1, -1})};
  if (axis == rank) return {reshape(node, x, {-1, 1})};
  const Dim rows = part(0, axis), columns = part(axis, rank);
  if (rows.known() && columns.known()) return {reshape(node, x, {rows.value(), columns.value()})};
  if (columns.known() && columns.value() > 0) return {reshape(node, x, {-1, columns.value()})};
  if (rows.known() && rows.value() > 0) return {reshape(node, x, {rows.value(), -1})};
  const ValueId shape = shape_of(node, x);
  const auto product = [&](std::int64_t first, std::int64_t count) {
    return node.emit("prod", {node.emit("slice", {shape, int64s(node, {first}), int64s(node, {count})})}, {{"axes", Ints{0}}, {"keep_dims", true}});
  };
  const auto split = static_cast<std::int64_t>(axis);
  const ValueId both[] = {product(0, split), product(split, static_cast<std::int64_t>(rank) - split)};
  return {node.emit("reshape", {x, node.emit("concat", {both[0], both[1]}, {{"axis", std::int64_t{0}}})})};
}

ValueIds squeeze(NodeImport& node) {
  return {node.emit("squeeze", {node.input(0)}, {{"axes", ints_given(node, 1, "axes").value_or(Ints{})}})};
}

ValueIds unsqueeze(NodeImport& node) {
  const auto axes = ints_given(node, 1, "axes");
  require(axes.has_value(), "the axes are missing");
  auto all = places(*axes, known_rank(node, node.input(0), "the input") + axes->size());
  std::ranges::sort(all);
  ValueId y = node.input(0);
  for (const std::size_t axis : all) y = node.emit("expand_dims", {y}, {{"axis", static_cast<std::int64_t>(axis)}});
  return {y};
}

ValueIds transpose_rule(NodeImport& node) {
  Ints perm = node.attribute("perm", Ints{});
  if (!node.has_attribute("perm")) {
    perm.resize(known_rank(node, node.input(0), "the input"));
    std::iota(perm.rbegin(), perm.rend(), 0);
  }
  return {transpose(node, node.input(0), perm)};
}

/// All dims, or from `start` on, to before `end`, which count from the last where negative and are clamped.
ValueIds shape_rule(NodeImport& node) {
  const ValueId shape = shape_of(node, node.input(0));
  if (!node.has_attribute("start") && !node.has_attribute("end")) return {shape};
  return {node.emit("strided_slice", {shape, int64s(node, {node.attribute("start", std::int64_t{0})}),
                                      int64s(node, {node.attribute("end", std::int64_t{0})}), int64s(node, {1})},
                    {{"end_mask", std::int64_t{node.has_attribute("end") ? 0 : 1}}})};
}

ValueIds concat(NodeImport& node) { return {node.emit("concat", node.inputs(), {{"axis", node.attribute<std::int64_t>("axis")}})}; }

/// In parts of sizes given, or equal ones of which the last may be smaller.
ValueIds split(NodeImport& node) {
  const ValueId x = node.input(0);
  const auto axis = node.attribute("axis", std::int64_t{0});
  if (node.has_input(1) || node.has_attribute("split")) {
    const ValueId sizes = node.has_input(1) ? node.input(1) : int64s(node, node.attribute<Ints>("split"));
    const std::size_t parts = node.fact(sizes).constant ? known_length(node, sizes, "sizes") : node.output_count();
    return node.emit_all("split_sizes", {x, sizes}, {{"axis", axis}, {"parts", static_cast<std::int64_t>(parts)}});
  }
  const auto parts = node.attribute("num_outputs", static_cast<std::int64_t>(node.output_count()));
  require(parts >= 1 && parts <= 1 << 16, "is cut into {} parts", parts);
  const Dim& dim = node.fact(x).shape.rank_known() ? node.fact(x).shape[normalise_axis(axis, node.fact(x).shape.rank())] : Dim();
  if (!dim.known() || dim.value() % parts == 0) return node.emit_all("split", {x}, {{"axis", axis}, {"parts", parts}});
  Ints sizes;
  const std::int64_t each = (dim.value() + parts - 1) / parts;
  for (std::int64_t i = 0; i < parts; ++i) sizes.push_back(std::clamp<std::int64_t>(dim.value() - i * each, 0, each));
  return node.emit_all("split_sizes", {x, int64s(node, sizes)}, {{"axis", axis}, {"parts", parts}});
}

ValueIds slice(NodeImport& node) {
  const bool attributes = node.version() < 10;
  const auto bound = [&](std::size_t i, const char* name) {
    return attributes ? int64s(node, node.attribute<Ints>(name)) : cast(node, node.input(i), DType::kInt64);
  };
  const ValueId starts = bound(1, "starts"), ends = bound(2, "ends");
  const auto given = attributes ? (node.has_attribute("axes") ? std::optional(node.attribute<Ints>("axes")) : std::nullopt)
                                : ints_given(node, 3, "axes");
  const std::size_t count = given ? given->size() : known_length(node, node.fact(ends).constant ? ends : starts, "starts");
  Ints axes = given.value_or(Ints{});
  if (!given) {
    axes.resize(count);
    std::iota(axes.begin(), axes.end(), 0);
  }
  const bool counted = std::ranges::any_of(axes, [](std::int64_t axis) { return axis < 0; });
  const std::size_t rank = counted || node.input_fact(0).shape.rank_known() ? known_rank(node, node.input(0), "the input") : kMaxRank;
  const auto all = places(axes, rank);
  if (all.empty()) return {node.input(0)};
  Ints order(*std::ranges::max_element(all) + 1, -1);
  for (std::size_t i = 0; i < count; ++i) order[all[i]] = static_cast<std::int64_t>(i);
  std::int64_t whole = 0;
  for (std::size_t axis = 0; axis < order.size(); ++axis) whole |= order[axis] < 0 ? std::int64_t{1} << axis : 0;
  const ValueId steps = !attributes && node.has_input(4) ? node.input(4) : int64s(node, Ints(count, 1));
  return {node.emit("strided_slice", {node.input(0), pick(node, starts, count, order, 0), pick(node, ends, count, order, 0),
                                      pick(node, steps, count, order, 1)},
                    {{"begin_mask", whole}, {"end_mask", whole}})};
}

/// Both broadcast to one shape.
ValueIds expand(NodeImport& node) {
  const ValueId shape = node.emit("broadcast_shapes", {shape_of(node, node.input(0)), cast(node, node.input(1), DType::kInt64)});
  return {node.emit("broadcast_to", {node.input(0), shape})};
}

ValueIds constant(NodeImport& node) {
  if (node.has_attribute("value")) return {node.constant(node.attribute<Tensor>("value"))};
  if (node.has_attribute("value_float")) return {node.constant(Tensor::scalar(node.attribute<float>("value_float")))};
  if (node.has_attribute("value_int")) return {int64(node, node.attribute<std::int64_t>("value_int"))};
  if (node.has_attribute("value_ints")) return {int64s(node, node.attribute<Ints>("value_ints"))};
  if (node.has_attribute("value_string")) return {node.constant(Tensor::strings({}, {node.attribute<std::string>("value_string")}))};
  if (node.has_attribute("value_floats")) {
    const auto values = node.attribute<std::vector<float>>("value_floats");
    return {node.constant(Tensor::vector(std::span<const float>(values)))};
  }
  require(node.has_attribute("value_strings"), "has no value of a kind that is supported");
  auto values = node.attribute<std::vector<std::string>>("value_strings");
  const auto count = static_cast<std::int64_t>(values.size());
  return {node.constant(Tensor::strings({count}, std::move(values)))};
}

ValueIds constant_of_shape(NodeImport& node) {
  ValueId value = ValueId::kNone;
  if (node.has_attribute("value")) {
    const Tensor given = node.attribute<Tensor>("value");
    require(given.elements() == 1, "attribute 'value' is {}, not one element", given);
    value = node.constant(given.reshaped({}));
  } else {
    value = number(node, 0, DType::kFloat32);
  }
  return {node.emit("fill", {node.input(0), value})};
}

/// column - row of each element of a matrix of these dims.
ValueId diagonals(NodeImport& node, ValueId rows, ValueId columns) {
  const auto count = [&](ValueId n) { return node.emit("range", {int64(node, 0), n, int64(node, 1)}); };
  return node.emit("sub", {reshape(node, count(columns), {1, -1}), reshape(node, count(rows), {-1, 1})});
}

ValueIds eye_like(NodeImport& node) {
  const ValueId x = node.input(0);
  const ValueId offsets = diagonals(node, dim_of(node, x, 0), dim_of(node, x, 1));
  const ValueId on = node.emit("equal", {offsets, int64(node, node.attribute("k", std::int64_t{0}))});
  return {cast(node, on, onnx_dtype(node, "dtype", node.fact(x).dtype))};
}

ValueIds triangle(NodeImport& node) {
  const ValueId x = node.input(0);
  const ValueId k = node.has_input(1) ? reshape(node, node.input(1), {}) : int64(node, 0);
  const ValueId offsets = diagonals(node, dim_of(node, x, -2), dim_of(node, x, -1));
  const ValueId kept = node.emit(onnx_flag(node, "upper", true) ? "greater_equal" : "less_equal", {offsets, k});
  return {node.emit("select", {kept, x, node.emit("zeros_like", {x})})};
}

/// How a node pads: [rank, 2] paddings, as numbers where they are constant.
struct Paddings {
  ValueId value = ValueId::kNone;
  std::optional<Ints> numbers;
};

Paddings read_paddings(NodeImport& node, std::size_t rank) {
  const bool attribute = node.version() < 11;
  const ValueId pads = attribute ? int64s(node, node.attribute<Ints>("pads")) : node.input(1);
  std::vector<std::size_t> axes(rank);
  std::iota(axes.begin(), axes.end(), std::size_t{0});
  if (const auto given = attribute ? std::nullopt : ints_given(node, 3, "")) axes = places(*given, rank);
  const auto count = static_cast<std::int64_t>(axes.size());
  if (node.fact(pads).constant || !node.fact(pads).shape.known()) {
    const auto length = static_cast<std::int64_t>(known_length(node, pads, "paddings"));
    require(length == 2 * count, "{} paddings are given for {} dims", length, count);
  }
  Ints order(2 * rank, -1);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    order[2 * axes[i]] = static_cast<std::int64_t>(i);
    order[2 * axes[i] + 1] = count + static_cast<std::int64_t>(i);
  }
  const ValueId flat = pick(node, pads, 2 * axes.size(), order, 0);
  Paddings result{reshape(node, flat, {static_cast<std::int64_t>(rank), 2}), {}};
  if (const auto& known = node.fact(result.value).constant) result.numbers = known->to_int64s();
  return result;
}

/// Elements taken along each axis from places that `edge` clamps into it and `wrap` counts round.
ValueId gathered_padding(NodeImport& node, const Paddings& paddings, const std::string& mode) {
  require(paddings.numbers.has_value(), "input 1 (pads) must be constant, but is computed when the graph runs; fix the input shapes or fold it");
  ValueId y = node.input(0);
  for (std::size_t axis = 0; axis * 2 < paddings.numbers->size(); ++axis) {
    const std::int64_t before = (*paddings.numbers)[2 * axis], after = (*paddings.numbers)[2 * axis + 1];
    if (before == 0 && after == 0) continue;
    const ValueId dim = dim_of(node, node.input(0), static_cast<std::int64_t>(axis));
    const ValueId end = node.emit("add", {dim, int64(node, after)});
    ValueId from = node.emit("range", {int64(node, -before), end, int64(node, 1)});
    if (mode == "wrap") {
      from = node.emit("floor_mod", {from, dim});
    } else {
      const ValueId last = node.emit("sub", {dim, int64(node, 1)});
      from = node.emit("minimum", {node.emit("maximum", {from, int64(node, 0)}), last});
    }
    y = node.emit("gather", {y, from}, {{"axis", static_cast<std::int64_t>(axis)}});
  }
  return y;
}

/// What negative paddings cut off, and the paddings without them.
ValueId cropped(NodeImport& node, Paddings& paddings) {
  ValueId x = node.input(0);
  if (!paddings.numbers || std::ranges::none_of(*paddings.numbers, [](std::int64_t n) { return n < 0; })) return x;
  const auto rank = static_cast<std::int64_t>(paddings.numbers->size() / 2);
  Ints begin, end;
  std::int64_t open = 0;
  for (std::size_t axis = 0; axis < static_cast<std::size_t>(rank); ++axis) {
    std::int64_t& before = (*paddings.numbers)[2 * axis];
    std::int64_t& after = (*paddings.numbers)[2 * axis + 1];
    begin.push_back(before < 0 ? -before : 0);
    end.push_back(after < 0 ? after : 0);
    open |= after < 0 ? 0 : std::int64_t{1} << axis;
    before = std::max<std::int64_t>(before, 0);
    after = std::max<std::int64_t>(after, 0);
  }
  x = node.emit("strided_slice", {x, int64s(node, begin), int64s(node, end), int64s(node, Ints(begin.size(), 1))}, {{"end_mask", open}});
  paddings.value = node.constant(Tensor::from<std::int64_t>({rank, 2}, *paddings.numbers));
  return x;
}

ValueIds pad(NodeImport& node) {
  const auto mode = node.attribute("mode", std::string("constant"));
  Paddings paddings = read_paddings(node, known_rank(node, node.input(0), "the input"));
  if (mode == "edge" || mode == "wrap") return {gathered_padding(node, paddings, mode)};
  require(mode == "constant" || mode == "reflect", "attribute 'mode' is '{}', which is not supported", mode);
  const ValueId x = cropped(node, paddings);
  if (mode == "reflect") return {node.emit("pad", {x, paddings.value}, {{"mode", mode}})};
  ValueIds inputs{x, paddings.value};
  if (node.version() >= 11 && node.has_input(2)) inputs.push_back(reshape(node, node.input(2), {}));
  else if (node.version() < 11 && node.has_attribute("value")) inputs.push_back(number(node, node.attribute<double>("value"), node.fact(x).dtype));
  return {node.emit("pad", inputs)};
}

ValueIds center_crop_pad(NodeImport& node) {
  const Ints wanted = node.int64s_input(1, "shape");
  const std::size_t rank = known_rank(node, node.input(0), "the input");
  Ints axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  const auto all = places(node.attribute("axes", axes), rank);
  require(all.size() == wanted.size(), "{} sizes are given for {} dims", wanted.size(), all.size());
  Ints begin(rank, 0), size(rank, -1), paddings(2 * rank, 0);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Dim& dim = node.input_fact(0).shape[all[i]];
    require(dim.known() && wanted[i] >= 0 && wanted[i] <= kMaxDim, "the input's dims must be known, got {}, and the sizes not negative", node.input_fact(0));
    const std::int64_t more = wanted[i] - dim.value();
    begin[all[i]] = more < 0 ? -more / 2 : 0;
    size[all[i]] = std::min(wanted[i], dim.value());
    if (more > 0) paddings[2 * all[i]] = more / 2, paddings[2 * all[i] + 1] = more - more / 2;
  }
  const ValueId middle = node.emit("slice", {node.input(0), int64s(node, begin), int64s(node, size)});
  return {node.emit("pad", {middle, node.constant(Tensor::from<std::int64_t>({static_cast<std::int64_t>(rank), 2}, paddings))})};
}

/// In DCR mode channels are depth, column, row; in CRD mode column, row, depth: they are put in the other's order first.
ValueIds depth_to_space(NodeImport& node) {
  const auto block = node.attribute<std::int64_t>("blocksize");
  const auto mode = node.attribute("mode", std::string("DCR"));
  require(mode == "DCR" || mode == "CRD", "attribute 'mode' is '{}', neither DCR nor CRD", mode);
  ValueId x = to_channels_last(node, node.input(0));
  require(known_rank(node, x, "the input") == 4, "needs 4 dimensions, got {}", node.fact(x));
  if (mode == "CRD") {
    const Dim channels = node.fact(x).shape[3];
    require(channels.known() && block >= 1 && block <= 1 << 15 && channels.value() % (block * block) == 0 && channels.value() <= 1 << 24,
            "{} cannot be cut into blocks of {}", node.fact(x), block);
    const std::int64_t depth = channels.value() / (block * block);
    Ints order;
    for (std::int64_t tap = 0; tap < block * block; ++tap) {
      for (std::int64_t c = 0; c < depth; ++c) order.push_back(c * block * block + tap);
    }
    x = node.emit("gather", {x, int64s(node, order)}, {{"axis", std::int64_t{3}}});
  }
  return {to_channels_first(node, node.emit("depth_to_space", {x}, {{"block", block}}))};
}

ValueIds space_to_depth(NodeImport& node) {
  const ValueId x = to_channels_last(node, node.input(0));
  return {to_channels_first(node, node.emit("space_to_depth", {x}, {{"block", node.attribute<std::int64_t>("blocksize")}}))};
}

}  // namespace

REGISTER_RULES(onnx_shape) {
  rules.onnx("Reshape", reshape_rule);
  rules.onnx("Flatten", flatten);
  rules.onnx("Squeeze", squeeze);
  rules.onnx("Unsqueeze", unsqueeze);
  rules.onnx("Transpose", transpose_rule);
  rules.onnx("Shape", shape_rule);
  rules.onnx("Size", [](NodeImport& node) -> ValueIds { return {node.emit("size", {node.input(0)}, {{"dtype", DType::kInt64}})}; });
  rules.onnx("Concat", concat);
  rules.onnx("Split", split);
  rules.onnx("Slice", slice);
  rules.onnx("Expand", expand);
  rules.onnx("Tile", emit_as("tile"));
  rules.onnx("Range", emit_as("range"));
  rules.onnx("Constant", constant);
  rules.onnx("ConstantOfShape", constant_of_shape);
  rules.onnx("EyeLike", eye_like);
  rules.onnx("Trilu", triangle);
  rules.onnx("Pad", pad);
  rules.onnx("CenterCropPad", center_crop_pad);
  rules.onnx("DepthToSpace", depth_to_space);
  rules.onnx("SpaceToDepth", space_to_depth);
}

}  // namespace temper
