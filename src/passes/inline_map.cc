#include "ops/control/map.h"
#include "passes/pass.h"

namespace temper {

/// Puts the region of a map over one row in its place.
///     map(x: [1,3]) { f(row) }   =>   expand_dims(f(squeeze(x)))
struct InlineMap {
  static constexpr std::string_view kName = "inline_map";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const auto* map = node.op.as<Map>();
    if (map == nullptr) return skip();
    const auto scanned = static_cast<std::size_t>(map->scanned);
    const bool one = std::ranges::any_of(node.inputs.begin(), node.inputs.begin() + map->scanned, [&](ValueId input) {
      const ShapeFact& shape = rewriter.fact(input).shape;
      return shape.rank_known() && shape[0].is(1);
    });
    if (!one) return skip("it is over more than one row, or over a number that is not known");
    ValueIds inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const bool row = i < scanned;
      inputs.push_back(row ? rewriter.add("squeeze", {node.inputs[i]}, {{"axes", std::vector<std::int64_t>{0}}})
                           : node.inputs[i]);
    }
    ValueIds results;
    for (const ValueId item : rewriter.add_inlined(node.regions[0], inputs)) {
      results.push_back(rewriter.add("expand_dims", {item}, {{"axis", std::int64_t{0}}}));
    }
    return Rewriter::replace(node, results);
  }
};
REGISTER_PASS(InlineMap);

}  // namespace temper
