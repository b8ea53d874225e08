#include "ops/arrays/strided_slice.h"

#include "backends/cpu/families.h"
#include "backends/cpu/move.h"
#include "backends/cpu/prepare.h"

namespace temper::cpu {
namespace {

/// What a slice takes may be known only when it runs, though how much is known before.
class SliceKernel final : public Kernel {
 public:
  SliceKernel(std::size_t element_bytes, std::optional<StridedSlice> strided) : name_(fmt::format("b{}_slice", 8 * element_bytes)), strided_(strided) {}

  std::string_view name() const override { return name_; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    const auto [view, shape] = strided_ ? sliced(*strided_, in) : sliced(in);
    if (shape != out[0].shape()) throw ModelError(fmt::format("the slice is {}, but {} was planned", shape, out[0]));
    View target = view;
    target.set_row_major();
    Move(size_of(in[0].dtype()), view, target).run(in[0].bytes().data(), out[0].mutable_bytes().data());
  }

 private:
  std::string name_;
  std::optional<StridedSlice> strided_;
};

}  // namespace

std::optional<Prepared> prepare_slice(const Node& node, std::span<const Fact> in) {
  const auto* strided = node.op.as<StridedSlice>();
  if (strided == nullptr && node.op.name() != "slice") return std::nullopt;
  if (size_of(in[0].dtype) == 0) return refuse_dtype(in[0].dtype);
  return std::make_unique<SliceKernel>(size_of(in[0].dtype), strided == nullptr ? std::nullopt : std::optional(*strided));
}

}  // namespace temper::cpu
