#include "backends/cpu/families.h"
#include "backends/cpu/move.h"
#include "backends/cpu/prepare.h"
#include "ops/arrays/transpose.h"

namespace temper::cpu {
namespace {

/// More are left to the operator's definition: each piece keeps its loops.
constexpr std::size_t kMostPieces = 4096;

/// A copy from one input to one output.
struct Piece {
  std::size_t input = 0;
  std::size_t output = 0;
  Move move;
};

/// Operators that put all elements of their inputs, or some, in other places that shapes alone tell.
class RearrangeKernel final : public Kernel {
 public:
  RearrangeKernel(std::string_view op, std::size_t element_bytes, std::vector<Piece> pieces)
      : name_(fmt::format("b{}_{}", 8 * element_bytes, op)), pieces_(std::move(pieces)) {}

  std::string_view name() const override { return name_; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    for (const Piece& piece : pieces_) piece.move.run(in[piece.input].bytes().data(), out[piece.output].mutable_bytes().data());
  }

 private:
  std::string name_;
  std::vector<Piece> pieces_;
};

/// One node and what is known of it.
struct Subject {
  const Op& op;
  std::span<const Fact> in;
  std::vector<Shape> out;

  std::size_t element_bytes() const { return size_of(in[0].dtype); }
  Shape shape(std::size_t input = 0) const { return shape_of(in[input]); }
  Piece piece(const View& from, const View& to, std::size_t input = 0, std::size_t output = 0) const {
    return {input, output, Move(element_bytes(), from, to)};
  }
  /// A piece that fills output 0 in order.
  std::vector<Piece> whole(const View& from) const {
    View to = from;
    to.set_row_major();
    return {piece(from, to)};
  }
};

std::vector<Piece> transpose(const Subject& node) {
  const std::vector<std::int64_t> perm = node.op.name() == "transpose" ? node.op.as<Transpose>()->perm : node.in[1].constant->to_int64s();
  const View x(node.shape());
  View from;
  for (const std::int64_t axis : perm) {
    const std::size_t at = normalise_axis(axis, x.rank);
    from.add(x.dims[at], x.strides[at]);
  }
  return node.whole(from);
}

std::vector<Piece> tile(const Subject& node) {
  const std::vector<std::int64_t> multiples = node.in[1].constant->to_int64s();
  const View x(node.shape());
  View from;
  for (std::size_t i = 0; i < x.rank; ++i) {
    from.add(multiples[i], 0);
    from.add(x.dims[i], x.strides[i]);
  }
  return node.whole(from);
}

std::vector<Piece> broadcast_to(const Subject& node) {
  const auto strides = broadcast_strides(node.shape(), node.out[0]);
  View from;
  for (std::size_t i = 0; i < node.out[0].rank(); ++i) from.add(node.out[0][i], strides[i]);
  return node.whole(from);
}

std::vector<Piece> reverse(const Subject& node) {
  View from(node.shape());
  const auto axes = node.op.name() == "reverse" ? attribute_of<std::vector<std::int64_t>>(node.op, "axes") : node.in[1].constant->to_int64s();
  for (const std::int64_t axis : axes) {
    const std::size_t at = normalise_axis(axis, from.rank);
    from.offset += (from.dims[at] - 1) * from.strides[at];
    from.strides[at] = -from.strides[at];
  }
  return node.whole(from);
}

std::vector<Piece> space_to_depth(const Subject& node) {
  const auto block = attribute_of<std::int64_t>(node.op, "block");
  const View x(node.shape());
  const Shape& y = node.out[0];
  View from;
  from.add(y[0], x.strides[0]);
  from.add(y[1], x.strides[1] * block);
  from.add(y[2], x.strides[2] * block);
  from.add(block, x.strides[1]);
  from.add(block, x.strides[2]);
  from.add(x.dims[3], 1);
  return node.whole(from);
}

std::vector<Piece> depth_to_space(const Subject& node) {
  const auto block = attribute_of<std::int64_t>(node.op, "block");
  const View x(node.shape());
  const std::int64_t depth = node.out[0][3];
  View from;
  from.add(x.dims[0], x.strides[0]);
  from.add(x.dims[1], x.strides[1]);
  from.add(block, block * depth);
  from.add(x.dims[2], x.strides[2]);
  from.add(block, depth);
  from.add(depth, 1);
  return node.whole(from);
}

/// The axis, an attribute or, of an operator named so, the last input.
std::int64_t axis_of(const Subject& node) {
  return node.op.name().ends_with("_at") ? node.in.back().constant->to_int64("the axis") : attribute_of<std::int64_t>(node.op, "axis");
}

/// Inputs side by side along an axis; those of pack have a dim of 1 there.
std::vector<Piece> join(const Subject& node) {
  const bool packs = node.op.name() == "pack";
  const Shape& joined = node.out[0];
  const std::size_t axis = normalise_axis(axis_of(node), joined.rank());
  const std::size_t count = node.op.name().ends_with("_at") ? node.in.size() - 1 : node.in.size();
  std::vector<Piece> pieces;
  std::int64_t first = 0;
  for (std::size_t i = 0; i < count; ++i) {
    Shape part = joined;
    part.set(axis, packs ? 1 : node.shape(i)[axis]);
    pieces.push_back(node.piece(View(part), View(joined).narrow(axis, first, part[axis]), i));
    first += part[axis];
  }
  return pieces;
}

/// The reverse of join.
std::vector<Piece> cut(const Subject& node) {
  const bool unpacks = node.op.name() == "unpack";
  const Shape whole = node.shape();
  const std::size_t axis = normalise_axis(axis_of(node), whole.rank());
  std::vector<Piece> pieces;
  std::int64_t first = 0;
  for (std::size_t i = 0; i < node.out.size(); ++i) {
    Shape part = whole;
    part.set(axis, unpacks ? 1 : node.out[i][axis]);
    pieces.push_back(node.piece(View(whole).narrow(axis, first, part[axis]), View(part), 0, i));
    first += part[axis];
  }
  return pieces;
}

struct Rearrangement {
  std::string_view op;
  std::vector<Piece> (*pieces)(const Subject& node);
};
constexpr std::array<Rearrangement, 16> kRearrangements = {{{"transpose", transpose},
                                                            {"transpose_by", transpose},
                                                            {"concat", join},
                                                            {"concat_at", join},
                                                            {"pack", join},
                                                            {"split", cut},
                                                            {"split_at", cut},
                                                            {"split_sizes", cut},
                                                            {"split_sizes_at", cut},
                                                            {"unpack", cut},
                                                            {"tile", tile},
                                                            {"broadcast_to", broadcast_to},
                                                            {"reverse", reverse},
                                                            {"reverse_by", reverse},
                                                            {"space_to_depth", space_to_depth},
                                                            {"depth_to_space", depth_to_space}}};

/// Whether every input that says where elements go is known.
bool places_known(std::string_view op, std::span<const Fact> in) {
  if (op == "pack" || op == "concat") return true;
  if (op == "concat_at") return in.back().constant.has_value();
  return std::ranges::all_of(in.subspan(1), [](const Fact& fact) { return fact.constant.has_value(); });
}

}  // namespace

std::optional<Prepared> prepare_rearrange(const Node& node, std::span<const Fact> in) {
  for (const Rearrangement& rearrangement : kRearrangements) {
    if (rearrangement.op != node.op.name()) continue;
    if (size_of(in[0].dtype) == 0) return refuse_dtype(in[0].dtype);
    if (!places_known(node.op.name(), in)) return Refusal{"where elements go is not known beforehand"};
    if (std::max(in.size(), node.outputs.size()) > kMostPieces) return Refusal{"there are too many pieces", true};
    const Subject subject{node.op, in, output_shapes(node, in)};
    return std::make_unique<RearrangeKernel>(node.op.name(), subject.element_bytes(), rearrangement.pieces(subject));
  }
  return std::nullopt;
}

}  // namespace temper::cpu
