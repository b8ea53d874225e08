#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

namespace temper::cpu {

/// e^x to about one unit in the last place: 2^n times a polynomial on [-ln 2 / 2, ln 2 / 2]. Below -87.3 it gives 0.
inline float exponential(float x) {
  const float clamped = x < -87.33F ? -87.33F : x > 88.72F ? 88.72F : x;
  const float n = std::nearbyint(clamped * 1.44269504F);
  const float r = (clamped - n * 0.693359375F) + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  const float y = p * r * r + r + 1.0F;
  // In two steps, since 2^128 is no float though e^88.7 is.
  const auto half = static_cast<std::int32_t>(n) >> 1;
  const auto rest = static_cast<std::int32_t>(n) - half;
  const float scaled = y * std::bit_cast<float>((half + 127) << 23) * std::bit_cast<float>((rest + 127) << 23);
  const float bounded = x < -87.33F ? 0.0F : x > 88.72F ? std::bit_cast<float>(0x7f800000) : scaled;
  return x == x ? bounded : x;
}

}  // namespace temper::cpu
