#pragma once
#include "plan/backend.h"

/// One function a family of operators, each in the file of its name. They take any node: nullopt where it is not of the
/// family.
namespace temper::onednn {

std::optional<Prepared> prepare_conv(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_conv_transpose(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_matmul(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_pool(const Node& node, std::span<const Fact> in);

}  // namespace temper::onednn
