#include "base/cpu_features.h"

#include <array>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace temper {
namespace {

#if defined(__x86_64__)

struct Registers {
  std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

/// The answer to CPUID (Intel SDM volume 2A); zeros where the CPU has no such leaf.
Registers cpuid(std::uint32_t leaf, std::uint32_t subleaf = 0) {
  Registers r;
  if (__get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx) == 0) return {};
  return r;
}

bool bit(std::uint32_t word, int position) { return ((word >> position) & 1U) != 0; }

/// The register sets that the system saves (XCR0): bits 1-2 AVX, 5-7 AVX-512, 17-18 AMX.
std::uint64_t saved_registers() {
  if (!bit(cpuid(1).ecx, 27)) return 0;
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<std::uint64_t>(high) << 32) | low;
}

std::string model_name() {
  if (cpuid(0x80000000U).eax < 0x80000004U) return "unknown";
  std::array<char, 49> text{};
  for (std::uint32_t part = 0; part < 3; ++part) {
    const Registers r = cpuid(0x80000002U + part);
    std::memcpy(text.data() + part * 16, &r, sizeof r);
  }
  std::string name(text.data());
  while (!name.empty() && name.back() == ' ') name.pop_back();
  return name.substr(std::min(name.find_first_not_of(' '), name.size()));
}

CpuDescription describe_cpu() {
  const std::uint64_t saved = saved_registers();
  const bool avx = (saved & 0x6) == 0x6;
  const bool avx512 = avx && (saved & 0xe0) == 0xe0;
  const bool amx = (saved & 0x60000) == 0x60000;
  const Registers basic = cpuid(1);
  const Registers extended = cpuid(7);
  const Registers extended1 = cpuid(7, 1);
  return {model_name(),
          {{"SSE4.1", "generic kernels", bit(basic.ecx, 19)},
           {"AVX2", "8 floats at a time", avx && bit(extended.ebx, 5)},
           {"FMA", "multiply and add in one instruction", avx && bit(basic.ecx, 12)},
           {"F16C", "float16 storage", avx && bit(basic.ecx, 29)},
           {"AVX-VNNI", "int8 products, 8 lanes", avx && bit(extended1.eax, 4)},
           {"AVX-512 F", "16 floats at a time", avx512 && bit(extended.ebx, 16)},
           {"AVX-512 VL", "AVX-512 on shorter vectors", avx512 && bit(extended.ebx, 31)},
           {"AVX-512 BW", "8- and 16-bit integers", avx512 && bit(extended.ebx, 30)},
           {"AVX-512 DQ", "64-bit integers", avx512 && bit(extended.ebx, 17)},
           {"AVX-512 VNNI", "int8 products, 16 lanes", avx512 && bit(extended.ecx, 11)},
           {"AVX-512 BF16", "bfloat16 products", avx512 && bit(extended1.eax, 5)},
           {"AVX-512 FP16", "float16 arithmetic", avx512 && bit(extended.edx, 23)},
           {"AMX TILE", "matrix registers", amx && bit(extended.edx, 24)},
           {"AMX INT8", "int8 matrix products", amx && bit(extended.edx, 25)},
           {"AMX BF16", "bfloat16 matrix products", amx && bit(extended.edx, 22)}}};
}

#else

CpuDescription describe_cpu() { return {"unknown", {}}; }

#endif

}  // namespace

const CpuDescription& cpu_description() {
  static const CpuDescription description = describe_cpu();
  return description;
}

std::string usable_features() {
  std::string names;
  for (const CpuFeature& feature : cpu_description().features) {
    if (!feature.usable) continue;
    if (!names.empty()) names += ", ";
    names += feature.name;
  }
  return names;
}

}  // namespace temper
