#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace temper {

/// The sizes that a plan is made for, of one dim of an input.
struct DimRange {
  std::int64_t min = 0;
  std::int64_t opt = 0;
  std::int64_t max = 0;  ///< 0: no bound is promised

  bool operator==(const DimRange&) const = default;
};

/// The sizes of an input's dims, in their order.
struct InputProfile {
  std::string name;
  std::vector<DimRange> dims;

  bool operator==(const InputProfile&) const = default;
};

/// A kernel that was thought of for a node and not chosen.
struct Candidate {
  std::string kernel;
  std::int64_t time_ns = 0;  ///< 0: not timed
  std::string refusal;       ///< why it does not take the node; empty where it does

  bool operator==(const Candidate&) const = default;
};

/// Which kernel runs a node, and what was seen when it was chosen.
struct Tactic {
  std::string kernel;        ///< "onednn/conv"; empty: no choice is recorded
  std::int64_t time_ns = 0;  ///< 0: not timed
  std::vector<Candidate> others = {};

  bool operator==(const Tactic&) const = default;
};

/// What one pass did to the graph.
struct PassNote {
  std::string name;
  std::int64_t patch_count = 0;
  /// How often it left a node for each reason.
  std::map<std::string, std::int64_t> skips = {};

  bool operator==(const PassNote&) const = default;
};

/// Where a plan comes from, what it was made for, and what it is expected to need.
struct PlanInfo {
  std::string temper_version;
  std::string cpu;
  std::string isa;
  std::string precision;
  int threads = 0;
  std::string source_path;  ///< the file's name only
  std::string source_hash;
  std::int64_t max_batch = 0;
  std::int64_t workspace_limit_bytes = 0;
  std::int64_t memory_limit_bytes = 0;
  /// Predicted, at opt shapes. The peak is without what the process takes before it reads the plan, which is the process's.
  std::int64_t arena_bytes = 0;
  std::int64_t weights_bytes = 0;
  std::int64_t peak_bytes = 0;
  /// Free facts for `explain`.
  std::map<std::string, std::string> notes = {};

  bool operator==(const PlanInfo&) const = default;
};

/// A network made ready for a machine: what a plan file holds. A value type.
struct Plan {
  Graph graph;                        ///< optimised; constants may be packed_constant (ir/constant.h)
  std::vector<InputProfile> profile;  ///< of inputs of the graph, each at most once
  std::vector<Tactic> tactics;        ///< none, or one a node in graph.order()
  std::vector<PassNote> passes;       ///< in the order in which they ran
  PlanInfo info;
};

}  // namespace temper
