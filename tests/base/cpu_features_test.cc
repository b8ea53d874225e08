#include "base/cpu_features.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace temper {
namespace {

bool usable(std::string_view name) {
  const auto& features = cpu_description().features;
  const auto found = std::ranges::find(features, name, &CpuFeature::name);
  return found != features.end() && found->usable;
}

TEST(CpuFeatures, AgreeWithTheCompiler) {
  EXPECT_FALSE(cpu_description().model.empty());
#if defined(__x86_64__)
  EXPECT_EQ(usable("AVX2"), __builtin_cpu_supports("avx2") != 0);
  EXPECT_EQ(usable("FMA"), __builtin_cpu_supports("fma") != 0);
  EXPECT_EQ(usable("AVX-512 F"), __builtin_cpu_supports("avx512f") != 0);
  EXPECT_EQ(usable("AVX-512 VL"), __builtin_cpu_supports("avx512vl") != 0);
  EXPECT_EQ(usable("AVX-512 BW"), __builtin_cpu_supports("avx512bw") != 0);
  EXPECT_EQ(usable("AVX-512 DQ"), __builtin_cpu_supports("avx512dq") != 0);
  EXPECT_EQ(usable("AVX-512 VNNI"), __builtin_cpu_supports("avx512vnni") != 0);
#endif
}

}  // namespace
}  // namespace temper
