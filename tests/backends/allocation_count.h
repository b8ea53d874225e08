#pragma once
#include <cstdint>

namespace temper::testing {

/// How often `new` was called in this program so far.
std::int64_t allocation_count();

}  // namespace temper::testing
