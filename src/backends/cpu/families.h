#pragma once
#include <optional>

#include "plan/backend.h"

/// One function a family of operators, each in the file of its name. They take any node: nullopt where it is not of the
/// family.
namespace temper::cpu {

std::optional<Prepared> prepare_crop_and_resize(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_elementwise(const Node& node, std::span<const Fact> in);

}  // namespace temper::cpu
