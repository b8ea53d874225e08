#pragma once
#include <cstdint>
#include <vector>

#include "ir/graph.h"
#include "plan/backend.h"
#include "plan/memory_plan.h"

namespace temper {

/// Memory that values share: a view or part has its operand's, a concatenation its operands', a kernel that runs in place its operand's.
struct Buffer {
  enum class Kind : std::uint8_t {
    kArena,   ///< at `offset_bytes` of the arena
    kInput,   ///< the caller's tensor, `port` of the graph's inputs
    kOutput,  ///< `port` of the graph's outputs has it to itself
  };
  Kind kind = Kind::kArena;
  std::size_t port = 0;
  std::int64_t size_bytes = 0;
  std::int64_t offset_bytes = 0;
};

/// Where a value is.
struct Place {
  std::int32_t buffer = -1;  ///< none: it is not in memory that was planned
  std::int64_t offset_bytes = 0;

  bool planned() const { return buffer >= 0; }
};

/// A node whose memory can be planned: all its values have known sizes.
struct PlannedStep {
  const Node* node = nullptr;
  const Kernel* kernel = nullptr;  ///< null: the operator's definition runs
  std::int64_t at = 0;             ///< its turn among all steps, planned or not
  // Set by place_values:
  bool elided = false;  ///< its outputs are where its inputs are, so nothing is left to do
  std::int64_t workspace_offset_bytes = 0;
};

struct Placement {
  std::vector<Buffer> buffers;
  std::vector<Place> places;  ///< by value
  MemoryPlan memory;
};

/// Decides who shares memory with whom and lays out the arena. `last_use` by value: the last step that reads it, which may be one
/// that is not planned; -1 for none. Constants are not placed.
Placement place_values(const Graph& graph, const Facts& facts, std::vector<PlannedStep>& steps,
                       const std::vector<std::int64_t>& last_use);

/// Bytes of a value of known shape. Throws ModelError where they are beyond any memory.
std::int64_t size_bytes(const Fact& fact);

}  // namespace temper
