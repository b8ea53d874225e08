#include "passes/driver.h"

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

TEST(FoldConstants, EvaluatesWhatIsKnown) {
  Builder b;
  const ValueId sum = b.op("add", {b.constant(f32({2}, {1, 2})), b.constant(f32({}, {3}))});
  b.output(b.op("add", {b.input("x", fact(DType::kFloat32, {2})), b.op("relu", {sum})}));
  expect_ops(b.graph, {"constant", "add"});
  EXPECT_TRUE(near(optimised(b.graph).fact(optimised(b.graph).node(NodeId{0}).outputs[0]).constant.value(), f32({2}, {4, 5})));
}

TEST(FoldConstants, LeavesWhatFails) {
  Builder b;
  b.output(b.op("add", {b.constant(Tensor::zeros(DType::kFloat32, {1 << 11, 1})), b.constant(Tensor::zeros(DType::kFloat32, {1, 1 << 11}))}));
  expect_ops(b.graph, {"constant", "constant", "add"});
}

TEST(MergeDuplicates, ComputesOnce) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {2}));
  const ValueId y = b.op("relu", {b.op("add", {x, b.constant(f32({}, {3}))})});
  const ValueId z = b.op("relu", {b.op("add", {x, b.constant(f32({}, {3}))})});
  b.output(b.op("add", {y, z}));
  expect_ops(b.graph, {"constant", "add", "relu", "add"});
}

TEST(MergeDuplicates, KeepsWhatDiffers) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {2}));
  b.output(b.op("leaky_relu", {x}, {{"alpha", 0.25}})).output(b.op("leaky_relu", {x}, {{"alpha", 0.5}}), "z");
  expect_ops(b.graph, {"leaky_relu", "leaky_relu"});
}

TEST(InlineConstantIf, TakesTheBranch) {
  const Fact x = fact(DType::kFloat32, {2});
  Builder yes;
  yes.output(yes.op("relu", {yes.input("x", x)}));
  Builder no;
  no.output(no.input("x", x));
  for (const bool taken : {true, false}) {
    Builder b;
    b.output(b.op("if", {b.constant(boolean({}, {taken})), b.input("x", x)}, {}, {yes.graph, no.graph}));
    if (taken) expect_ops(b.graph, {"relu"});
    else expect_ops(b.graph, {});
  }
}

}  // namespace
}  // namespace temper::testing
