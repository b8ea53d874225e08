#include <cmath>

#include "backends/cpu/broadcast_loop.h"
#include "backends/cpu/families.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/prepare.h"

namespace temper::cpu {
namespace {

using Pair = Run<2>;
using BinaryRun = void (*)(const Pair& run);

// A loop over two operands of type X that gives Z, compiled for each instruction set: macros, because function templates
// cannot be. The output may be an input's own memory, at the same place. An operand stays where it is or moves on.
#define TEMPER_BINARY_LOOP(X, Z, x_index, y_index, ...)                   \
  _Pragma("GCC ivdep") for (std::int64_t i = 0; i < count; ++i) {         \
    const X x = xs[x_index];                                              \
    const X y = ys[y_index];                                              \
    zs[i] = static_cast<Z>(__VA_ARGS__);                                  \
  }
#define TEMPER_BINARY(name, X, Z, ...)                                                    \
  TEMPER_FOR_EACH_ISA void name##_run(const Pair& run) {                                  \
    const X* const xs = run.operand<X>(0);                                                \
    const X* const ys = run.operand<X>(1);                                                \
    Z* const zs = run.result<Z>();                                                        \
    const std::int64_t count = run.count;                                                 \
    if (run.steps[0] == 1 && run.steps[1] == 1) TEMPER_BINARY_LOOP(X, Z, i, i, __VA_ARGS__) \
    else if (run.steps[0] == 1) TEMPER_BINARY_LOOP(X, Z, i, 0, __VA_ARGS__)               \
    else TEMPER_BINARY_LOOP(X, Z, 0, i, __VA_ARGS__)                                      \
  }
// Functions that few networks spend time in: not for vectors.
#define TEMPER_SCALAR_BINARY(name, X, Z, ...)                             \
  void name##_run(const Pair& run) {                                      \
    for (std::int64_t i = 0; i < run.count; ++i) {                        \
      const X x = run.operand<X>(0)[i * run.steps[0]];                    \
      const X y = run.operand<X>(1)[i * run.steps[1]];                    \
      run.result<Z>()[i] = static_cast<Z>(__VA_ARGS__);                   \
    }                                                                     \
  }
#define TEMPER_COMPARISONS(prefix, X)                      \
  TEMPER_BINARY(prefix##_equal, X, std::uint8_t, x == y)         \
  TEMPER_BINARY(prefix##_not_equal, X, std::uint8_t, x != y)     \
  TEMPER_BINARY(prefix##_less, X, std::uint8_t, x < y)           \
  TEMPER_BINARY(prefix##_less_equal, X, std::uint8_t, x <= y)    \
  TEMPER_BINARY(prefix##_greater, X, std::uint8_t, x > y)        \
  TEMPER_BINARY(prefix##_greater_equal, X, std::uint8_t, x >= y)
// Unsigned arithmetic wraps around as the definitions do.
#define TEMPER_INTEGERS(prefix, X, U)                                                     \
  TEMPER_BINARY(prefix##_add, U, U, x + y)                                                \
  TEMPER_BINARY(prefix##_sub, U, U, x - y)                                                \
  TEMPER_BINARY(prefix##_mul, U, U, x* y)                                                 \
  TEMPER_BINARY(prefix##_squared_difference, U, U, (x - y) * (x - y))                     \
  TEMPER_BINARY(prefix##_maximum, X, X, x < y ? y : x)                                    \
  TEMPER_BINARY(prefix##_minimum, X, X, y < x ? y : x)                                    \
  TEMPER_SCALAR_BINARY(prefix##_div, X, X, quotient(x, y))                                \
  TEMPER_SCALAR_BINARY(prefix##_floor_div, X, X, floored_quotient(x, y))                  \
  TEMPER_SCALAR_BINARY(prefix##_floor_mod, X, U, static_cast<U>(x) - static_cast<U>(floored_quotient(x, y)) * static_cast<U>(y))

/// Of integers, y not being 0; the lowest over -1 wraps around to itself.
template <class T>
T quotient(T x, T y) {
  if (y == -1) return static_cast<T>(std::make_unsigned_t<T>(0) - static_cast<std::make_unsigned_t<T>>(x));
  return static_cast<T>(x / y);
}
template <class T>
T floored_quotient(T x, T y) {
  const T cut = quotient(x, y);
  const bool inexact = y != -1 && x % y != 0;
  return inexact && (x < 0) != (y < 0) ? cut - 1 : cut;
}

float floored_remainder(float x, float y) {
  const float left = std::fmod(x, y);
  return left != 0.0F && (left < 0.0F) != (y < 0.0F) ? left + y : left;
}

TEMPER_BINARY(add, float, float, x + y)
TEMPER_BINARY(sub, float, float, x - y)
TEMPER_BINARY(mul, float, float, x* y)
TEMPER_BINARY(div, float, float, x / y)
TEMPER_BINARY(maximum, float, float, x < y || y != y ? y : x)
TEMPER_BINARY(minimum, float, float, y < x || y != y ? y : x)
TEMPER_BINARY(squared_difference, float, float, (x - y) * (x - y))
TEMPER_BINARY(mul_no_nan, float, float, y == 0.0F ? 0.0F : x * y)
TEMPER_BINARY(div_no_nan, float, float, y == 0.0F ? 0.0F : x / y)
TEMPER_BINARY(floor_div, float, float, std::floor(x / y))
TEMPER_SCALAR_BINARY(floor_mod, float, float, floored_remainder(x, y))
TEMPER_SCALAR_BINARY(pow, float, float, std::pow(x, y))
TEMPER_SCALAR_BINARY(atan2, float, float, std::atan2(x, y))
TEMPER_COMPARISONS(f32, float)
TEMPER_COMPARISONS(i32, std::int32_t)
TEMPER_COMPARISONS(i64, std::int64_t)
TEMPER_INTEGERS(i32, std::int32_t, std::uint32_t)
TEMPER_INTEGERS(i64, std::int64_t, std::uint64_t)
TEMPER_BINARY(logical_and, std::uint8_t, std::uint8_t, x& y)
TEMPER_BINARY(logical_or, std::uint8_t, std::uint8_t, x | y)
TEMPER_BINARY(bool_equal, std::uint8_t, std::uint8_t, x == y)
TEMPER_BINARY(bool_not_equal, std::uint8_t, std::uint8_t, x != y)

struct Binary {
  std::string_view op;
  DType dtype;
  BinaryRun run;
  bool divides = false;  ///< integers: the second operand must not be 0
};
constexpr DType kF32 = DType::kFloat32;
constexpr DType kI32 = DType::kInt32;
constexpr DType kI64 = DType::kInt64;
#define TEMPER_COMPARISON_ROWS(prefix, dtype)                                                                               \
  {"equal", dtype, prefix##_equal_run}, {"not_equal", dtype, prefix##_not_equal_run}, {"less", dtype, prefix##_less_run},   \
  {"less_equal", dtype, prefix##_less_equal_run}, {"greater", dtype, prefix##_greater_run},                                 \
  {"greater_equal", dtype, prefix##_greater_equal_run}
#define TEMPER_INTEGER_ROWS(prefix, dtype)                                                                                  \
  {"add", dtype, prefix##_add_run}, {"sub", dtype, prefix##_sub_run}, {"mul", dtype, prefix##_mul_run},                     \
  {"maximum", dtype, prefix##_maximum_run}, {"minimum", dtype, prefix##_minimum_run},                                       \
  {"squared_difference", dtype, prefix##_squared_difference_run}, {"div", dtype, prefix##_div_run, true},                   \
  {"floor_div", dtype, prefix##_floor_div_run, true}, {"floor_mod", dtype, prefix##_floor_mod_run, true}
constexpr Binary kBinary[] = {
    {"add", kF32, add_run},
    {"sub", kF32, sub_run},
    {"mul", kF32, mul_run},
    {"div", kF32, div_run},
    {"maximum", kF32, maximum_run},
    {"minimum", kF32, minimum_run},
    {"squared_difference", kF32, squared_difference_run},
    {"mul_no_nan", kF32, mul_no_nan_run},
    {"div_no_nan", kF32, div_no_nan_run},
    {"floor_div", kF32, floor_div_run},
    {"floor_mod", kF32, floor_mod_run},
    {"pow", kF32, pow_run},
    {"atan2", kF32, atan2_run},
    {"logical_and", DType::kBool, logical_and_run},
    {"logical_or", DType::kBool, logical_or_run},
    {"equal", DType::kBool, bool_equal_run},
    {"not_equal", DType::kBool, bool_not_equal_run},
    TEMPER_COMPARISON_ROWS(f32, kF32),
    TEMPER_COMPARISON_ROWS(i32, kI32),
    TEMPER_COMPARISON_ROWS(i64, kI64),
    TEMPER_INTEGER_ROWS(i32, kI32),
    TEMPER_INTEGER_ROWS(i64, kI64),
};

/// Elements from which a second thread pays.
constexpr std::int64_t kGrain = 1 << 15;

class BinaryKernel final : public Kernel {
 public:
  BinaryKernel(const Binary& binary, const Shape& x, const Shape& y, const Fact& z)
      : binary_(binary),
        name_(fmt::format("{}_{}", binary.dtype == kF32 ? "f32" : dtype_name(binary.dtype), binary.op)),
        whole_{x == shape_of(z), y == shape_of(z)},
        loop_(shape_of(z), size_of(z.dtype), {x, y}, {size_of(binary.dtype), size_of(binary.dtype)}) {}

  std::string_view name() const override { return name_; }

  bool in_place(std::size_t input) const override { return whole_[input]; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    if (binary_.divides && out[0].elements() > 0) check_divisor(in[1]);
    loop_.each({in[0].bytes().data(), in[1].bytes().data()}, out[0].mutable_bytes().data(), kGrain, binary_.run);
  }

 private:
  static void check_divisor(const Tensor& y) {
    const bool some = y.dtype() == kI32 ? std::ranges::count(y.data<std::int32_t>(), 0) > 0 : std::ranges::count(y.data<std::int64_t>(), 0) > 0;
    require(!some, "integer division by zero");
  }

  Binary binary_;
  std::string name_;
  std::array<bool, 2> whole_;
  BroadcastLoop<2> loop_;
};

/// The sum of tensors of one shape, added from the first to the last.
class AddNKernel final : public Kernel {
 public:
  explicit AddNKernel(const Binary& add) : add_(add), name_(fmt::format("{}_add_n", add.dtype == kF32 ? "f32" : dtype_name(add.dtype))) {}

  std::string_view name() const override { return name_; }

  bool in_place(std::size_t input) const override { return input < 2; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    const auto size = static_cast<std::int64_t>(size_of(add_.dtype));
    std::byte* const sum = out[0].mutable_bytes().data();
    parallel_for(out[0].elements(), kGrain, [&](std::int64_t begin, std::int64_t end) {
      constexpr std::int64_t kBlock = 1 << 11;  // stays in the cache while all are added
      for (std::int64_t at = begin; at < end; at += kBlock) {
        const std::int64_t count = std::min(kBlock, end - at);
        const std::byte* so_far = in[0].bytes().data() + at * size;
        for (const Tensor& x : in.subspan(1)) {
          add_.run({{so_far, x.bytes().data() + at * size}, {1, 1}, sum + at * size, count});
          so_far = sum + at * size;
        }
      }
    });
  }

 private:
  Binary add_;
  std::string name_;
};

const Binary* find_binary(std::string_view op, DType dtype) {
  const auto* const found = std::ranges::find_if(kBinary, [&](const Binary& binary) { return binary.op == op && binary.dtype == dtype; });
  return found == std::end(kBinary) ? nullptr : found;
}

}  // namespace

std::optional<Prepared> prepare_binary(const Node& node, std::span<const Fact> in) {
  const std::string_view op = node.op.name();
  if (op == "add_n") {
    const Binary* const add = find_binary("add", in[0].dtype);
    if (add == nullptr) return refuse_dtype(in[0].dtype);
    if (in.size() < 2) return Refusal{"there is nothing to add", true};
    return std::make_unique<AddNKernel>(*add);
  }
  if (std::ranges::none_of(kBinary, [&](const Binary& binary) { return binary.op == op; })) return std::nullopt;
  const Binary* const binary = find_binary(op, in[0].dtype);
  if (binary == nullptr) return refuse_dtype(in[0].dtype);
  const Shape x = shape_of(in[0]);
  const Shape y = shape_of(in[1]);
  const Fact z = node.op.infer(in, node.regions)[0];
  // equal and not_equal may be told to answer for shapes that do not fit.
  if (z.shape.rank() < std::max(x.rank(), y.rank())) return Refusal{"the shapes do not fit"};
  return std::make_unique<BinaryKernel>(*binary, x, y, z);
}

}  // namespace temper::cpu
