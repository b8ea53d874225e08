#include "ops/arrays/runs.h"

#include "ops/arrays/gather.h"
#include "ops/arrays/strided_slice.h"

namespace temper {
namespace {

using Offsets = std::vector<std::int64_t>;

std::optional<std::int64_t> axis_of(const Op& op) {
  for (const auto& [name, value] : op.attributes()) {
    if (name == "axis") return std::get<std::int64_t>(value);
  }
  return std::nullopt;
}

/// Parts lie one behind another where there is but one of whatever lies before the axis.
std::optional<Offsets> cut(const Op& op, const Shape& shape, std::span<const Fact> out) {
  const auto axis = axis_of(op);
  if (!axis || shape.elements(0, normalise_axis(*axis, shape.rank())) != 1) return std::nullopt;
  Offsets offsets;
  std::int64_t offset = 0;
  for (const Fact& part : out) {
    const Dim size = part.shape.elements();
    if (!size.known()) return std::nullopt;
    offsets.push_back(offset);
    offset += size.value();
  }
  return offset == shape.elements() ? std::optional(offsets) : std::nullopt;
}

/// Where a view begins, if what it selects is neighbours in order.
std::optional<Offsets> run(const View& view) {
  std::int64_t stride = 1;
  for (std::size_t axis = view.rank; axis-- > 0;) {
    if (view.dims[axis] == 0) return std::nullopt;
    if (view.dims[axis] == 1) continue;
    if (view.strides[axis] != stride) return std::nullopt;
    stride *= view.dims[axis];
  }
  return Offsets{view.offset};
}

/// Of a slice whose bounds are constants. What it selects depends on the shape of its first input, not on the elements.
std::optional<Offsets> slice(const Op& op, const Shape& shape, std::span<const Fact> in) {
  Tensors inputs{Tensor(in[0].dtype, shape, nullptr, nullptr)};
  for (const Fact& bound : in.subspan(1)) {
    if (!bound.constant) return std::nullopt;
    inputs.push_back(*bound.constant);
  }
  const auto* strided = op.as<StridedSlice>();
  return run((strided == nullptr ? sliced(inputs) : sliced(*strided, inputs)).view);
}

std::optional<Offsets> pick(const Gather& gather, const Shape& shape, std::span<const Fact> in) {
  if (!in[1].constant || gather.batch_dims != 0 || in[1].constant->elements() == 0) return std::nullopt;
  const std::size_t axis = normalise_axis(gather.axis, shape.rank());
  if (shape.elements(0, axis) != 1) return std::nullopt;
  const Indices indices(*in[1].constant);
  const std::int64_t first = indices[0];
  for (std::int64_t i = 0; i < in[1].constant->elements(); ++i) {
    if (indices[i] != first + i || indices[i] < 0 || indices[i] >= shape[axis]) return std::nullopt;
  }
  return Offsets{first * shape.elements(axis + 1, shape.rank())};
}

}  // namespace

std::optional<std::vector<std::int64_t>> runs_of(const Op& op, std::span<const Fact> in, std::span<const Fact> out) {
  const std::string_view name = op.name();
  const auto shape = in.empty() ? std::nullopt : in[0].shape.known();
  if (!shape || in[0].dtype == DType::kString || in[0].dtype == DType::kList) return std::nullopt;
  try {
    if (name == "split" || name == "split_sizes" || name == "unpack") return cut(op, *shape, out);
    if (name == "slice" || name == "strided_slice") return slice(op, *shape, in);
    if (const auto* gather = op.as<Gather>()) return pick(*gather, *shape, in);
  } catch (const ModelError&) {  // it is said when the operator runs
  }
  return std::nullopt;
}

}  // namespace temper
