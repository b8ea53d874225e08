#include "backends/cpu/families.h"
#include "backends/cpu/prepare.h"
#include "base/threads.h"

namespace temper::cpu {
namespace {

struct Lines {
  std::int64_t outer = 1, count = 1, inner = 1;
};

/// cumsum and cumprod; floats are accumulated in double.
class ScanKernel final : public Kernel {
 public:
  ScanKernel(bool multiplies, bool exclusive, bool reverse, DType dtype, const Lines& lines)
      : name_(fmt::format("{}_{}", dtype == DType::kFloat32 ? "f32" : dtype_name(dtype), multiplies ? "cumprod" : "cumsum")),
        multiplies_(multiplies), exclusive_(exclusive), reverse_(reverse), lines_(lines) {}

  std::string_view name() const override { return name_; }

  bool in_place(std::size_t input) const override { return input == 0; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    if (out[0].elements() == 0) return;
    switch (in[0].dtype()) {
      case DType::kFloat32: return scan<float, double>(in[0], out[0]);
      case DType::kInt32: return scan<std::int32_t, std::uint64_t>(in[0], out[0]);
      default: return scan<std::int64_t, std::uint64_t>(in[0], out[0]);
    }
  }

 private:
  template <class T, class State>
  void scan(const Tensor& x, Tensor& y) const {
    if (multiplies_) scan_by<T, State>(x, y, State(1), [](State s, T v) { return s * static_cast<State>(v); });
    else scan_by<T, State>(x, y, State(0), [](State s, T v) { return s + static_cast<State>(v); });
  }

  template <class T, class State, class Step>
  void scan_by(const Tensor& x, Tensor& y, State first, Step&& step) const {
    constexpr std::int64_t kBlock = 64;  // neighbouring lines at a time
    const T* const from = x.data<T>().data();
    T* const to = y.mutable_data<T>().data();
    const std::int64_t blocks = (lines_.inner + kBlock - 1) / kBlock;
    const std::int64_t grain = (1 << 14) / (lines_.count * std::min(lines_.inner, kBlock)) + 1;
    parallel_for(lines_.outer * blocks, grain, [&](std::int64_t begin, std::int64_t end) {
      std::array<State, kBlock> states;
      for (std::int64_t block = begin; block < end; ++block) {
        const std::int64_t offset = block % blocks * kBlock;
        const auto width = static_cast<std::size_t>(std::min(kBlock, lines_.inner - offset));
        states.fill(first);
        for (std::int64_t i = 0; i < lines_.count; ++i) {
          const std::int64_t place = reverse_ ? lines_.count - 1 - i : i;
          const std::int64_t at = (block / blocks * lines_.count + place) * lines_.inner + offset;
          for (std::size_t k = 0; k < width; ++k) {
            const State before = states[k];
            states[k] = step(before, from[at + static_cast<std::int64_t>(k)]);
            to[at + static_cast<std::int64_t>(k)] = static_cast<T>(exclusive_ ? before : states[k]);
          }
        }
      }
    });
  }

  std::string name_;
  bool multiplies_, exclusive_, reverse_;
  Lines lines_;
};

}  // namespace

std::optional<Prepared> prepare_scan(const Node& node, std::span<const Fact> in) {
  const bool multiplies = node.op.name() == "cumprod";
  if (!multiplies && node.op.name() != "cumsum") return std::nullopt;
  const DType dtype = in[0].dtype;
  if (dtype != DType::kFloat32 && dtype != DType::kInt32 && dtype != DType::kInt64) return refuse_dtype(dtype);
  if (in.size() == 2 && !in[1].constant) return Refusal{"the axis is not known beforehand"};
  const Shape x = shape_of(in[0]);
  const std::size_t axis = normalise_axis(in.size() == 2 ? in[1].constant->to_int64("the axis") : attribute_of<std::int64_t>(node.op, "axis"), x.rank());
  return std::make_unique<ScanKernel>(multiplies, attribute_of<bool>(node.op, "exclusive"), attribute_of<bool>(node.op, "reverse"), dtype,
                                      Lines{x.elements(0, axis), x[axis], x.elements(axis + 1, x.rank())});
}

}  // namespace temper::cpu
