#include "ops/arrays/storage.h"

namespace temper {
namespace {

/// Which dims are turned. Throws ModelError where an axis is outside or named twice.
std::array<bool, kMaxRank> turned_axes(std::span<const std::int64_t> axes, std::size_t rank) {
  std::array<bool, kMaxRank> turn{};
  for (const std::int64_t axis : axes) {
    bool& flag = turn[normalise_axis(axis, rank)];
    require(!flag, "axis {} is reversed twice", axis);
    flag = true;
  }
  return turn;
}

Tensor turned(const Tensor& x, std::span<const std::int64_t> axes) {
  const auto turn = turned_axes(axes, x.rank());
  if (x.elements() == 0) return x;
  View view(x.shape());
  for (std::size_t i = 0; i < x.rank(); ++i) {
    if (!turn[i]) continue;
    view.offset += (x.dim(i) - 1) * view.strides[i];
    view.strides[i] = -view.strides[i];
  }
  return read_view(x, view, x.shape());
}

}  // namespace

/// x turned around along each of `axes`.
struct Reverse {
  static constexpr std::string_view kName = "reverse";

  std::vector<std::int64_t> axes;

  static void fields(auto& self, auto&& field) { field("axes", self.axes); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    if (in[0].shape.rank_known()) turned_axes(axes, in[0].shape.rank());
    return {fact_of(in[0].dtype, in[0].shape)};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    return {turned(in[0], axes)};
  }
};
REGISTER_OP(Reverse);

/// reverse along axes that are only known when the graph runs. Inputs: x, axes.
struct ReverseBy {
  static constexpr std::string_view kName = "reverse_by";

  static void fields(auto&, auto&&) {}
  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_integers(in[1], "the list of axes");
    return {fact_of(in[0].dtype, in[0].shape)};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    return {turned(in[0], IndexList(in[1], "the list of axes").values())};
  }
};
REGISTER_OP(ReverseBy);

/// For each i along batch_axis, the first lengths[i] elements along seq_axis turned around; the others stay.
/// Inputs: x, lengths (integers, one for each i).
struct ReverseSequence {
  static constexpr std::string_view kName = "reverse_sequence";

  std::int64_t seq_axis = 1;
  std::int64_t batch_axis = 0;

  static void fields(auto& self, auto&& field) {
    field("seq_axis", self.seq_axis);
    field("batch_axis", self.batch_axis);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_integers(in[1], "the list of lengths");
    require_rank(in[1], 1, "the list of lengths");
    ShapeFact shape = in[0].shape;
    if (shape.rank_known()) {
      const auto [seq, batch] = checked_axes(shape.rank());
      if (in[1].shape.rank_known()) shape.set(batch, unify(shape[batch], in[1].shape[0], "the number of sequences"));
    }
    return {fact_of(in[0].dtype, shape)};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    const Tensor& x = in[0];
    const auto [seq, batch] = checked_axes(x.rank());
    require(in[1].rank() == 1 && in[1].dim(0) == x.dim(batch), "lengths of shape {} are given for {} sequences",
            in[1].shape(), x.dim(batch));
    const Indices lengths(in[1]);
    for (std::int64_t i = 0; i < in[1].elements(); ++i) {
      require(lengths[i] >= 0 && lengths[i] <= x.dim(seq), "length {} of sequence {} is outside 0 to {}", lengths[i], i,
              x.dim(seq));
    }
    TensorWriter out(x.dtype(), x.shape());
    if (x.elements() == 0) return {out.take()};
    for (std::int64_t i = 0; i < x.dim(batch); ++i) {
      const std::int64_t length = lengths[i];
      View head = View(x.shape()).narrow(batch, i, 1);
      const View tail = View(head).narrow(seq, length, x.dim(seq) - length);
      copy_view(x.dtype(), storage(x), tail, out.storage(), tail);
      if (length == 0) continue;
      head.dims[seq] = length;
      View back = head;
      back.offset += (length - 1) * back.strides[seq];
      back.strides[seq] = -back.strides[seq];
      copy_view(x.dtype(), storage(x), back, out.storage(), head);
    }
    return {out.take()};
  }

 private:
  std::pair<std::size_t, std::size_t> checked_axes(std::size_t rank) const {
    const std::size_t seq = normalise_axis(seq_axis, rank);
    const std::size_t batch = normalise_axis(batch_axis, rank);
    require(seq != batch, "the sequence axis is the batch axis, {}", seq);
    return {seq, batch};
  }
};
REGISTER_OP(ReverseSequence);

/// x moved along `axes`, the k-th by shifts[k], elements that leave at the end coming in at the start. Shifts of an axis
/// that is named twice add up. Inputs: x, shifts (an integer, or one an axis).
struct Roll {
  static constexpr std::string_view kName = "roll";

  std::vector<std::int64_t> axes;

  static void fields(auto& self, auto&& field) { field("axes", self.axes); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_integers(in[1], "the shift");
    if (in[0].shape.rank_known()) {
      for (const std::int64_t axis : axes) normalise_axis(axis, in[0].shape.rank());
    }
    return {fact_of(in[0].dtype, in[0].shape)};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    const Tensor& x = in[0];
    const Indices shifts(in[1]);
    require(in[1].rank() <= 1 && in[1].elements() == static_cast<std::int64_t>(axes.size()), "{} shifts are given for {} axes",
            in[1].elements(), axes.size());
    std::array<std::int64_t, kMaxRank> by{};
    for (std::size_t k = 0; k < axes.size(); ++k) {
      const std::size_t axis = normalise_axis(axes[k], x.rank());
      const std::int64_t dim = std::max<std::int64_t>(x.dim(axis), 1);
      by[axis] = ((by[axis] + shifts[static_cast<std::int64_t>(k)] % dim) % dim + dim) % dim;
    }
    if (x.elements() == 0) return {x};
    TensorWriter out(x.dtype(), x.shape());
    copy_blocks(x, out, by, View(x.shape()), View(x.shape()), 0);
    return {out.take()};
  }

 private:
  /// The head and the tail along each axis from `axis` on change places.
  static void copy_blocks(const Tensor& x, TensorWriter& out, const std::array<std::int64_t, kMaxRank>& by, const View& source,
                          const View& target, std::size_t axis) {
    while (axis < x.rank() && by[axis] == 0) ++axis;
    if (axis == x.rank()) {
      copy_view(x.dtype(), storage(x), source, out.storage(), target);
      return;
    }
    const std::int64_t head = x.dim(axis) - by[axis];
    copy_blocks(x, out, by, View(source).narrow(axis, 0, head), View(target).narrow(axis, by[axis], head), axis + 1);
    copy_blocks(x, out, by, View(source).narrow(axis, head, by[axis]), View(target).narrow(axis, 0, by[axis]), axis + 1);
  }
};
REGISTER_OP(Roll);

}  // namespace temper
