#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

/// Functions of a float32 in straight lines, so that loops over them vectorise: to one or two units in the last place, with
/// the limits and NaN of the functions in <cmath>. Polynomials are least-maximum fits.
namespace temper::cpu {

#define TEMPER_INLINE [[gnu::always_inline]] inline

/// An integer that orders as x does: loops that look for the greatest integer vectorise, those for floats do not. Both zeros are
/// one; NaN is above or below everything, as its sign is.
TEMPER_INLINE std::int32_t ordered(float x) {
  const auto bits = std::bit_cast<std::int32_t>(x + 0.0F);
  return bits ^ ((bits >> 31) & 0x7fffffff);
}
TEMPER_INLINE float from_ordered(std::int32_t key) { return std::bit_cast<float>(key ^ ((key >> 31) & 0x7fffffff)); }

inline constexpr float kLowestExponent = -87.33F;  ///< e^x is 0 below (it would be denormal)
inline constexpr float kHighestExponent = 88.72283F;

/// (e^r - 1 - r) / r^2 on [-ln 2 / 2, ln 2 / 2].
TEMPER_INLINE float exponential_tail(float r) {
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  return p * r + 5.0000001201e-1F;
}

/// x as n ln 2 + r, r within half of ln 2; `x` within the exponents' bounds.
struct Reduced {
  float n, r;
};
TEMPER_INLINE Reduced reduced(float x) {
  const float n = std::nearbyint(x * 1.44269504F);
  return {n, (x - n * 0.693359375F) + n * 2.12194440e-4F};
}

TEMPER_INLINE float power_of_two(std::int32_t n) { return std::bit_cast<float>((n + 127) << 23); }

/// e^x.
TEMPER_INLINE float exponential(float x) {
  const float clamped = x < kLowestExponent ? kLowestExponent : x > kHighestExponent ? kHighestExponent : x;
  const auto [n, r] = reduced(clamped);
  const float y = exponential_tail(r) * r * r + r + 1.0F;
  // In two steps, since 2^128 is no float though e^88.7 is.
  const auto half = static_cast<std::int32_t>(n) >> 1;
  const auto rest = static_cast<std::int32_t>(n) - half;
  const float scaled = y * power_of_two(half) * power_of_two(rest);
  const float bounded = x < kLowestExponent ? 0.0F : x > kHighestExponent ? std::numeric_limits<float>::infinity() : scaled;
  return x == x ? bounded : x;
}

/// e^x - 1.
TEMPER_INLINE float exponential_less_one(float x) {
  const float clamped = x < kLowestExponent ? kLowestExponent : x > kHighestExponent ? kHighestExponent : x;
  const auto [n, r] = reduced(clamped);
  const float tail = exponential_tail(r) * r * r + r;
  const float half = power_of_two(static_cast<std::int32_t>(n) - 1);
  const float y = 2.0F * (half * tail + (half - 0.5F));
  const float bounded = x > kHighestExponent ? std::numeric_limits<float>::infinity() : y;
  return x == 0.0F || x != x ? x : bounded;
}

/// ln x.
TEMPER_INLINE float logarithm(float x) {
  constexpr std::int32_t kRootHalf = 0x3f3504f3;  // the bits of sqrt(1/2)
  const bool small = x < std::numeric_limits<float>::min();
  const float normal = small ? x * 0x1p23F : x;
  const std::int32_t bits = std::bit_cast<std::int32_t>(normal) - kRootHalf;
  const float e = static_cast<float>(bits >> 23) - (small ? 23.0F : 0.0F);
  const float f = std::bit_cast<float>((bits & 0x7fffff) + kRootHalf) - 1.0F;
  float p = 6.917726345e-02F;
  p = p * f - 1.177966031e-01F;
  p = p * f + 1.186615436e-01F;
  p = p * f - 1.238580665e-01F;
  p = p * f + 1.421990178e-01F;
  p = p * f - 1.666919645e-01F;
  p = p * f + 2.000215233e-01F;
  p = p * f - 2.499998691e-01F;
  p = p * f + 3.333331182e-01F;
  const float square = f * f;
  const float y = (f * square * p - e * 2.12194440e-4F) - 0.5F * square + f + e * 0.693359375F;
  const float at_edges = x == 0.0F ? -std::numeric_limits<float>::infinity() : x < 0.0F ? std::numeric_limits<float>::quiet_NaN() : x;
  return x > 0.0F && x < std::numeric_limits<float>::infinity() ? y : at_edges;
}

/// ln(1 + x).
TEMPER_INLINE float logarithm_of_one_more(float x) {
  const float y = 1.0F + x;
  const float lost = x - (y - 1.0F);  // by rounding
  const bool exact = lost == 0.0F || !(x < std::numeric_limits<float>::max());
  const float result = logarithm(y) + (exact ? 0.0F : lost / y);
  return x == 0.0F ? x : result;
}

TEMPER_INLINE float hyperbolic_tangent(float x) {
  const float a = std::abs(x);
  const float t = x * x;
  float p = 2.298938725e-03F;
  p = p * t - 8.350005372e-03F;
  p = p * t + 2.177099482e-02F;
  p = p * t - 5.395955015e-02F;
  p = p * t + 1.333330498e-01F;
  p = p * t - 3.333333318e-01F;
  const float near_zero = x + x * t * p;
  const float far = std::copysign(1.0F - 2.0F / (exponential(2.0F * a) + 1.0F), x);
  return a < 0.625F ? near_zero : far;
}

TEMPER_INLINE float error_function(float x) {
  const float a = std::abs(x);
  const float t = x * x;
  float p = 7.889116376e-05F;
  p = p * t - 8.020840336e-04F;
  p = p * t + 5.189535234e-03F;
  p = p * t - 2.685444454e-02F;
  p = p * t + 1.128360017e-01F;
  p = p * t - 3.761262714e-01F;
  p = p * t + 1.128379166e+00F;
  const float b = a > 4.0F ? 4.0F : a;  // -ln(1 - erf(b))
  float q = -2.513478560e-07F;
  q = q * b + 2.531510948e-05F;
  q = q * b - 4.637898433e-04F;
  q = q * b + 4.282388801e-03F;
  q = q * b - 2.537356854e-02F;
  q = q * b + 1.086390144e-01F;
  q = q * b + 6.330395994e-01F;
  q = q * b + 1.129661163e+00F;
  q = q * b - 2.043610152e-04F;
  return a < 1.0F ? x * p : std::copysign(1.0F - exponential(-q), x);
}

TEMPER_INLINE float logistic(float x) { return 1.0F / (1.0F + exponential(-x)); }

}  // namespace temper::cpu
