#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "import/rule.h"

namespace temper {

/// What the regions of one node use from the graph around it. Each captured value becomes an input of every region, at the
/// same place; a constant is copied into the region that uses it instead, so that it stays known there.
class Captures {
 public:
  Captures(Graph& outer, std::vector<Graph*> regions) : outer_(outer), regions_(std::move(regions)) {}

  /// The value inside region `region` of `value` outside.
  ValueId capture(ValueId value, std::size_t region);
  /// The outside values of the inputs that captures added, in order.
  const ValueIds& values() const { return values_; }

 private:
  Graph& outer_;
  std::vector<Graph*> regions_;
  ValueIds values_;
  std::map<ValueId, ValueIds> inside_;                             // per captured value: its input in each region
  std::map<std::pair<ValueId, std::size_t>, ValueId> constants_;
};

/// Emits the regions of a loop: given them, their captures, and the loop's variables inside each (condition, then body), adds nodes
/// and gives the condition's value and the variables' next values.
struct LoopRegions {
  Graph condition;
  Graph body;
};
struct LoopEnds {
  ValueId condition;
  ValueIds next;
};
using EmitLoop =
    std::function<LoopEnds(LoopRegions& regions, Captures& captures, const ValueIds& in_condition, const ValueIds& in_body)>;

/// Adds a loop over variables that begin as `initial` and gives their values after it. What is known of a variable's shape
/// is widened until it holds in every turn, emitting anew each time; variables that the body hands on unchanged become
/// captures.
ValueIds build_loop(Graph& graph, const std::string& name, const ValueIds& initial, const EmitLoop& emit);

/// Emits one branch and gives its results.
using EmitBranch = std::function<ValueIds(Graph& region, Captures& captures, std::size_t region_index)>;

/// Adds an If on `predicate` whose first region is emitted for true and second for false; gives its results.
ValueIds build_if(Graph& graph, const std::string& name, ValueId predicate, const EmitBranch& emit);

}  // namespace temper
