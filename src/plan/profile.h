#pragma once
#include <span>
#include <vector>

#include "plan/plan.h"

namespace temper {

/// The profile of every input whose rank is known: what is `given`, else what the graph fixes, else any size, with a likely one to
/// choose kernels for. `max_batch` > 0 bounds the first dim of inputs that leave it open. Throws ModelError where a given profile names
/// no input, has another rank, contradicts the graph, or is not min <= opt <= max; and where the batch size is fixed by the graph.
std::vector<InputProfile> complete_profile(const Graph& graph, std::span<const InputProfile> given, std::int64_t max_batch);

/// Makes dims that the profile fixes known in the graph, and infers what follows.
void fix_dims(Graph& graph, std::span<const InputProfile> profile);

/// Facts of the graph's inputs at the profile's opt sizes; nullopt where an input has no profile.
std::optional<Facts> opt_facts(const Graph& graph, std::span<const InputProfile> profile);

/// Throws ModelError, naming the input, the dim, its limits and what to do, where a shape is outside of what was promised.
void require_within(std::span<const InputProfile> profile, std::string_view input, const Shape& shape);

/// "1x(1..8)x3": what a profile promises.
std::string to_string(const InputProfile& profile);

}  // namespace temper
