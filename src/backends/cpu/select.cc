#include "ops/elementwise/select.h"

#include "backends/cpu/broadcast_loop.h"
#include "backends/cpu/families.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/prepare.h"

namespace temper::cpu {
namespace {

using Triple = Run<3>;

// For elements of each size: where every operand moves on, and otherwise.
#define TEMPER_SELECT(name, T)                                                                                            \
  TEMPER_FOR_EACH_ISA void name(const Triple& run) {                                                                      \
    const std::uint8_t* const c = run.operand<std::uint8_t>(0);                                                           \
    const T* const x = run.operand<T>(1);                                                                                 \
    const T* const y = run.operand<T>(2);                                                                                 \
    T* const z = run.result<T>();                                                                                         \
    if (run.steps[0] == 1 && run.steps[1] == 1 && run.steps[2] == 1) {                                                    \
      _Pragma("GCC ivdep") for (std::int64_t i = 0; i < run.count; ++i) {                                                 \
        const T a = x[i];                                                                                                 \
        const T b = y[i];                                                                                                 \
        z[i] = c[i] != 0 ? a : b;                                                                                         \
      }                                                                                                                   \
    } else {                                                                                                              \
      for (std::int64_t i = 0; i < run.count; ++i) {                                                                      \
        z[i] = c[i * run.steps[0]] != 0 ? x[i * run.steps[1]] : y[i * run.steps[2]];                                      \
      }                                                                                                                   \
    }                                                                                                                     \
  }

TEMPER_SELECT(select_1, std::uint8_t)
TEMPER_SELECT(select_2, std::uint16_t)
TEMPER_SELECT(select_4, std::uint32_t)
TEMPER_SELECT(select_8, std::uint64_t)

auto select_of(std::size_t element_bytes) {
  return element_bytes == 1 ? select_1 : element_bytes == 2 ? select_2 : element_bytes == 4 ? select_4 : select_8;
}

class SelectKernel final : public Kernel {
 public:
  SelectKernel(const Shape& condition, const Shape& x, const Shape& y, const Shape& z, std::size_t size)
      : name_(fmt::format("b{}_select", 8 * size)), run_(select_of(size)), whole_{condition == z && size == 1, x == z, y == z},
        loop_(z, size, {condition, x, y}, {1, size, size}) {}

  std::string_view name() const override { return name_; }

  bool in_place(std::size_t input) const override { return whole_[input]; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    constexpr std::int64_t kGrain = 1 << 15;
    loop_.each({in[0].bytes().data(), in[1].bytes().data(), in[2].bytes().data()}, out[0].mutable_bytes().data(), kGrain, run_);
  }

 private:
  std::string name_;
  void (*run_)(const Triple& run);
  std::array<bool, 3> whole_;
  BroadcastLoop<3> loop_;
};

}  // namespace

std::optional<Prepared> prepare_select(const Node& node, std::span<const Fact> in) {
  const auto* select = node.op.as<Select>();
  if (select == nullptr) return std::nullopt;
  const std::size_t size = size_of(in[1].dtype);
  if (size == 0) return refuse_dtype(in[1].dtype);
  const Shape z = output_shapes(node, in)[0];
  Shape condition = shape_of(in[0]);
  if (select->by_row) {
    if (shape_of(in[1]) != z || shape_of(in[2]) != z) return Refusal{"the shapes do not fit"};
    if (condition.rank() == 1) {
      if (z.rank() == 0 || condition[0] != z[0]) return Refusal{"the shapes do not fit"};
      for (std::size_t axis = 1; axis < z.rank(); ++axis) condition.push_back(1);
    }
  }
  return std::make_unique<SelectKernel>(condition, shape_of(in[1]), shape_of(in[2]), z, size);
}

}  // namespace temper::cpu
