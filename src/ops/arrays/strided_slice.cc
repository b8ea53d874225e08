#include "ops/arrays/strided_slice.h"

#include "ops/arrays/storage.h"

namespace temper {
namespace {

/// What one step of a specification does: it makes a dim of 1, or it treats the next dim of x by entry `entry` (kWhole:
/// takes all of it).
struct Step {
  static constexpr std::size_t kWhole = ~std::size_t{0};

  bool new_axis = false;
  std::size_t entry = kWhole;
};

struct Steps {
  std::array<Step, View::kMaxRank> list;
  std::size_t size = 0;

  void add(Step step) {
    require(size < list.size(), "a slice of more than {} entries is not supported", list.size());
    list[size++] = step;
  }
};

/// There are at most View::kMaxRank entries, so bits of a mask suffice.
bool bit(std::int64_t mask, std::size_t i) { return ((mask >> (i & 63)) & 1) != 0; }

/// The steps for `entries` entries on x of `rank` dims, in order.
Steps plan_steps(const StridedSlice& op, std::size_t entries, std::size_t rank) {
  Steps steps;
  std::size_t used = 0;
  for (std::size_t i = 0; i < entries; ++i) used += bit(op.ellipsis_mask, i) || bit(op.new_axis_mask, i) ? 0 : 1;
  require(used <= rank, "slices {} dimensions of a value of {}", used, rank);
  bool spread = false;
  const auto spread_rest = [&] {
    for (std::size_t i = used; i < rank; ++i) steps.add({});
    spread = true;
  };
  for (std::size_t i = 0; i < entries; ++i) {
    if (bit(op.ellipsis_mask, i)) {
      require(!spread, "a slice has more than one ellipsis");
      spread_rest();
    } else {
      steps.add({bit(op.new_axis_mask, i), i});
    }
  }
  if (!spread) spread_rest();
  return steps;
}

/// The elements that an entry takes of a dim.
struct Taken {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

/// `at` counted from the end where negative, clamped to [low, high].
std::int64_t clamp_index(std::int64_t at, std::int64_t dim, std::int64_t low, std::int64_t high) {
  return std::clamp(at < 0 ? at + dim : at, low, high);
}

Taken take_range(std::int64_t dim, bool from_start, std::int64_t begin, bool to_end, std::int64_t end, std::int64_t stride) {
  const bool forward = stride > 0;
  const std::int64_t low = forward ? 0 : -1;
  const std::int64_t high = forward ? dim : dim - 1;
  const std::int64_t first = from_start ? (forward ? low : high) : clamp_index(begin, dim, low, high);
  const std::int64_t last = to_end ? (forward ? high : low) : clamp_index(end, dim, low, high);
  const std::int64_t length = last - first;
  if (length == 0 || (length > 0) != forward) return {};
  return {first, length / stride + (length % stride != 0 ? 1 : 0)};
}

std::int64_t pick(std::int64_t begin, std::int64_t dim, std::size_t axis) {
  const std::int64_t at = begin < 0 ? begin + dim : begin;
  require(at >= 0 && at < dim, "index {} is outside dimension {}, which is {}", begin, axis, dim);
  return at;
}

void require_stride(std::int64_t stride, bool shrinks, std::size_t entry) {
  require(stride != 0, "stride {} of the slice is 0", entry);
  require(!shrinks || stride > 0, "stride {} of the slice is {} where one element is picked", entry, stride);
}

/// The length of the specification, where any of its parts tells.
Dim entry_count(std::span<const Fact> in) {
  Dim count;
  for (const Fact& part : in.subspan(1)) {
    require_integers(part, "a slice's bound");
    require_rank(part, 1, "a slice's bound");
    if (part.shape.rank_known()) count = unify(count, part.shape[0], "the number of a slice's entries");
  }
  return count;
}

std::optional<std::int64_t> known_entry(const Fact& fact, std::size_t i) {
  if (!fact.constant) return std::nullopt;
  return Indices(*fact.constant)[static_cast<std::int64_t>(i)];
}

}  // namespace

Facts StridedSlice::infer(std::span<const Fact> in) const {
  require_inputs(in, 4);
  const Dim count = entry_count(in);
  if (!count.known() || !in[0].shape.rank_known()) return {fact_of(in[0].dtype, {})};
  require(count.value() <= static_cast<std::int64_t>(View::kMaxRank), "a slice of {} entries is not supported", count.value());
  const ShapeFact& shape = in[0].shape;
  const Steps steps = plan_steps(*this, static_cast<std::size_t>(count.value()), shape.rank());
  std::vector<Dim> dims;
  std::size_t axis = 0;
  for (const Step& step : std::span(steps.list).first(steps.size)) {
    if (step.new_axis) {
      dims.emplace_back(1);
      continue;
    }
    const std::size_t i = step.entry;
    const Dim& dim = shape[axis++];
    if (i == Step::kWhole) {
      dims.push_back(dim);
      continue;
    }
    const auto begin = known_entry(in[1], i);
    const auto end = known_entry(in[2], i);
    const auto stride = known_entry(in[3], i);
    const bool shrinks = bit(shrink_axis_mask, i);
    if (stride) require_stride(*stride, shrinks, i);
    if (shrinks) {
      if (begin && dim.known()) pick(*begin, dim.value(), axis - 1);
      continue;
    }
    const bool from_start = bit(begin_mask, i);
    const bool to_end = bit(end_mask, i);
    if (from_start && to_end && stride && (*stride == 1 || *stride == -1)) {
      dims.push_back(dim);
    } else if (dim.is(0)) {
      dims.emplace_back(0);
    } else if (dim.known() && stride && (from_start || begin) && (to_end || end)) {
      dims.emplace_back(take_range(dim.value(), from_start, begin.value_or(0), to_end, end.value_or(0), *stride).count);
    } else {
      dims.emplace_back();
    }
  }
  return {fact_of(in[0].dtype, ShapeFact(std::move(dims)))};
}

SlicedView sliced(const StridedSlice& op, Inputs in) {
  require_inputs(in, 4);
  const Tensor& x = in[0];
  const IndexList begin(in[1], "the slice's begin");
  const IndexList end(in[2], "the slice's end");
  const IndexList strides(in[3], "the slice's strides");
  require(in[1].rank() == 1 && in[1].shape() == in[2].shape() && in[1].shape() == in[3].shape(),
          "a slice's begin, end and strides are of shapes {}, {} and {}", in[1].shape(), in[2].shape(), in[3].shape());
  const Steps steps = plan_steps(op, begin.size(), x.rank());
  View view(x.shape());
  Shape shape;
  std::size_t axis = 0;
  for (const Step& step : std::span(steps.list).first(steps.size)) {
    if (step.new_axis) {
      shape.push_back(1);
      continue;
    }
    const std::size_t i = step.entry;
    const std::size_t at = axis++;
    if (i == Step::kWhole) {
      shape.push_back(x.dim(at));
      continue;
    }
    const bool shrinks = bit(op.shrink_axis_mask, i);
    require_stride(strides[i], shrinks, i);
    if (shrinks) {
      view.narrow(at, pick(begin[i], x.dim(at), at), 1);
      continue;
    }
    const Taken range = take_range(x.dim(at), bit(op.begin_mask, i), begin[i], bit(op.end_mask, i), end[i], strides[i]);
    view.narrow(at, range.first, range.count);
    if (range.count > 1) view.strides[at] *= strides[i];  // a longer stride than the dim picks one element
    shape.push_back(range.count);
  }
  return {view, shape};
}

Tensors StridedSlice::reference(Inputs in) const {
  const auto [view, shape] = sliced(*this, in);
  return {read_view(in[0], view, shape)};
}
REGISTER_OP(StridedSlice);

namespace {

void check_block(std::int64_t dim, std::int64_t begin, std::int64_t size, std::size_t axis) {
  require(begin >= 0 && begin <= dim, "a slice begins at {} of dimension {}, which is {}", begin, axis, dim);
  require(size >= -1 && size <= dim - begin, "a slice takes {} from {} of dimension {}, which is {}", size, begin, axis, dim);
}

}  // namespace

SlicedView sliced(Inputs in) {
  require_inputs(in, 3);
  const Tensor& x = in[0];
  const IndexList begin(in[1], "the slice's begin");
  const IndexList size(in[2], "the slice's size");
  const Shape wanted{static_cast<std::int64_t>(x.rank())};
  require(in[1].shape() == wanted && in[2].shape() == wanted,
          "begins of shape {} and sizes of shape {} are given for a slice of {}", in[1].shape(), in[2].shape(), x.shape());
  View view(x.shape());
  Shape shape;
  for (std::size_t i = 0; i < x.rank(); ++i) {
    check_block(x.dim(i), begin[i], size[i], i);
    shape.push_back(size[i] == -1 ? x.dim(i) - begin[i] : size[i]);
    view.narrow(i, begin[i], shape[i]);
  }
  return {view, shape};
}

/// The block of x of `size` that starts at `begin`; a size of -1 goes to the end. Nothing is clamped.
/// Inputs: x, begin, size. Shares the elements where they lie in one run.
struct Slice {
  static constexpr std::string_view kName = "slice";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    for (const Fact& part : in.subspan(1)) {
      require_integers(part, "a slice's bound");
      require_rank(part, 1, "a slice's bound");
    }
    ShapeFact shape = in[0].shape.rank_known() ? ShapeFact::of_rank(in[0].shape.rank()) : shape_from_elements(in[2]);
    if (!shape.rank_known() && in[1].shape.rank_known()) shape = shape_from_elements(fact_of(in[1].dtype, in[1].shape));
    if (!shape.rank_known()) return {fact_of(in[0].dtype, {})};
    for (const Fact& part : in.subspan(1)) {
      if (!part.shape.rank_known()) continue;
      unify(part.shape[0], static_cast<std::int64_t>(shape.rank()), "the length of a slice's bound");
    }
    for (std::size_t i = 0; i < shape.rank(); ++i) {
      const Dim dim = in[0].shape.rank_known() ? in[0].shape[i] : Dim();
      const auto begin = known_entry(in[1], i);
      const auto size = known_entry(in[2], i);
      if (begin && size && dim.known()) check_block(dim.value(), *begin, *size, i);
      if (size && *size >= 0) shape.set(i, *size);
      if (size && *size == -1 && begin) shape.set(i, map_dims([&](std::int64_t d) { return d - *begin; }, dim));
    }
    return {fact_of(in[0].dtype, shape)};
  }

  Tensors reference(Inputs in) const {
    const auto [view, shape] = sliced(in);
    return {read_view(in[0], view, shape)};
  }
};
REGISTER_OP(Slice);

}  // namespace temper
