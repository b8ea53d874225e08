#include "ops/control/map.h"
#include "passes/lift.h"

namespace temper {
namespace {

/// Whether every node of the region can do its work for all turns at once.
bool can_batch(const Graph& region, std::size_t scanned) {
  std::vector<bool> stacked(region.value_count());
  for (std::size_t i = 0; i < scanned; ++i) stacked[index(region.inputs()[i].value)] = true;
  for (const NodeId id : region.order()) {
    const Node& node = region.node(id);
    const auto differs = Lifter::stacks(region, node, stacked);
    if (!differs) return false;
    for (const ValueId output : node.outputs) stacked[index(output)] = *differs;
  }
  return true;
}

}  // namespace

/// Does at once for all rows what a map does one after another, where each operator of its region has a way to.
///     map(x) { squeeze(resize(expand_dims(row))) }   =>   resize(x)
struct HoistMapBodies {
  static constexpr std::string_view kName = "hoist_map_bodies";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const auto* map = node.op.as<Map>();
    if (map == nullptr) return skip();
    const Graph& region = node.regions[0];
    const auto scanned = static_cast<std::size_t>(map->scanned);
    if (!can_batch(region, scanned)) return skip("an operator of its region cannot work for all rows at once");
    std::vector<Lifted> outside(region.value_count());
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      outside[index(region.inputs()[i].value)] = {node.inputs[i], i < scanned};
    Lifter lifter(rewriter, region, node.inputs[0]);
    for (const NodeId id : region.order()) {
      const Node& inner = region.node(id);
      rewriter.begin(inner.name, kName);
      std::vector<Lifted> in;
      for (const ValueId input : inner.inputs) in.push_back(outside[index(input)]);
      const std::vector<Lifted> out = lifter.lift(inner, in);
      for (std::size_t i = 0; i < out.size(); ++i) outside[index(inner.outputs[i])] = out[i];
    }
    ValueIds results;
    for (const Port& output : region.outputs()) results.push_back(lifter.stack(outside[index(output.value)]));
    return Rewriter::replace(node, results);
  }
};
REGISTER_PASS(HoistMapBodies);

}  // namespace temper
