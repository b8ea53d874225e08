#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "ir/tensor.h"

namespace temper {

using NamedArrays = std::vector<std::pair<std::string, Tensor>>;

/// The arrays of a NumPy .npz archive, stored or deflated, in its order, named without ".npy". Throws ModelError,
/// naming the file and the array, where it is damaged, holds something else, or is larger than the memory limit allows.
NamedArrays read_npz(const std::filesystem::path& path);

/// Writes the arrays, uncompressed, as `path`; whole or not at all. Throws ModelError where it cannot, and where two
/// have one name.
void write_npz(const std::filesystem::path& path, const NamedArrays& arrays);

}  // namespace temper
