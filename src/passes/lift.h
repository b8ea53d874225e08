#pragma once
#include "passes/pass.h"

namespace temper {

/// A value of a map's region as it is outside: the same in every turn, or stacked, its row i being the value in turn i.
struct Lifted {
  ValueId value = ValueId::kNone;
  bool stacked = false;
};

/// Does the work of a node of a map's region outside, for all turns at once.
class Lifter {
 public:
  /// `some` is stacked; `stacked` says for each value of the region whether it may differ from turn to turn.
  Lifter(Rewriter& rewriter, const Graph& region, ValueId some) : rewriter_(rewriter), region_(region), some_(some) {}

  /// Whether the node's results may differ from turn to turn, if its inputs do as flagged; nullopt where there is no
  /// way to compute them for all turns at once. Does not change the graph.
  static std::optional<bool> stacks(const Graph& region, const Node& node, const std::vector<bool>& stacked);

  /// What lifts the node's outputs.
  std::vector<Lifted> lift(const Node& node, const std::vector<Lifted>& in);
  /// A value as stacked: repeated for each turn where it is the same in all.
  ValueId stack(const Lifted& value);

 private:
  using All = std::vector<Lifted>;

  ValueId lift_one(const Node& node, const All& in);
  ValueId elementwise(const Node& node, const All& in);
  ValueId select(const Node& node, const All& in);
  All over_batch(const Node& node, const All& in);
  All choice(const Node& node, const All& in);
  Graph mapped_branch(const Graph& branch, const std::string& name, const All& in,
                      const std::vector<std::size_t>& order);
  ValueId gather(const Node& node, const All& in);
  ValueId concat(const Node& node, const All& in);
  ValueId shape(const Node& node, ValueId stacked);
  ValueId strided_slice(const Node& node, const All& in);

  /// A stacked value whose rows have dims of 1 put before theirs until they have `rank`.
  ValueId with_rank(ValueId stacked, std::size_t row_rank, std::size_t rank);
  ValueId remade(const Node& node, ValueIds inputs, const Attributes& attributes);
  /// `first`, then the entries of an integer vector.
  ValueId prepend(std::int64_t first, ValueId vector);
  /// The number of turns, then the entries of an integer vector.
  ValueId prepend_turns(ValueId vector);
  ValueId turns(DType dtype);

  Rewriter& rewriter_;
  const Graph& region_;
  ValueId some_;
};

}  // namespace temper
