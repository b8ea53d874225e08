#include "import/rules/onnx.h"

namespace temper {

bool onnx_flag(const NodeImport& node, std::string_view name, bool fallback) {
  return node.attribute<std::int64_t>(name, fallback ? 1 : 0) != 0;
}

DType onnx_dtype(const NodeImport& node, std::string_view name, DType fallback) {
  return node.has_attribute(name) ? onnx::to_dtype(node.attribute<std::int64_t>(name)) : fallback;
}

ValueId int64s(NodeImport& node, const Ints& values) { return node.constant(Tensor::vector(std::span<const std::int64_t>(values))); }

ValueId int64(NodeImport& node, std::int64_t value) { return node.constant(Tensor::scalar(value)); }

ValueId number(NodeImport& node, double value, DType dtype) {
  return visit_numbers(dtype, [&]<class T>(Type<T>) {
    return node.constant(Tensor::scalar(static_cast<T>(static_cast<Compute<T>>(value))));
  });
}

std::size_t known_rank(const NodeImport& node, ValueId value, std::string_view what) {
  const ShapeFact& shape = node.fact(value).shape;
  require(shape.rank_known(), "the rank of {} must be known", what);
  return shape.rank();
}

std::optional<Ints> ints_given(const NodeImport& node, std::size_t i, std::string_view attribute) {
  if (node.has_input(i)) return node.int64s_input(i, attribute);
  if (node.has_attribute(attribute)) return node.attribute<Ints>(attribute);
  return std::nullopt;
}

ValueId cast(NodeImport& node, ValueId value, DType dtype) {
  return node.fact(value).dtype == dtype ? value : node.emit("cast", {value}, {{"dtype", dtype}});
}

ValueId transpose(NodeImport& node, ValueId value, const Ints& perm) { return node.emit("transpose", {value}, {{"perm", perm}}); }

ValueId reshape(NodeImport& node, ValueId value, const Ints& dims) { return node.emit("reshape", {value, int64s(node, dims)}); }

ValueId shape_of(NodeImport& node, ValueId value) { return node.emit("shape", {value}, {{"dtype", DType::kInt64}}); }

ValueId dim_of(NodeImport& node, ValueId value, std::int64_t axis) {
  const auto place = static_cast<std::int64_t>(normalise_axis(axis, known_rank(node, value, "the input")));
  return node.emit("gather", {shape_of(node, value), int64(node, place)});
}

ValueId to_channels_last(NodeImport& node, ValueId value) {
  const std::size_t rank = known_rank(node, value, "the input");
  require(rank >= 2, "needs at least 2 dimensions, got {}", node.fact(value));
  if (rank == 2) return value;
  Ints perm{0};
  for (std::size_t axis = 2; axis < rank; ++axis) perm.push_back(static_cast<std::int64_t>(axis));
  perm.push_back(1);
  return transpose(node, value, perm);
}

ValueId to_channels_first(NodeImport& node, ValueId value) {
  const std::size_t rank = known_rank(node, value, "the result");
  if (rank <= 2) return value;
  Ints perm{0, static_cast<std::int64_t>(rank) - 1};
  for (std::size_t axis = 1; axis + 1 < rank; ++axis) perm.push_back(static_cast<std::int64_t>(axis));
  return transpose(node, value, perm);
}

}  // namespace temper
