#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace temper {

/// An extension of the instruction set, and whether this process may use it: the CPU has it and the system saves its
/// registers.
struct CpuFeature {
  std::string_view name;     ///< "AVX-512 VNNI"
  std::string_view enables;  ///< what it makes faster
  bool usable = false;
};

struct CpuDescription {
  std::string model;  ///< "AMD EPYC 7R13", or "unknown"
  std::vector<CpuFeature> features;
};

/// The CPU this process runs on. Asked once.
const CpuDescription& cpu_description();

/// The names of what it may use: "AVX2, AVX-512 VNNI".
std::string usable_features();

}  // namespace temper
