#include "ops/elementwise/cast.h"

#include "backends/cpu/families.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/prepare.h"
#include "base/threads.h"

namespace temper::cpu {
namespace {

using CastRun = void (*)(const void* from, void* to, std::int64_t count);

// Loops from X to Y, compiled for each instruction set.
#define TEMPER_CAST(name, X, Y, ...)                                                          \
  TEMPER_FOR_EACH_ISA void name(const void* from, void* to, std::int64_t count) {             \
    const X* const xs = static_cast<const X*>(from);                                          \
    Y* const ys = static_cast<Y*>(to);                                                        \
    _Pragma("GCC ivdep") for (std::int64_t i = 0; i < count; ++i) {                           \
      const X x = xs[i];                                                                      \
      ys[i] = __VA_ARGS__;                                                                    \
    }                                                                                         \
  }

TEMPER_CAST(u8_f32, std::uint8_t, float, static_cast<float>(x))
TEMPER_CAST(i8_f32, std::int8_t, float, static_cast<float>(x))
TEMPER_CAST(i32_f32, std::int32_t, float, static_cast<float>(x))
TEMPER_CAST(i64_f32, std::int64_t, float, static_cast<float>(x))
TEMPER_CAST(f32_i32, float, std::int32_t, float_to_integer<std::int32_t>(x))
TEMPER_CAST(f32_i64, float, std::int64_t, float_to_integer<std::int64_t>(x))
TEMPER_CAST(f32_u8, float, std::uint8_t, float_to_integer<std::uint8_t>(x))
TEMPER_CAST(f32_bool, float, std::uint8_t, x != 0.0F)
TEMPER_CAST(i32_i64, std::int32_t, std::int64_t, x)
TEMPER_CAST(i64_i32, std::int64_t, std::int32_t, static_cast<std::int32_t>(x))
TEMPER_CAST(u8_i32, std::uint8_t, std::int32_t, x)
TEMPER_CAST(i32_u8, std::int32_t, std::uint8_t, static_cast<std::uint8_t>(x))
TEMPER_CAST(u8_i64, std::uint8_t, std::int64_t, x)
TEMPER_CAST(u8_bool, std::uint8_t, std::uint8_t, x != 0)
TEMPER_CAST(i32_bool, std::int32_t, std::uint8_t, x != 0)
TEMPER_CAST(i64_bool, std::int64_t, std::uint8_t, x != 0)
TEMPER_CAST(f32_f64, float, double, static_cast<double>(x))
TEMPER_CAST(f64_f32, double, float, static_cast<float>(x))
TEMPER_CAST(f32_f16, float, Half, Half(x))
TEMPER_CAST(f16_f32, Half, float, static_cast<float>(x))
TEMPER_CAST(f32_bf16, float, BFloat16, BFloat16(x))
TEMPER_CAST(bf16_f32, BFloat16, float, static_cast<float>(x))

struct Conversion {
  DType from, to;
  CastRun run;
};
/// bool holds 0 or 1, so it is read as uint8.
constexpr Conversion kConversions[] = {
    {DType::kUInt8, DType::kFloat32, u8_f32},    {DType::kBool, DType::kFloat32, u8_f32},   {DType::kInt8, DType::kFloat32, i8_f32},
    {DType::kInt32, DType::kFloat32, i32_f32},   {DType::kInt64, DType::kFloat32, i64_f32}, {DType::kFloat32, DType::kInt32, f32_i32},
    {DType::kFloat32, DType::kInt64, f32_i64},   {DType::kFloat32, DType::kUInt8, f32_u8},  {DType::kFloat32, DType::kBool, f32_bool},
    {DType::kInt32, DType::kInt64, i32_i64},     {DType::kInt64, DType::kInt32, i64_i32},   {DType::kUInt8, DType::kInt32, u8_i32},
    {DType::kBool, DType::kInt32, u8_i32},       {DType::kUInt8, DType::kInt64, u8_i64},    {DType::kBool, DType::kInt64, u8_i64},
    {DType::kInt32, DType::kUInt8, i32_u8},      {DType::kUInt8, DType::kBool, u8_bool},    {DType::kInt32, DType::kBool, i32_bool},
    {DType::kInt64, DType::kBool, i64_bool},     {DType::kFloat32, DType::kFloat64, f32_f64}, {DType::kFloat64, DType::kFloat32, f64_f32},
    {DType::kFloat32, DType::kFloat16, f32_f16}, {DType::kFloat16, DType::kFloat32, f16_f32}, {DType::kFloat32, DType::kBFloat16, f32_bf16},
    {DType::kBFloat16, DType::kFloat32, bf16_f32},
};

class CastKernel final : public Kernel {
 public:
  explicit CastKernel(const Conversion& conversion) : conversion_(conversion), name_(fmt::format("{}_to_{}", conversion.from, conversion.to)) {}

  std::string_view name() const override { return name_; }

  bool in_place(std::size_t) const override { return size_of(conversion_.from) == size_of(conversion_.to); }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    constexpr std::int64_t kGrain = 1 << 16;
    const auto from_size = static_cast<std::int64_t>(size_of(conversion_.from));
    const auto to_size = static_cast<std::int64_t>(size_of(conversion_.to));
    const std::byte* const from = in[0].bytes().data();
    std::byte* const to = out[0].mutable_bytes().data();
    parallel_for(out[0].elements(), kGrain, [&](std::int64_t begin, std::int64_t end) {
      conversion_.run(from + begin * from_size, to + begin * to_size, end - begin);
    });
  }

 private:
  Conversion conversion_;
  std::string name_;
};

}  // namespace

std::optional<Prepared> prepare_cast(const Node& node, std::span<const Fact> in) {
  const auto* cast = node.op.as<Cast>();
  if (cast == nullptr) return std::nullopt;
  const bool narrows = is_float(in[0].dtype) && is_float(cast->dtype) && size_of(cast->dtype) < size_of(in[0].dtype);
  if (cast->truncate && narrows) return Refusal{"truncation is not handled", true};
  for (const Conversion& conversion : kConversions) {
    if (conversion.from == in[0].dtype && conversion.to == cast->dtype) return std::make_unique<CastKernel>(conversion);
  }
  return Refusal{fmt::format("{} to {} is not handled", in[0].dtype, cast->dtype), true};
}

}  // namespace temper::cpu
