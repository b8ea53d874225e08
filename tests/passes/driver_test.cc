#include "passes/driver.h"

#include "base/memory.h"
#include "passes/pass.h"
#include "support/passes.h"

namespace temper::testing {
namespace {

TEST(Optimise, RefusesUnknownPasses) {
  Graph graph;
  EXPECT_THROW(optimise(graph, {.disabled = {"fold_everything"}}), ModelError);
}

TEST(Optimise, NamesPassesByVerbs) {
  for (const auto& pass : pass_table().entries()) {
    const std::string verb(pass.name.substr(0, pass.name.find('_')));
    EXPECT_TRUE(std::ranges::count(std::vector<std::string>{"fold", "fuse", "inline", "merge", "remove", "sink", "raise",
                                                            "lower", "hoist", "split", "assign"},
                                   verb) == 1)
        << pass.name;
  }
}

/// Filters of 1 MB are scaled one after another: with all of them held twice this would not fit.
TEST(Optimise, FreesConstantsWhenTheirReplacementsAreThere) {
  constexpr int kLayers = 16;
  Builder b;
  ValueId x = b.input("x", fact(DType::kFloat32, {1, 512}));
  for (int i = 0; i < kLayers; ++i) {
    const ValueId product = b.op("matmul", {x, b.constant(Tensor::zeros(DType::kFloat32, {512, 512}))});
    x = b.op("relu", {b.op("mul", {product, b.constant(f32({}, {2}))})});
  }
  b.output(x);
  const std::size_t limit = memory_limit();
  set_memory_limit(memory_in_use() + (std::size_t{8} << 20));
  optimise(b.graph);
  set_memory_limit(limit);
  const auto names = op_names(b.graph);
  EXPECT_EQ(std::ranges::count(names, "mul"), 0);
  EXPECT_EQ(std::ranges::count(names, "matmul"), kLayers);
}

}  // namespace
}  // namespace temper::testing
