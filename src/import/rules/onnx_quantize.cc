#include <numeric>

#include "import/rules/onnx.h"

/// Numbers as integers: real = (q - zero) * scale, with one scale and zero for a tensor, for each slice along an axis, or for each block.
namespace temper {
namespace {

std::pair<double, double> range_of(DType dtype) {
  return visit_integers(dtype, [&]<class T>(Type<T>) {
    return std::pair(static_cast<double>(std::numeric_limits<T>::lowest()), static_cast<double>(std::numeric_limits<T>::max()));
  });
}

/// A scale or zero as it broadcasts to x: a scalar; a vector along `axis`; or, with `block`, each element repeated along `axis`.
ValueId spread(NodeImport& node, ValueId x, ValueId value, std::int64_t axis, std::int64_t block) {
  const ShapeFact& shape = node.fact(value).shape;
  require(shape.rank_known(), "the rank of a scale must be known, got {}", node.fact(value));
  if (shape.rank() == 0) return value;
  if (shape.rank() == 1 && shape[0].is(1)) return reshape(node, value, {});
  const std::size_t rank = known_rank(node, x, "the input");
  const std::size_t along = normalise_axis(axis, rank);
  if (block == 0) {
    require(shape.rank() == 1, "a scale {} is neither one number nor one for each slice", node.fact(value));
    Ints dims(rank, 1);
    dims[along] = -1;
    return reshape(node, value, dims);
  }
  require(shape.rank() == rank && block > 0 && block <= kMaxDim, "a scale {} does not fit blocks of {} of {}", node.fact(value), block, node.fact(x));
  const ValueId every = node.emit("range", {int64(node, 0), dim_of(node, x, static_cast<std::int64_t>(along)), int64(node, 1)});
  return node.emit("gather", {value, node.emit("floor_div", {every, int64(node, block)})}, {{"axis", static_cast<std::int64_t>(along)}});
}

std::int64_t block_size(const NodeImport& node) { return node.attribute("block_size", std::int64_t{0}); }

/// round(x / scale) + zero, kept within the type. `scale` and `zero` broadcast to x, which is of a float type.
ValueId quantized(NodeImport& node, ValueId x, ValueId scale, ValueId zero, DType dtype) {
  const DType within = node.fact(x).dtype;
  const auto [low, high] = range_of(dtype);
  ValueId q = node.emit("round", {node.emit("div", {x, cast(node, scale, within)})});
  if (zero != ValueId::kNone) q = node.emit("add", {q, cast(node, zero, within)});
  q = node.emit("minimum", {node.emit("maximum", {q, number(node, low, within)}), number(node, high, within)});
  return cast(node, q, dtype);
}

ValueId dequantized(NodeImport& node, ValueId q, ValueId scale, ValueId zero) {
  const DType dtype = node.fact(scale).dtype;
  ValueId x = q;
  if (zero == ValueId::kNone) {
    x = cast(node, x, dtype);
  } else {  // differences of 8 and 16 bits fit a float; those of more are taken first
    const bool wide = node.fact(q).dtype == DType::kInt32;
    const DType within = wide ? DType::kInt32 : dtype == DType::kFloat16 ? DType::kFloat32 : dtype;
    x = cast(node, node.emit("sub", {cast(node, q, within), cast(node, zero, within)}), dtype);
  }
  return node.emit("mul", {x, scale});
}

ValueIds quantize(NodeImport& node) {
  const ValueId x = node.input(0);
  const auto axis = node.attribute("axis", std::int64_t{1});
  require(!onnx::is_packed(node.attribute("output_dtype", std::int64_t{0})), "numbers of 4 bits as a result are not supported");
  DType dtype = onnx_dtype(node, "output_dtype", DType::kUInt8);
  if (node.has_input(2)) dtype = node.input_fact(2).dtype;
  const DType within = node.fact(x).dtype == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
  const ValueId scale = spread(node, x, node.input(1), axis, block_size(node));
  const ValueId zero = node.has_input(2) ? spread(node, x, node.input(2), axis, block_size(node)) : ValueId::kNone;
  return {quantized(node, cast(node, x, within), scale, zero, dtype)};
}

ValueIds dequantize(NodeImport& node) {
  const ValueId x = node.input(0);
  const auto axis = node.attribute("axis", std::int64_t{1});
  const ValueId scale = spread(node, x, node.input(1), axis, block_size(node));
  const ValueId zero = node.has_input(2) ? spread(node, x, node.input(2), axis, block_size(node)) : ValueId::kNone;
  return {dequantized(node, x, scale, zero)};
}

/// To uint8, by the range of x itself, which is widened to hold 0.
ValueIds dynamic_quantize(NodeImport& node) {
  const ValueId x = node.input(0);
  Ints axes(known_rank(node, x, "the input"));
  std::iota(axes.begin(), axes.end(), 0);
  const ValueId none = number(node, 0, DType::kFloat32), most = number(node, 255, DType::kFloat32);
  const ValueId high = node.emit("maximum", {node.emit("max", {x}, {{"axes", axes}}), none});
  const ValueId low = node.emit("minimum", {node.emit("min", {x}, {{"axes", axes}}), none});
  const ValueId scale = node.emit("div", {node.emit("sub", {high, low}), most});
  const ValueId place = node.emit("round", {node.emit("div", {node.emit("sub", {none, low}), scale})});
  const ValueId zero = cast(node, node.emit("minimum", {node.emit("maximum", {place, none}), most}), DType::kUInt8);
  return {quantized(node, x, scale, zero, DType::kUInt8), scale, zero};
}

/// q - zero as int32. A zero of more than one element is one for each slice along `axis`.
ValueId centred(NodeImport& node, ValueId q, ValueId zero, std::int64_t axis) {
  const ValueId wide = cast(node, q, DType::kInt32);
  if (zero == ValueId::kNone) return wide;
  const auto& constant = node.fact(zero).constant;
  if (constant && std::ranges::all_of(constant->to_int64s(), [](std::int64_t n) { return n == 0; })) return wide;
  const bool rows = node.fact(zero).shape.rank_known() && node.fact(zero).shape.rank() > 1;
  const ValueId spread_zero = rows ? zero : spread(node, q, zero, axis, 0);
  return node.emit("sub", {wide, cast(node, spread_zero, DType::kInt32)});
}

ValueId optional_input(const NodeImport& node, std::size_t i) { return node.has_input(i) ? node.input(i) : ValueId::kNone; }

/// Zeros of rows on the left, of columns on the right.
ValueIds integer_product(NodeImport& node) {
  return {node.emit("matmul", {centred(node, node.input(0), optional_input(node, 2), -2), centred(node, node.input(1), optional_input(node, 3), -1)})};
}

ValueIds integer_convolution(NodeImport& node) {
  return {emit_onnx_convolution(node, centred(node, node.input(0), optional_input(node, 2), 1), centred(node, node.input(1), optional_input(node, 3), 0),
                                ValueId::kNone)};
}

/// Sums times a factor, as integers of another scale and zero.
ValueId requantized(NodeImport& node, ValueId sums, ValueId factor, ValueId scale, ValueId zero) {
  const ValueId real = node.emit("mul", {cast(node, sums, DType::kFloat32), factor});
  return quantized(node, real, reshape(node, cast(node, scale, DType::kFloat32), {}), reshape(node, zero, {}), node.fact(zero).dtype);
}

/// Inputs: a, its scale and zero, b, its scale and zero, the result's scale and zero.
ValueIds quantized_product(NodeImport& node) {
  const ValueId a = node.input(0), b = node.input(3);
  const ValueId sums = node.emit("matmul", {centred(node, a, node.input(2), -2), centred(node, b, node.input(5), -1)});
  const auto scale_of = [&](ValueId value, ValueId scale, std::int64_t axis) {
    const ShapeFact& shape = node.fact(scale).shape;
    const ValueId real = cast(node, scale, DType::kFloat32);
    return shape.rank_known() && shape.rank() > 1 ? real : spread(node, value, real, axis, 0);
  };
  const ValueId factor = node.emit("mul", {scale_of(a, node.input(1), -2), scale_of(b, node.input(4), -1)});
  return {requantized(node, sums, factor, node.input(6), node.input(7))};
}

/// Inputs: x, its scale and zero, the filter, its scales and zeros (one a channel of the result, or one), the result's scale and zero, bias.
ValueIds quantized_convolution(NodeImport& node) {
  const ValueId x = centred(node, node.input(0), node.input(2), 1);
  const ValueId filter = centred(node, node.input(3), node.input(5), 0);
  const ValueId sums = emit_onnx_convolution(node, x, filter, optional_input(node, 8));
  const ValueId scale = spread(node, sums, node.input(4), 1, 0);
  const ValueId factor = node.emit("mul", {reshape(node, node.input(1), {}), scale});
  return {requantized(node, sums, factor, node.input(6), node.input(7))};
}

}  // namespace

REGISTER_RULES(onnx_quantize) {
  rules.onnx("QuantizeLinear", quantize);
  rules.onnx("DequantizeLinear", dequantize);
  rules.onnx("DynamicQuantizeLinear", dynamic_quantize);
  rules.onnx("MatMulInteger", integer_product);
  rules.onnx("ConvInteger", integer_convolution);
  rules.onnx("QLinearMatMul", quantized_product);
  rules.onnx("QLinearConv", quantized_convolution);
}

}  // namespace temper
