#include "ops/arrays/reshape.h"

#include "ops/arrays/storage.h"

namespace temper {
namespace {

/// The dim that -1 stands for, or nothing where the shapes do not fit. Where the target lists a 0, dims of 0 count for
/// nothing on both sides, as TensorFlow has it: [0, 3] to [-1, 0] gives [3, 0].
std::int64_t left_over(const Shape& from, std::span<const std::int64_t> target) {
  const bool has_zero = std::ranges::find(target, 0) != target.end();
  std::int64_t known = 1;
  for (const std::int64_t dim : target) {
    if (dim > 0) require(!__builtin_mul_overflow(known, dim, &known), "shape [{}] is too large", fmt::join(target, ","));
  }
  std::int64_t count = 1;
  bool skipped = false;
  for (const std::int64_t dim : from) {
    skipped |= has_zero && dim == 0;
    if (has_zero && dim == 0) continue;
    require(!__builtin_mul_overflow(count, dim, &count), "shape {} is too large", from);
  }
  const std::int64_t left = count / known;
  require(skipped || left * known == count, "{} elements of shape {} cannot take shape [{}]", count, from,
          fmt::join(target, ","));
  return left;
}

Shape resolve(const Shape& from, std::span<const std::int64_t> target) {
  Shape shape;
  for (const std::int64_t dim : target) {
    require(dim >= -1, "shape [{}] has a negative dimension", fmt::join(target, ","));
    shape.push_back(dim == -1 ? left_over(from, target) : dim);
  }
  require(std::ranges::count(target, -1) <= 1, "shape [{}] has more than one -1", fmt::join(target, ","));
  require(shape.elements() == from.elements(), "{} elements of shape {} cannot take shape [{}]", from.elements(), from,
          fmt::join(target, ","));
  return shape;
}

}  // namespace

Facts Reshape::infer(std::span<const Fact> in) const {
  require_inputs(in, 2);
  require_integers(in[1], "the shape");
  const bool scalar = in[1].shape.rank_known() && in[1].shape.rank() == 0;
  if (!scalar) require_rank(in[1], 1, "the shape");
  const auto from = in[0].shape.known();
  if (in[1].constant && from) {
    const IndexList target(*in[1].constant, "the shape");
    return {fact_of(in[0].dtype, resolve(*from, target.values()))};
  }
  ShapeFact shape = scalar && !in[1].constant ? ShapeFact::of_rank(1) : shape_from_elements(in[1]);
  const Dim elements = in[0].shape.elements();
  if (shape.rank_known() && shape.rank() == 1 && elements.known()) shape.set(0, elements);
  return {fact_of(in[0].dtype, shape)};
}

Tensors Reshape::reference(Inputs in) const {
  require_inputs(in, 2);
  require(in[1].rank() <= 1, "the shape has {} dimensions, not 1", in[1].rank());
  return {in[0].reshaped(resolve(in[0].shape(), IndexList(in[1], "the shape").values()))};
}
REGISTER_OP(Reshape);

}  // namespace temper
