#pragma once
#include <filesystem>

#include "plan/plan.h"

namespace temper {

/// Whether the checksum of a plan's weights is computed when it is loaded. All else is always checked.
enum class WeightsCheck : std::uint8_t { kWhereQuick, kAlways, kNever };

/// Writes a plan as docs/plan-format.md says, whole or not at all. What outputs do not depend on is left out. The same plan
/// gives the same bytes. Throws ModelError where the file cannot be written, or the plan is not one that can be read again.
void save_plan(const Plan& plan, const std::filesystem::path& path);

/// Reads what save_plan wrote. The graph is compacted: nodes have the ids that they have in its order. Tensors lie in the mapped
/// file, which they keep alive; their pages are loaded when touched. Throws ModelError, naming the file and saying
/// what to do, where it is no plan, truncated, damaged, of another byte order, or of a newer format or operators.
Plan load_plan(const std::filesystem::path& path, WeightsCheck check = WeightsCheck::kWhereQuick);

/// Whether a file begins as plans do. False also where it cannot be read.
bool is_plan_file(const std::filesystem::path& path);

}  // namespace temper
