#include "ops/control/if.h"

namespace temper {

Facts If::infer(std::span<const Fact> in, std::span<const Graph> regions) const {
  require(!in.empty() && in[0].dtype == DType::kBool, "needs a bool as its first input");
  invariant(regions.size() == 2, "an if has {} regions", regions.size());
  invariant(regions[0].inputs().size() + 1 == in.size() && regions[1].inputs().size() + 1 == in.size(), "an if's regions differ");
  require(regions[0].outputs().size() == regions[1].outputs().size(), "branches give {} and {} values",
          regions[0].outputs().size(), regions[1].outputs().size());
  Facts out;
  for (std::size_t i = 0; i < regions[0].outputs().size(); ++i) {
    const Fact& a = regions[0].fact(regions[0].outputs()[i].value);
    const Fact& b = regions[1].fact(regions[1].outputs()[i].value);
    require(a.dtype == b.dtype, "branches give different types: {} and {}", a.dtype, b.dtype);
    out.push_back({a.dtype, join(a.shape, b.shape), {}});
  }
  return out;
}

Tensors If::reference(Inputs in, const RegionRunner& run_region) const {
  require(in[0].elements() == 1, "the condition is {}, not one bool", in[0]);
  return run_region(in[0].data<bool>()[0] ? 0 : 1, in.subspan(1));
}
REGISTER_OP(If);

}  // namespace temper
