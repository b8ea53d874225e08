#pragma once
#include <cstdint>

#include "ir/dtype.h"

namespace temper::onnx {

/// The element type by its number in ONNX; integers of 4 bits are held in 8. Throws ModelError on a type that Temper has not (complex and
/// 8-bit floats), naming it.
DType to_dtype(std::int64_t type);

/// Whether elements are packed two to a byte.
bool is_packed(std::int64_t type);

}  // namespace temper::onnx
