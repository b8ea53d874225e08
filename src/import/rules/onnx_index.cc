#include "import/rules/onnx.h"

/// Operators that pick elements by index, rank them, or put them at indices.
namespace temper {
namespace {

bool is_known_positive(const NodeImport& node, ValueId indices) {
  const auto& constant = node.fact(indices).constant;
  return constant && is_integer(constant->dtype()) && std::ranges::all_of(constant->to_int64s(), [](std::int64_t i) { return i >= 0; });
}

/// Indices that count from the end where negative, as int64 from the start; `dims` broadcasts to them.
ValueId counted_from_start(NodeImport& node, ValueId indices, ValueId dims) {
  if (is_known_positive(node, indices)) return indices;
  const ValueId all = cast(node, indices, DType::kInt64);
  return node.emit("select", {node.emit("less", {all, int64(node, 0)}), node.emit("add", {all, dims}), all});
}

ValueIds gather(NodeImport& node) {
  const auto axis = static_cast<std::int64_t>(normalise_axis(node.attribute("axis", std::int64_t{0}), known_rank(node, node.input(0), "the input")));
  const ValueId indices = counted_from_start(node, node.input(1), dim_of(node, node.input(0), axis));
  return {node.emit("gather", {node.input(0), indices}, {{"axis", axis}})};
}

ValueId count_to(NodeImport& node, ValueId n) { return node.emit("range", {int64(node, 0), n, int64(node, 1)}); }

/// 0, 1, 2, ... along one axis of a tensor of that shape, with a last dim of 1.
ValueId positions_along(NodeImport& node, ValueId shape, std::size_t axis, std::size_t rank) {
  Ints dims(rank + 1, 1);
  dims[axis] = -1;
  const ValueId dim = node.emit("gather", {shape, int64(node, static_cast<std::int64_t>(axis))});
  const ValueId full = node.emit("concat", {shape, int64s(node, {1})}, {{"axis", std::int64_t{0}}});
  return node.emit("broadcast_to", {reshape(node, count_to(node, dim), dims), full});
}

/// Coordinates of the elements that are named along `axis` alone: [indices' dims..., rank].
ValueId element_coordinates(NodeImport& node, ValueId x, ValueId indices, std::size_t axis) {
  const std::size_t rank = known_rank(node, x, "the input");
  require(known_rank(node, indices, "the indices") == rank, "indices {} are given for {}", node.fact(indices), node.fact(x));
  const ValueId dim = dim_of(node, x, static_cast<std::int64_t>(axis));
  const ValueId along = cast(node, counted_from_start(node, indices, dim), DType::kInt64);
  const ValueId shape = shape_of(node, indices);
  ValueIds parts;
  for (std::size_t i = 0; i < rank; ++i) {
    parts.push_back(i == axis ? node.emit("expand_dims", {along}, {{"axis", std::int64_t{-1}}}) : positions_along(node, shape, i, rank));
  }
  return parts.size() == 1 ? parts[0] : node.emit("concat", parts, {{"axis", std::int64_t{-1}}});
}

ValueIds gather_elements(NodeImport& node) {
  const std::size_t axis = normalise_axis(node.attribute("axis", std::int64_t{0}), known_rank(node, node.input(0), "the input"));
  return {node.emit("gather_nd", {node.input(0), element_coordinates(node, node.input(0), node.input(1), axis)})};
}

std::string scatter_mode(const NodeImport& node) {
  const auto reduction = node.attribute("reduction", std::string("none"));
  if (reduction == "none") return "update";
  require(reduction == "add" || reduction == "mul" || reduction == "min" || reduction == "max", "attribute 'reduction' is '{}', which is not supported",
          reduction);
  return reduction;
}

ValueIds scatter_elements(NodeImport& node) {
  const std::size_t axis = normalise_axis(node.attribute("axis", std::int64_t{0}), known_rank(node, node.input(0), "the input"));
  const ValueId coordinates = element_coordinates(node, node.input(0), node.input(1), axis);
  return {node.emit("tensor_scatter", {node.input(0), coordinates, node.input(2)}, {{"mode", scatter_mode(node)}})};
}

/// Rows of coordinates, counted from the start of the dims from `first` on.
ValueId coordinates_from_start(NodeImport& node, ValueId x, ValueId indices, std::int64_t first) {
  const std::size_t rank = known_rank(node, indices, "the indices");
  require(rank >= 1 && node.fact(indices).shape[rank - 1].known(), "the number of coordinates must be known, got {}", node.fact(indices));
  const ValueId count = int64s(node, {node.fact(indices).shape[rank - 1].value()});
  return counted_from_start(node, indices, node.emit("slice", {shape_of(node, x), int64s(node, {first}), count}));
}

/// The first `batch_dims` coordinates of each row are its own place.
ValueIds gather_nd(NodeImport& node) {
  const auto batch = node.attribute("batch_dims", std::int64_t{0});
  const std::size_t rank = known_rank(node, node.input(1), "the indices");
  require(batch >= 0 && batch < static_cast<std::int64_t>(rank), "attribute 'batch_dims' is {} for indices {}", batch, node.input_fact(1));
  const ValueId indices = coordinates_from_start(node, node.input(0), node.input(1), batch);
  if (batch == 0) return {node.emit("gather_nd", {node.input(0), indices})};
  const ValueId shape = node.emit("slice", {shape_of(node, indices), int64s(node, {0}), int64s(node, {static_cast<std::int64_t>(rank) - 1})});
  ValueIds parts;
  for (std::size_t i = 0; i < static_cast<std::size_t>(batch); ++i) parts.push_back(positions_along(node, shape, i, rank - 1));
  parts.push_back(cast(node, indices, DType::kInt64));
  return {node.emit("gather_nd", {node.input(0), node.emit("concat", parts, {{"axis", std::int64_t{-1}}})})};
}

ValueIds scatter_nd(NodeImport& node) {
  const ValueId indices = coordinates_from_start(node, node.input(0), node.input(1), 0);
  return {node.emit("tensor_scatter", {node.input(0), indices, node.input(2)}, {{"mode", scatter_mode(node)}})};
}

/// The slices whose condition is true; those beyond the conditions' end are left out.
ValueIds compress(NodeImport& node) {
  ValueId x = node.input(0);
  if (!node.has_attribute("axis")) x = reshape(node, x, {-1});
  const ValueId places = reshape(node, node.emit("where", {node.input(1)}), {-1});
  return {node.emit("gather", {x, places}, {{"axis", node.attribute("axis", std::int64_t{0})}})};
}

ValueIds non_zero(NodeImport& node) { return {transpose(node, node.emit("where", {node.input(0)}), {1, 0})}; }

ValueIds one_hot(NodeImport& node) {
  const ValueId depth = reshape(node, cast(node, node.input(1), DType::kInt64), {});
  const ValueId indices = counted_from_start(node, cast(node, node.input(0), DType::kInt64), depth);
  const auto value = [&](std::int64_t i) { return node.emit("gather", {node.input(2), int64(node, i)}); };
  return {node.emit("one_hot", {indices, depth, value(1), value(0)}, {{"axis", node.attribute("axis", std::int64_t{-1})}})};
}

/// Of equal elements the first, or with select_last_index the last.
ValueId extreme_place(NodeImport& node, std::string_view op, ValueId x, std::int64_t axis, bool last) {
  if (!last) return node.emit(op, {x}, {{"axis", axis}});
  const ValueId from_end = node.emit(op, {node.emit("reverse", {x}, {{"axes", Ints{axis}}})}, {{"axis", axis}});
  return node.emit("sub", {node.emit("sub", {dim_of(node, x, axis), int64(node, 1)}), from_end});
}

Rule arg_extreme(std::string_view op) {
  return [op](NodeImport& node) -> ValueIds {
    const auto axis = node.attribute("axis", std::int64_t{0});
    const ValueId y = extreme_place(node, op, node.input(0), axis, onnx_flag(node, "select_last_index", false));
    if (!onnx_flag(node, "keepdims", true)) return {y};
    const std::size_t place = normalise_axis(axis, known_rank(node, node.input(0), "the input"));
    return {node.emit("expand_dims", {y}, {{"axis", static_cast<std::int64_t>(place)}})};
  };
}

/// 1 where the first of the greatest elements along an axis is, else 0. Until version 13 all dims from `axis` on are one.
ValueIds hardmax(NodeImport& node) {
  const bool by_axis = node.version() >= 13;
  const DType dtype = node.input_fact(0).dtype;
  const std::size_t rank = known_rank(node, node.input(0), "the input");
  std::size_t axis = normalise_axis(node.attribute("axis", std::int64_t{by_axis ? -1 : 1}), rank);
  ValueId x = node.input(0);
  if (!by_axis && axis + 1 != rank) {
    const auto shape = node.fact(x).shape.known();
    require(shape.has_value(), "the input's dims must be known, got {}", node.fact(x));
    x = reshape(node, x, {shape->elements(0, axis), shape->elements(axis, rank)});
    axis = 1;
  }
  const auto along = static_cast<std::int64_t>(axis);
  const ValueId place = extreme_place(node, "arg_max", x, along, false);
  const ValueId y = node.emit("one_hot", {place, dim_of(node, x, along), number(node, 1, dtype), number(node, 0, dtype)}, {{"axis", along}});
  return {x == node.input(0) ? y : node.emit("reshape", {y, shape_of(node, node.input(0))})};
}

/// The best along an axis, moved to the last; the least are the best of what is negated.
ValueIds top_k(NodeImport& node) {
  const std::size_t rank = known_rank(node, node.input(0), "the input");
  const std::size_t axis = normalise_axis(node.attribute("axis", std::int64_t{-1}), rank);
  const ValueId k = node.version() < 10 ? int64(node, node.attribute<std::int64_t>("k")) : reshape(node, node.input(1), {});
  const bool largest = onnx_flag(node, "largest", true);
  require(largest || is_signed(node.input_fact(0).dtype) || is_float(node.input_fact(0).dtype), "the least of {} are not supported",
          node.input_fact(0).dtype);
  Ints perm(rank);
  for (std::size_t i = 0; i < rank; ++i) perm[i] = static_cast<std::int64_t>(i);
  std::swap(perm[axis], perm[rank - 1]);
  const bool moved = axis + 1 != rank;
  ValueId x = moved ? transpose(node, node.input(0), perm) : node.input(0);
  if (!largest) x = node.emit("neg", {x});
  ValueIds best = node.emit_all("top_k", {x, k}, {{"index_dtype", DType::kInt64}});
  if (!largest) best[0] = node.emit("neg", {best[0]});
  if (moved) best = {transpose(node, best[0], perm), transpose(node, best[1], perm)};
  return best;
}

/// Outputs: the different elements, where each first is, which one each element is, and how often each comes.
ValueIds unique(NodeImport& node) {
  const ValueId x = node.has_attribute("axis") ? node.input(0) : reshape(node, node.input(0), {-1});
  const Ints axes = node.has_attribute("axis") ? Ints{node.attribute<std::int64_t>("axis")} : Ints{};
  const ValueIds found = node.emit_all("unique", {x}, {{"axes", axes}, {"index_type", DType::kInt64}});
  ValueId y = found[0], inverse = found[1], counts = found[2];
  const ValueId length = node.emit("size", {counts}, {{"dtype", DType::kInt64}});
  const ValueId elements = count_to(node, node.emit("size", {inverse}, {{"dtype", DType::kInt64}}));
  if (onnx_flag(node, "sorted", true)) {
    require(axes.empty() && (is_signed(node.fact(x).dtype) || is_float(node.fact(x).dtype)),
            "sorted slices, and sorted elements of type {}, are not supported", node.fact(x).dtype);
    const ValueId order = node.emit_all("top_k", {node.emit("neg", {y}), length}, {{"index_dtype", DType::kInt64}})[1];
    y = node.emit("gather", {y, order});
    counts = node.emit("gather", {counts, order});
    inverse = node.emit("gather", {node.emit("invert_permutation", {order}), inverse});
  }
  const ValueId first = node.emit("unsorted_segment_min", {elements, inverse, length});
  return {y, first, inverse, counts};
}

ValueIds reverse_sequence(NodeImport& node) {
  return {node.emit("reverse_sequence", node.inputs(),
                    {{"batch_axis", node.attribute("batch_axis", std::int64_t{1})}, {"seq_axis", node.attribute("time_axis", std::int64_t{0})}})};
}

ValueIds cumulative_sum(NodeImport& node) {
  Attributes how{{"exclusive", onnx_flag(node, "exclusive", false)}, {"reverse", onnx_flag(node, "reverse", false)}};
  if (!node.input_fact(1).constant) return {node.emit("cumsum", {node.input(0), reshape(node, node.input(1), {})}, how)};
  how.emplace_back("axis", node.int64_input(1, "axis"));
  return {node.emit("cumsum", {node.input(0)}, how)};
}

}  // namespace

REGISTER_RULES(onnx_index) {
  rules.onnx("Gather", gather);
  rules.onnx("GatherElements", gather_elements);
  rules.onnx("GatherND", gather_nd);
  rules.onnx("Scatter", scatter_elements);
  rules.onnx("ScatterElements", scatter_elements);
  rules.onnx("ScatterND", scatter_nd);
  rules.onnx("Compress", compress);
  rules.onnx("NonZero", non_zero);
  rules.onnx("OneHot", one_hot);
  rules.onnx("ArgMax", arg_extreme("arg_max"));
  rules.onnx("ArgMin", arg_extreme("arg_min"));
  rules.onnx("Hardmax", hardmax);
  rules.onnx("TopK", top_k);
  rules.onnx("Unique", unique);
  rules.onnx("ReverseSequence", reverse_sequence);
  rules.onnx("CumSum", cumulative_sum);
}

}  // namespace temper
