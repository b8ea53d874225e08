#include "ops/arrays/transpose.h"
#include "passes/pass.h"

namespace temper {

/// Turns dims once instead of twice.
///     transpose(transpose(x) {perm: p}) {perm: q}   =>   transpose(x) {perm: p[q[i]]}
struct MergeTransposes {
  static constexpr std::string_view kName = "merge_transposes";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const auto* outer = node.op.as<Transpose>();
    if (outer == nullptr) return skip();
    const auto* inner = rewriter.producer_as<Transpose>(node.inputs[0]);
    if (inner == nullptr) return skip();
    const std::size_t rank = inner->perm.size();
    if (outer->perm.size() != rank) return skip("the transposes are of different ranks");
    Transpose merged;
    for (const std::int64_t axis : outer->perm) {
      merged.perm.push_back(static_cast<std::int64_t>(normalise_axis(inner->perm[normalise_axis(axis, rank)], rank)));
    }
    return Rewriter::replace(node, rewriter.add(std::move(merged), {rewriter.producer(node.inputs[0])->inputs[0]}));
  }
};
REGISTER_PASS(MergeTransposes);

}  // namespace temper
