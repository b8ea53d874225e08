#include <cstring>

#include "backends/cpu/families.h"
#include "backends/cpu/move.h"
#include "backends/cpu/prepare.h"

namespace temper::cpu {
namespace {

/// space_to_batch and batch_to_space: one copy for each place of a block, over zeros where space is padded.
class SpaceBatchKernel final : public Kernel {
 public:
  SpaceBatchKernel(std::string_view op, std::size_t element_bytes, std::vector<Move> moves, bool clears)
      : name_(fmt::format("b{}_{}", 8 * element_bytes, op)), moves_(std::move(moves)), clears_(clears) {}

  std::string_view name() const override { return name_; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    std::byte* const to = out[0].mutable_bytes().data();
    if (clears_ && out[0].size_bytes() > 0) std::memset(to, 0, out[0].size_bytes());
    for (const Move& move : moves_) move.run(in[0].bytes().data(), to);
  }

 private:
  std::string name_;
  std::vector<Move> moves_;
  bool clears_;
};

/// A tensor of blocks (batch * places, positions..., rest) and one of space (batch, dims..., rest), of which `sides` were added before and
/// after, or are left out.
struct Blocks {
  Shape blocks, space;
  std::span<const std::int64_t> size, sides;

  std::int64_t places() const {
    std::int64_t count = 1;
    for (const std::int64_t s : size) count *= s;
    return count;
  }

  /// What place `place` of every block is in both.
  std::pair<View, View> at(std::int64_t place) const {
    View in_blocks = View(blocks).narrow(0, place * space[0], space[0]);
    View in_space(space);
    for (std::size_t i = size.size(); i-- > 0; place /= size[i]) {
      const std::int64_t shift = sides[2 * i] - place % size[i];  // position k is element k * size - shift
      const std::int64_t first = shift > 0 ? (shift + size[i] - 1) / size[i] : 0;
      const std::int64_t room = space[i + 1] + shift;
      const std::int64_t last = std::min(room > 0 ? (room + size[i] - 1) / size[i] : 0, blocks[i + 1]);
      const std::int64_t count = std::max<std::int64_t>(last - first, 0);
      in_blocks.narrow(i + 1, first, count);
      in_space.narrow(i + 1, first * size[i] - shift, count);
      if (count > 1) in_space.strides[i + 1] *= size[i];
    }
    return {in_blocks, in_space};
  }
};

}  // namespace

std::optional<Prepared> prepare_space_batch(const Node& node, std::span<const Fact> in) {
  const bool to_batch = node.op.name() == "space_to_batch";
  if (!to_batch && node.op.name() != "batch_to_space") return std::nullopt;
  const std::size_t element_bytes = size_of(in[0].dtype);
  if (element_bytes == 0) return refuse_dtype(in[0].dtype);
  if (!in[1].constant || !in[2].constant) return Refusal{"the blocks are not known beforehand"};
  const Shape x = shape_of(in[0]);
  const Shape y = output_shapes(node, in)[0];
  const auto size = in[1].constant->to_int64s();
  const auto sides = in[2].constant->to_int64s();
  const Blocks blocks{to_batch ? y : x, to_batch ? x : y, size, sides};
  constexpr std::int64_t kMostPlaces = 4096;
  if (x.elements() == 0 || y.elements() == 0) return Refusal{"there is nothing to compute"};
  if (blocks.places() > kMostPlaces) return Refusal{"there are too many places in a block"};
  std::vector<Move> moves;
  for (std::int64_t place = 0; place < blocks.places(); ++place) {
    const auto [in_blocks, in_space] = blocks.at(place);
    moves.emplace_back(element_bytes, to_batch ? in_space : in_blocks, to_batch ? in_blocks : in_space);
  }
  const bool padded = std::ranges::count(sides, 0) != static_cast<std::ptrdiff_t>(sides.size());
  return std::make_unique<SpaceBatchKernel>(node.op.name(), element_bytes, std::move(moves), to_batch && padded);
}

}  // namespace temper::cpu
