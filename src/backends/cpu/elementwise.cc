#include <array>
#include <bit>
#include <cmath>

#include "backends/cpu/exponential.h"
#include "backends/cpu/families.h"
#include "backends/cpu/isa.h"
#include "base/threads.h"
#include "ops/elementwise/broadcast.h"

namespace temper::cpu {
namespace {

using UnaryRun = void (*)(const float* x, float* y, std::int64_t count);
/// Steps are 0 or 1, not both 0.
using BinaryRun = void (*)(const float* x, std::int64_t x_step, const float* y, std::int64_t y_step, float* z,
                           std::int64_t count);

// Loops over runs of elements, compiled for each instruction set: macros, because function templates cannot be. An output
// may be an input's own memory, at the same place, so what is read is not assumed to stay.
#define TEMPER_UNARY(name, ...)                                                              \
  TEMPER_FOR_EACH_ISA void name##_run(const float* xs, float* ys, std::int64_t count) {      \
    _Pragma("GCC ivdep") for (std::int64_t i = 0; i < count; ++i) {                          \
      const float x = xs[i];                                                                 \
      ys[i] = __VA_ARGS__;                                                                   \
    }                                                                                        \
  }
#define TEMPER_BINARY_LOOP(x_index, y_index, ...)                   \
  _Pragma("GCC ivdep") for (std::int64_t i = 0; i < count; ++i) {   \
    const float x = xs[x_index];                                    \
    const float y = ys[y_index];                                    \
    zs[i] = __VA_ARGS__;                                            \
  }
#define TEMPER_BINARY(name, ...)                                                                              \
  TEMPER_FOR_EACH_ISA void name##_run(const float* xs, std::int64_t x_step, const float* ys, std::int64_t y_step, \
                                      float* zs, std::int64_t count) {                                        \
    if (x_step == 1 && y_step == 1) TEMPER_BINARY_LOOP(i, i, __VA_ARGS__)                                     \
    else if (x_step == 1) TEMPER_BINARY_LOOP(i, 0, __VA_ARGS__)                                               \
    else TEMPER_BINARY_LOOP(0, i, __VA_ARGS__)                                                                \
  }

TEMPER_UNARY(relu, x < 0.0F ? 0.0F : x)
TEMPER_UNARY(relu6, x < 0.0F ? 0.0F : x > 6.0F ? 6.0F : x)
TEMPER_UNARY(neg, -x)
TEMPER_UNARY(abs, std::abs(x))
TEMPER_UNARY(square, x * x)
TEMPER_UNARY(exp, exponential(x))
TEMPER_UNARY(sigmoid, 1.0F / (1.0F + exponential(-x)))
TEMPER_BINARY(add, x + y)
TEMPER_BINARY(sub, x - y)
TEMPER_BINARY(mul, x * y)
TEMPER_BINARY(div, x / y)
TEMPER_BINARY(maximum, x < y || y != y ? y : x)
TEMPER_BINARY(minimum, y < x || y != y ? y : x)

template <class Run>
struct Named {
  std::string_view op;
  Run run;
};
constexpr std::array<Named<UnaryRun>, 7> kUnary = {{{"relu", relu_run}, {"relu6", relu6_run}, {"neg", neg_run},
                                                    {"abs", abs_run}, {"square", square_run}, {"exp", exp_run},
                                                    {"sigmoid", sigmoid_run}}};
constexpr std::array<Named<BinaryRun>, 6> kBinary = {{{"add", add_run}, {"sub", sub_run}, {"mul", mul_run},
                                                      {"div", div_run}, {"maximum", maximum_run}, {"minimum", minimum_run}}};

/// Elements from which a second thread pays.
constexpr std::int64_t kGrain = 1 << 15;

class UnaryKernel final : public Kernel {
 public:
  explicit UnaryKernel(const Named<UnaryRun>& unary) : run_(unary.run), name_(fmt::format("f32_{}", unary.op)) {}
  std::string_view name() const override { return name_; }

  bool in_place(std::size_t) const override { return true; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    const float* const x = in[0].data<float>().data();
    float* const y = out[0].mutable_data<float>().data();
    parallel_for(out[0].elements(), kGrain, [&](std::int64_t begin, std::int64_t end) { run_(x + begin, y + begin, end - begin); });
  }

 private:
  UnaryRun run_;
  std::string name_;
};

class BinaryKernel final : public Kernel {
 public:
  BinaryKernel(const Named<BinaryRun>& binary, const Shape& x, const Shape& y, const Shape& z, const BroadcastRuns<2>& runs)
      : run_(binary.run), name_(fmt::format("f32_{}", binary.op)), elements_(z.elements()), whole_{x == z, y == z}, runs_(runs) {}
  std::string_view name() const override { return name_; }

  bool in_place(std::size_t input) const override { return whole_[input]; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    const float* const x = in[0].data<float>().data();
    const float* const y = in[1].data<float>().data();
    float* const z = out[0].mutable_data<float>().data();
    const auto [x_step, y_step] = runs_.steps();
    if (runs_.length() == elements_) {
      parallel_for(runs_.length(), kGrain, [&, x_step = x_step, y_step = y_step](std::int64_t begin, std::int64_t end) {
        run_(x + begin * x_step, x_step, y + begin * y_step, y_step, z + begin, end - begin);
      });
    } else {
      runs_.for_each([&, x_step = x_step, y_step = y_step](std::int64_t to, const auto& from) {
        run_(x + from[0], x_step, y + from[1], y_step, z + to, runs_.length());
      });
    }
  }

 private:
  BinaryRun run_;
  std::string name_;
  std::int64_t elements_;
  std::array<bool, 2> whole_;
  BroadcastRuns<2> runs_;
};

Prepared prepare_unary(const Named<UnaryRun>& unary, std::span<const Fact> in) {
  if (in[0].dtype != DType::kFloat32) return Refusal{fmt::format("{} is not handled", in[0].dtype), true};
  return std::make_unique<UnaryKernel>(unary);
}

Prepared prepare_binary(const Named<BinaryRun>& binary, std::span<const Fact> in) {
  if (in[0].dtype != DType::kFloat32 || in[1].dtype != DType::kFloat32) {
    return Refusal{fmt::format("{} is not handled", in[0].dtype), true};
  }
  const Shape x = *in[0].shape.known();
  const Shape y = *in[1].shape.known();
  const Shape shape = broadcast(x, y);
  const BroadcastRuns<2> runs(shape, {x, y});
  if (runs.length() < 8) return Refusal{"runs of equal steps are too short"};
  if (runs.steps() == BroadcastRuns<2>::Offsets{0, 0}) return Refusal{"there is nothing to compute"};
  return std::make_unique<BinaryKernel>(binary, x, y, shape, runs);
}

}  // namespace

std::optional<Prepared> prepare_elementwise(const Node& node, std::span<const Fact> in) {
  for (const auto& unary : kUnary) {
    if (unary.op == node.op.name()) return prepare_unary(unary, in);
  }
  for (const auto& binary : kBinary) {
    if (binary.op == node.op.name()) return prepare_binary(binary, in);
  }
  return std::nullopt;
}

}  // namespace temper::cpu
