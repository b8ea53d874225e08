#pragma once
#include "ops/control/loop.h"
#include "passes/counts.h"

namespace temper {

/// A loop that counts its turns and carries nothing else but lists of results, of which every turn sets one item; what
/// it reads of other lists are the rows of tensors, one in each turn.
struct CountedLoop {
  /// Of the carried values: what each turn adds to a list of results (inside); kNone for a counter.
  ValueIds items;
  /// It goes on while it has counted fewer turns than each of these scalars (outside).
  ValueIds limits;
  /// What is known of the number of turns, where limits are known to be equal.
  Count turns;
  /// Of the body's values: whether results depend on it.
  std::vector<bool> live;
  /// A value inside, and the tensor outside that it is a row of: as many rows as there are turns, or more.
  std::vector<std::pair<ValueId, ValueId>> rows;
  /// Results depend on the number of the turn otherwise than by what they read.
  bool counter_used = false;
};

/// What is known of `node`, a loop; `reason` says why it is not of that kind otherwise.
std::optional<CountedLoop> counted_loop(Rewriter& rewriter, const Node& node, std::string_view& reason);

}  // namespace temper
