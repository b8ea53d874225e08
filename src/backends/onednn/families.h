#pragma once
#include "plan/backend.h"

/// KernelMaker::prepare of each family of operators, in the file of its name. What oneDNN throws is a refusal.
namespace temper::onednn {

std::optional<Prepared> prepare_conv(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_conv_transpose(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_matmul(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_pool(const Node& node, std::span<const Fact> in);

/// KernelMaker::unpack: of the layouts that describe_layout() names.
std::optional<Tensor> unpack(const Fact& packed);

}  // namespace temper::onednn
