#pragma once
#include <optional>

#include "plan/backend.h"

/// KernelMaker::prepare of each family of operators, in the file of its name.
namespace temper::cpu {

std::optional<Prepared> prepare_crop_and_resize(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_detection(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_elementwise(const Node& node, std::span<const Fact> in);

}  // namespace temper::cpu
