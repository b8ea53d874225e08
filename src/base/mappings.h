#pragma once
#include <cstddef>

namespace temper {

/// Enters memory whose pages are no loss when they are given back, since a file has them: what release_mapped looks for.
void add_mapping(std::byte* data, std::size_t size_bytes);
void remove_mapping(std::byte* data);

}  // namespace temper
