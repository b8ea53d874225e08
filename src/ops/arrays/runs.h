#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ir/op.h"

namespace temper {

/// For operators that give parts of their first input (split, unpack, slices, picks of neighbouring rows): where each output begins
/// there, in elements, if each lies there in one run. `in` and `out` are what is known of inputs and outputs; nothing where that is
/// too little, or where an output is put together.
std::optional<std::vector<std::int64_t>> runs_of(const Op& op, std::span<const Fact> in, std::span<const Fact> out);

}  // namespace temper
