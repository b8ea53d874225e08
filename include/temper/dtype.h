#pragma once
#include <cstdint>

namespace temper {

/// Element types. Quantised integers of a source format are the plain integers of their width.
/// kString holds byte strings; kList is an ordered list of tensors, which only graphs have inside.
enum class DType : std::uint8_t {
  kFloat16, kBFloat16, kFloat32, kFloat64,
  kInt8, kInt16, kInt32, kInt64,
  kUInt8, kUInt16, kUInt32, kUInt64,
  kBool, kString, kList,
};

}  // namespace temper
