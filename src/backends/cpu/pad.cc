#include "ops/arrays/pad.h"

#include "backends/cpu/families.h"
#include "backends/cpu/move.h"
#include "backends/cpu/prepare.h"

namespace temper::cpu {
namespace {

constexpr std::array<std::byte, 8> kZero{};

/// x in the middle and one value around it. Borders of one axis after another are filled, the last first, each over the middle
/// of the axes before it and all of the axes after it.
class PadKernel final : public Kernel {
 public:
  PadKernel(std::size_t element_bytes, Move middle, std::vector<Move> borders)
      : name_(fmt::format("b{}_pad", 8 * element_bytes)), middle_(middle), borders_(std::move(borders)) {}

  std::string_view name() const override { return name_; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    std::byte* const to = out[0].mutable_bytes().data();
    const std::byte* const value = in.size() == 3 ? in[2].bytes().data() : kZero.data();
    middle_.run(in[0].bytes().data(), to);
    for (const Move& border : borders_) border.run(value, to);
  }

 private:
  std::string name_;
  Move middle_;
  std::vector<Move> borders_;
};

/// Where x lies in the padded tensor along the axes before `axes`.
View middle_of(const Shape& x, const Shape& padded, std::span<const std::int64_t> paddings, std::size_t axes) {
  View view(padded);
  for (std::size_t axis = 0; axis < axes; ++axis) view.narrow(axis, paddings[2 * axis], x[axis]);
  return view;
}

std::vector<Move> borders_of(std::size_t element_bytes, const Shape& x, const Shape& padded, std::span<const std::int64_t> paddings) {
  std::vector<Move> borders;
  const auto add = [&](std::size_t axis, std::int64_t first, std::int64_t count) {
    if (count == 0) return;
    const View to = middle_of(x, padded, paddings, axis).narrow(axis, first, count);
    View value = to;
    value.offset = 0;
    value.strides.fill(0);
    borders.emplace_back(element_bytes, value, to);
  };
  for (std::size_t axis = x.rank(); axis-- > 0;) {
    add(axis, 0, paddings[2 * axis]);
    add(axis, paddings[2 * axis] + x[axis], paddings[2 * axis + 1]);
  }
  return borders;
}

}  // namespace

std::optional<Prepared> prepare_pad(const Node& node, std::span<const Fact> in) {
  const auto* pad = node.op.as<Pad>();
  if (pad == nullptr) return std::nullopt;
  const std::size_t size = size_of(in[0].dtype);
  if (size == 0) return refuse_dtype(in[0].dtype);
  if (pad->mode != PadMode::kConstant) return Refusal{"only a constant around is handled", true};
  if (!in[1].constant) return Refusal{"the paddings are not known beforehand"};
  if (in.size() == 3 && !in[2].shape.elements().is(1)) return Refusal{"the value is not one number"};
  const Shape x = shape_of(in[0]);
  const Shape padded = output_shapes(node, in)[0];
  const std::vector<std::int64_t> paddings = in[1].constant->to_int64s();
  return std::make_unique<PadKernel>(size, Move(size, View(x), middle_of(x, padded, paddings, x.rank())), borders_of(size, x, padded, paddings));
}

}  // namespace temper::cpu
