#include "backends/cpu/families.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/prepare.h"
#include "backends/cpu/vector_math.h"
#include "base/threads.h"

namespace temper::cpu {
namespace {

/// Numbers that a function depends on beside x.
struct Parameters {
  float alpha = 0, scale = 0;
};
using UnaryRun = void (*)(const void* x, void* y, std::int64_t count, const Parameters& parameters);

// A loop over X that gives Y, compiled for each instruction set: macros, because function templates cannot be. The output
// may be the input's own memory, at the same place.
#define TEMPER_UNARY(name, X, Y, ...)                                                                                                       \
  TEMPER_FOR_EACH_ISA void name##_run(const void* from, void* to, std::int64_t count, [[maybe_unused]] const Parameters& parameters) {      \
    const X* const xs = static_cast<const X*>(from);                                                                                        \
    Y* const ys = static_cast<Y*>(to);                                                                                                      \
    [[maybe_unused]] const float alpha = parameters.alpha;                                                                                  \
    [[maybe_unused]] const float scale = parameters.scale;                                                                                  \
    _Pragma("GCC ivdep") for (std::int64_t i = 0; i < count; ++i) {                                                                         \
      const X x = xs[i];                                                                                                                    \
      ys[i] = static_cast<Y>(__VA_ARGS__);                                                                                                  \
    }                                                                                                                                       \
  }
// Functions that few networks spend time in: not for vectors.
#define TEMPER_SCALAR(name, ...)                                                                             \
  void name##_run(const void* from, void* to, std::int64_t count, const Parameters&) {                       \
    const float* const xs = static_cast<const float*>(from);                                                 \
    float* const ys = static_cast<float*>(to);                                                               \
    for (std::int64_t i = 0; i < count; ++i) {                                                               \
      const float x = xs[i];                                                                                 \
      ys[i] = __VA_ARGS__;                                                                                   \
    }                                                                                                        \
  }

TEMPER_INLINE float clipped(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

TEMPER_UNARY(relu, float, float, x < 0.0F ? 0.0F : x)
TEMPER_UNARY(relu6, float, float, clipped(x, 0.0F, 6.0F))
TEMPER_UNARY(neg, float, float, -x)
TEMPER_UNARY(abs, float, float, std::abs(x))
TEMPER_UNARY(square, float, float, x* x)
TEMPER_UNARY(sqrt, float, float, std::sqrt(x))
TEMPER_UNARY(rsqrt, float, float, 1.0F / std::sqrt(x))
TEMPER_UNARY(reciprocal, float, float, 1.0F / x)
TEMPER_UNARY(sign, float, float, x > 0.0F ? 1.0F : x < 0.0F ? -1.0F : x)
TEMPER_UNARY(floor, float, float, std::floor(x))
TEMPER_UNARY(ceil, float, float, std::ceil(x))
TEMPER_UNARY(round, float, float, std::nearbyint(x))
TEMPER_UNARY(exp, float, float, exponential(x))
TEMPER_UNARY(expm1, float, float, exponential_less_one(x))
TEMPER_UNARY(log, float, float, logarithm(x))
TEMPER_UNARY(log1p, float, float, logarithm_of_one_more(x))
TEMPER_UNARY(tanh, float, float, hyperbolic_tangent(x))
TEMPER_UNARY(erf, float, float, error_function(x))
TEMPER_UNARY(sigmoid, float, float, logistic(x))
TEMPER_UNARY(silu, float, float, x* logistic(x))
TEMPER_UNARY(softplus, float, float, (x > 0.0F ? x : 0.0F) + logarithm_of_one_more(exponential(-std::abs(x))))
TEMPER_UNARY(mish, float, float, x* hyperbolic_tangent((x > 0.0F ? x : 0.0F) + logarithm_of_one_more(exponential(-std::abs(x)))))
TEMPER_UNARY(softsign, float, float, x / (1.0F + std::abs(x)))
TEMPER_UNARY(hard_swish, float, float, x*(clipped(x + 3.0F, 0.0F, 6.0F) / 6.0F))
TEMPER_UNARY(hard_sigmoid, float, float, clipped(x + 3.0F, 0.0F, 6.0F) / 6.0F)
TEMPER_UNARY(leaky_relu, float, float, x > 0.0F ? x : alpha * x)
TEMPER_UNARY(elu, float, float, x > 0.0F ? x : alpha * exponential_less_one(x))
TEMPER_UNARY(selu, float, float, x > 0.0F ? scale * x : alpha * exponential_less_one(x))
TEMPER_UNARY(gelu, float, float, 0.5F * x * (1.0F + error_function(x * 0.70710678118654752440F)))
TEMPER_UNARY(gelu_tanh, float, float, 0.5F * x * (1.0F + hyperbolic_tangent(0.79788456080286535588F * (x + 0.044715F * x * x * x))))
TEMPER_UNARY(is_nan, float, std::uint8_t, x != x)
TEMPER_UNARY(is_inf, float, std::uint8_t, std::abs(x) > std::numeric_limits<float>::max())
TEMPER_UNARY(is_finite, float, std::uint8_t, std::abs(x) <= std::numeric_limits<float>::max())
TEMPER_UNARY(logical_not, std::uint8_t, std::uint8_t, x ^ 1)
TEMPER_UNARY(i32_neg, std::uint32_t, std::uint32_t, 0U - x)
TEMPER_UNARY(i32_abs, std::int32_t, std::int32_t, x < 0 ? 0U - static_cast<std::uint32_t>(x) : static_cast<std::uint32_t>(x))
TEMPER_UNARY(i32_square, std::uint32_t, std::uint32_t, x* x)
TEMPER_UNARY(i32_relu, std::int32_t, std::int32_t, x < 0 ? 0 : x)
TEMPER_UNARY(i32_sign, std::int32_t, std::int32_t, (x > 0) - (x < 0))
TEMPER_UNARY(i64_neg, std::uint64_t, std::uint64_t, std::uint64_t{0} - x)
TEMPER_UNARY(i64_square, std::uint64_t, std::uint64_t, x* x)
TEMPER_SCALAR(sin, std::sin(x))
TEMPER_SCALAR(cos, std::cos(x))
TEMPER_SCALAR(tan, std::tan(x))
TEMPER_SCALAR(asin, std::asin(x))
TEMPER_SCALAR(acos, std::acos(x))
TEMPER_SCALAR(atan, std::atan(x))
TEMPER_SCALAR(sinh, std::sinh(x))
TEMPER_SCALAR(cosh, std::cosh(x))
TEMPER_SCALAR(asinh, std::asinh(x))
TEMPER_SCALAR(acosh, std::acosh(x))
TEMPER_SCALAR(atanh, std::atanh(x))
TEMPER_SCALAR(erfc, std::erfc(x))

struct Unary {
  std::string_view op;
  DType dtype;
  UnaryRun run;
};
constexpr DType kF32 = DType::kFloat32;
constexpr DType kI32 = DType::kInt32;
constexpr DType kI64 = DType::kInt64;
constexpr Unary kUnary[] = {
    {"relu", kF32, relu_run},           {"relu6", kF32, relu6_run},       {"neg", kF32, neg_run},
    {"abs", kF32, abs_run},             {"square", kF32, square_run},     {"sqrt", kF32, sqrt_run},
    {"rsqrt", kF32, rsqrt_run},         {"sign", kF32, sign_run},         {"reciprocal", kF32, reciprocal_run},
    {"floor", kF32, floor_run},         {"ceil", kF32, ceil_run},         {"round", kF32, round_run},
    {"exp", kF32, exp_run},             {"expm1", kF32, expm1_run},       {"log", kF32, log_run},
    {"log1p", kF32, log1p_run},         {"tanh", kF32, tanh_run},         {"erf", kF32, erf_run},
    {"sigmoid", kF32, sigmoid_run},     {"silu", kF32, silu_run},         {"softplus", kF32, softplus_run},
    {"softsign", kF32, softsign_run},   {"selu", kF32, selu_run},         {"hard_swish", kF32, hard_swish_run},
    {"leaky_relu", kF32, leaky_relu_run}, {"elu", kF32, elu_run},         {"hard_sigmoid", kF32, hard_sigmoid_run},
    {"gelu", kF32, gelu_run},           {"gelu_tanh", kF32, gelu_tanh_run}, {"logical_not", DType::kBool, logical_not_run},
    {"is_nan", kF32, is_nan_run},       {"is_inf", kF32, is_inf_run},     {"is_finite", kF32, is_finite_run},
    {"neg", kI32, i32_neg_run},         {"abs", kI32, i32_abs_run},       {"square", kI32, i32_square_run},
    {"relu", kI32, i32_relu_run},       {"sign", kI32, i32_sign_run},     {"neg", kI64, i64_neg_run},
    {"square", kI64, i64_square_run},   {"sin", kF32, sin_run},           {"cos", kF32, cos_run},
    {"tan", kF32, tan_run},             {"asin", kF32, asin_run},         {"acos", kF32, acos_run},
    {"atan", kF32, atan_run},           {"sinh", kF32, sinh_run},         {"cosh", kF32, cosh_run},
    {"asinh", kF32, asinh_run},         {"acosh", kF32, acosh_run},       {"atanh", kF32, atanh_run},
    {"erfc", kF32, erfc_run},           {"mish", kF32, mish_run},
};

/// Elements from which a second thread pays.
constexpr std::int64_t kGrain = 1 << 15;

class UnaryKernel final : public Kernel {
 public:
  UnaryKernel(const Unary& unary, const Parameters& parameters)
      : run_(unary.run), parameters_(parameters), gives_bool_(unary.op.starts_with("is_")), size_(size_of(unary.dtype)), name_(fmt::format("{}_{}", unary.dtype == kF32 ? "f32" : dtype_name(unary.dtype), unary.op)) {}

  std::string_view name() const override { return name_; }

  bool in_place(std::size_t) const override { return !gives_bool_ || size_ == 1; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    const auto x_size = static_cast<std::int64_t>(size_of(in[0].dtype()));
    const auto y_size = static_cast<std::int64_t>(size_of(out[0].dtype()));
    const std::byte* const x = in[0].bytes().data();
    std::byte* const y = out[0].mutable_bytes().data();
    parallel_for(out[0].elements(), kGrain, [&](std::int64_t begin, std::int64_t end) {
      run_(x + begin * x_size, y + begin * y_size, end - begin, parameters_);
    });
  }

 private:
  UnaryRun run_;
  Parameters parameters_;
  bool gives_bool_;
  std::size_t size_;
  std::string name_;
};

Parameters parameters_of(const Op& op) {
  if (op.name() == "leaky_relu" || op.name() == "elu") return {attribute_of<float>(op, "alpha"), 1};
  if (op.name() != "selu") return {};
  const auto scale = attribute_of<double>(op, "scale");
  return {static_cast<float>(attribute_of<double>(op, "alpha") * scale), static_cast<float>(scale)};
}

}  // namespace

std::optional<Prepared> prepare_unary(const Node& node, std::span<const Fact> in) {
  bool known = false;
  for (const Unary& unary : kUnary) {
    if (unary.op != node.op.name()) continue;
    if (unary.dtype == in[0].dtype) return std::make_unique<UnaryKernel>(unary, parameters_of(node.op));
    known = true;
  }
  if (!known) return std::nullopt;
  return refuse_dtype(in[0].dtype);
}

}  // namespace temper::cpu
