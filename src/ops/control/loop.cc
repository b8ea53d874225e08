#include "ops/control/loop.h"

namespace temper {

/// Carried shapes may change from turn to turn: a region's inputs carry what is common to all turns, so what holds after
/// the loop is what the body's inputs say.
Facts Loop::infer(std::span<const Fact> in, std::span<const Graph> regions) const {
  require(carried >= 0 && static_cast<std::size_t>(carried) <= in.size(), "carries {} of {} inputs", carried, in.size());
  invariant(regions.size() == 2, "a loop has {} regions", regions.size());
  const auto count = static_cast<std::size_t>(carried);
  const Graph& body = regions[1];
  invariant(regions[0].inputs().size() == in.size() && body.inputs().size() == in.size(), "a loop's regions differ");
  invariant(body.outputs().size() == count && regions[0].outputs().size() == 1, "a loop's regions lack outputs");
  Facts out;
  for (std::size_t i = 0; i < count; ++i) {
    const Fact& inside = body.fact(body.inputs()[i].value);
    require(inside.dtype == in[i].dtype && body.fact(body.outputs()[i].value).dtype == in[i].dtype,
            "a loop variable changes its type from {} to {}", in[i].dtype, body.fact(body.outputs()[i].value).dtype);
    out.push_back({inside.dtype, inside.shape, {}});
  }
  return out;
}

Tensors Loop::reference(Inputs in, const RegionRunner& run_region) const {
  Tensors state(in.begin(), in.end());
  const auto count = static_cast<std::size_t>(carried);
  for (;;) {
    const Tensors go_on = run_region(0, state);
    require(go_on[0].dtype() == DType::kBool && go_on[0].elements() == 1, "a loop condition is {}, not one bool",
            go_on[0]);
    if (!go_on[0].data<bool>()[0]) break;
    Tensors next = run_region(1, state);
    std::ranges::move(next, state.begin());
  }
  state.resize(count);
  return state;
}
REGISTER_OP(Loop);

}  // namespace temper
