#pragma once
#include <optional>

#include "plan/backend.h"

/// KernelMaker::prepare of each family of operators, in the file of its name.
namespace temper::cpu {

std::optional<Prepared> prepare_binary(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_cast(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_crop_and_resize(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_detection(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_fill(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_gather(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_normalise(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_row_norm(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_order(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_pad(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_peaks(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_rearrange(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_reduce(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_resize(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_scan(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_select(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_slice(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_softmax(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_space_batch(const Node& node, std::span<const Fact> in);
std::optional<Prepared> prepare_unary(const Node& node, std::span<const Fact> in);

}  // namespace temper::cpu
