#include "ops/arrays/pad.h"

#include "ops/arrays/storage.h"

namespace temper {
namespace {

struct Sides {
  std::int64_t before = 0;
  std::int64_t after = 0;
};

void check_sides(const Sides& sides, PadMode mode, const Dim& dim, std::size_t axis) {
  require(sides.before >= 0 && sides.after >= 0, "dimension {} is padded by {} and {}", axis, sides.before, sides.after);
  if (mode == PadMode::kConstant || !dim.known()) return;
  const std::int64_t most = mode == PadMode::kReflect ? dim.value() - 1 : dim.value();
  require(sides.before <= most && sides.after <= most, "dimension {} of {} cannot be mirrored by {} and {}", axis,
          dim.value(), sides.before, sides.after);
}

std::int64_t padded(std::int64_t dim, const Sides& sides) {
  std::int64_t sum = 0;
  require(!__builtin_add_overflow(dim, sides.before, &sum) && !__builtin_add_overflow(sum, sides.after, &sum),
          "a padded dimension is too large");
  return sum;
}

Sides sides_of(const IndexList& paddings, std::size_t axis) { return {paddings[2 * axis], paddings[2 * axis + 1]}; }

void require_paddings_shape(const Fact& paddings) {
  require_integers(paddings, "the list of paddings");
  require_rank(paddings, 2, "the list of paddings");
  if (paddings.shape.rank_known()) unify(paddings.shape[1], 2, "the number of a dimension's paddings");
}

/// A padded tensor being made: the middle is x; borders of one axis after another are filled, each over the middle of the
/// axes before it and all of the axes after it.
class Padding {
 public:
  Padding(const Tensor& x, const IndexList& paddings, PadMode mode)
      : x_(x), mode_(mode), writer_(x.dtype(), shape_of(x, paddings, mode)) {
    for (std::size_t axis = 0; axis < x.rank(); ++axis) sides_[axis] = sides_of(paddings, axis);
  }

  Tensor with_value(const Tensor& value) {
    if (x_.elements() == 0) {
      writer_.fill(value);
      return writer_.take();
    }
    copy_middle();
    each_border([&](std::size_t axis, std::int64_t first, std::int64_t count) {
      const View target = border(axis, first, count);
      View source = target;
      source.offset = 0;
      source.strides.fill(0);
      copy_view(x_.dtype(), storage(value), source, writer_.storage(), target);
    });
    return writer_.take();
  }

  /// Later axes first: what an earlier axis mirrors is then complete.
  Tensor mirrored() {
    copy_middle();
    const std::int64_t gap = mode_ == PadMode::kReflect ? 1 : 0;
    each_border([&](std::size_t axis, std::int64_t first, std::int64_t count) {
      const View target = border(axis, first, count);
      const std::int64_t edge = sides_[axis].before;
      const std::int64_t nearest = first == 0 ? 2 * edge - 1 + gap : edge + x_.dim(axis) - 1 - gap;
      View source = border(axis, nearest, count);
      source.strides[axis] = -source.strides[axis];
      copy_view(x_.dtype(), writer_.storage(), source, writer_.storage(), target);
    });
    return writer_.take();
  }

 private:
  static Shape shape_of(const Tensor& x, const IndexList& paddings, PadMode mode) {
    Shape shape;
    for (std::size_t axis = 0; axis < x.rank(); ++axis) {
      const Sides sides = sides_of(paddings, axis);
      check_sides(sides, mode, x.dim(axis), axis);
      shape.push_back(padded(x.dim(axis), sides));
    }
    return shape;
  }

  void copy_middle() {
    View middle(writer_.shape());
    for (std::size_t axis = 0; axis < x_.rank(); ++axis) middle.narrow(axis, sides_[axis].before, x_.dim(axis));
    copy_view(x_.dtype(), storage(x_), View(x_.shape()), writer_.storage(), middle);
  }

  void each_border(auto&& body) const {
    for (std::size_t axis = x_.rank(); axis-- > 0;) {
      if (sides_[axis].before > 0) body(axis, 0, sides_[axis].before);
      if (sides_[axis].after > 0) body(axis, sides_[axis].before + x_.dim(axis), sides_[axis].after);
    }
  }

  View border(std::size_t axis, std::int64_t first, std::int64_t count) const {
    View view(writer_.shape());
    for (std::size_t i = 0; i < axis; ++i) view.narrow(i, sides_[i].before, x_.dim(i));
    return view.narrow(axis, first, count);
  }

  const Tensor& x_;
  PadMode mode_;
  std::array<Sides, kMaxRank> sides_{};
  TensorWriter writer_;
};

}  // namespace

Facts Pad::infer(std::span<const Fact> in) const {
  require_inputs(in, 2, mode == PadMode::kConstant ? 3 : 2);
  require_paddings_shape(in[1]);
  if (in.size() == 3) require_same_dtype(in[2], in[0]);
  ShapeFact shape = in[0].shape;
  if (!shape.rank_known()) {
    if (!in[1].shape.rank_known() || !in[1].shape[0].known()) return {fact_of(in[0].dtype, {})};
    const std::int64_t rank = in[1].shape[0].value();
    require(rank <= static_cast<std::int64_t>(kMaxRank), "a value of {} dimensions is not supported", rank);
    return {fact_of(in[0].dtype, ShapeFact::of_rank(static_cast<std::size_t>(rank)))};
  }
  if (in[1].shape.rank_known()) unify(in[1].shape[0], static_cast<std::int64_t>(shape.rank()), "the number of padded dimensions");
  if (!in[1].constant) return {fact_of(in[0].dtype, ShapeFact::of_rank(shape.rank()))};
  const IndexList paddings(*in[1].constant, "the list of paddings");
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    const Sides sides = sides_of(paddings, axis);
    check_sides(sides, mode, shape[axis], axis);
    shape.set(axis, map_dims([&](std::int64_t dim) { return padded(dim, sides); }, shape[axis]));
  }
  return {fact_of(in[0].dtype, shape)};
}

Tensors Pad::reference(Inputs in) const {
  require_inputs(in, 2, mode == PadMode::kConstant ? 3 : 2);
  const IndexList paddings(in[1], "the list of paddings");
  const Shape wanted{static_cast<std::int64_t>(in[0].rank()), 2};
  require(in[1].shape() == wanted, "paddings of shape {} are given where {} is needed", in[1].shape(), wanted);
  if (in.size() == 3 && (in[2].elements() != 1 || in[2].dtype() != in[0].dtype())) {
    throw ModelError(fmt::format("the padding value is {} for {}", describe(in[2]), describe(in[0])));
  }
  if (std::ranges::all_of(paddings.values(), [](std::int64_t side) { return side == 0; })) {
    for (std::size_t axis = 0; axis < in[0].rank(); ++axis) check_sides({}, mode, in[0].dim(axis), axis);
    return {in[0]};
  }
  Padding padding(in[0], paddings, mode);
  if (mode != PadMode::kConstant) return {padding.mirrored()};
  if (in.size() == 3) return {padding.with_value(in[2])};
  const Tensor zero = in[0].dtype() == DType::kString ? Tensor(DType::kString, Shape{}) : Tensor::zeros(in[0].dtype(), Shape{});
  return {padding.with_value(zero)};
}
REGISTER_OP(Pad);

}  // namespace temper
