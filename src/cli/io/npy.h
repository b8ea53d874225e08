#pragma once
#include <span>
#include <string>

#include "ir/tensor.h"

namespace temper {

/// The array in a NumPy .npy file of version 1 to 3: booleans, numbers and strings of either byte order, in C or
/// Fortran order. Fixed-width strings lose the NULs that pad them; Unicode ones become UTF-8. Throws ModelError where
/// the data are damaged or of a type that tensors do not have (complex, records, Python objects). Source:
/// numpy/lib/format.py, "NPY format".
Tensor decode_npy(std::span<const std::byte> bytes);

/// `tensor` as .npy, version 1. bfloat16, which NumPy lacks, is widened to float32. Throws ModelError for a list.
std::string encode_npy(const Tensor& tensor);

}  // namespace temper
