#include "passes/pass.h"

namespace temper {

/// Writes what takes apart into one part, or joins one, as what it is: a change of dims.
///     unpack(x) {axis: 1, parts: 1}   =>   squeeze(x) {axes: [1]}
struct LowerSingleParts {
  static constexpr std::string_view kName = "lower_single_parts";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const std::string_view op = node.op.name();
    if (op == "concat" || op == "split") {
      const bool one = op == "concat" ? node.inputs.size() == 1 : node.outputs.size() == 1;
      return one ? Rewrite(Rewriter::replace(node, node.inputs[0])) : skip();
    }
    const bool unpacks = op == "unpack" && node.outputs.size() == 1;
    const bool packs = op == "pack" && node.inputs.size() == 1;
    if (!unpacks && !packs) return skip();
    for (const auto& [name, value] : node.op.attributes()) {
      if (name != "axis") continue;
      const std::int64_t axis = std::get<std::int64_t>(value);
      if (packs) return Rewriter::replace(node, rewriter.add("expand_dims", node.inputs, {{"axis", axis}}));
      return Rewriter::replace(node, rewriter.add("squeeze", node.inputs, {{"axes", std::vector<std::int64_t>{axis}}}));
    }
    return skip();
  }
};
REGISTER_PASS(LowerSingleParts);

}  // namespace temper
