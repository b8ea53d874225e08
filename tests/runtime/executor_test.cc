#include "runtime/executor.h"

#include "base/memory.h"
#include "ops/evaluate.h"
#include "support/graphs.h"
#include "support/tensors.h"

namespace temper::testing {
namespace {

Tensors run(const Graph& graph, Tensors inputs) { return Executor(graph, {}).run(inputs); }

/// Adds 1 in a loop while the carried value times nothing is below a bound: x = x + step while less(x, bound).
Graph counting_loop() {
  const Fact scalar = fact(DType::kFloat32, {});
  Builder condition;
  const ValueId x = condition.input("x", scalar);
  const ValueId bound = condition.input("bound", scalar);
  condition.input("step", scalar);
  condition.output(condition.op("less", {x, bound}));
  Builder body;
  const ValueId before = body.input("x", scalar);
  body.input("bound", scalar);
  const ValueId step = body.input("step", scalar);
  body.output(body.op("add", {before, step}));
  Builder b;
  const std::vector<ValueId> in{b.input("x", scalar), b.input("bound", scalar), b.constant(f32({}, {2}))};
  b.output(b.op("loop", in, {{"carried", std::int64_t{1}}}, {condition.graph, body.graph}));
  return b.graph;
}

TEST(Executor, RunsNodesInOrder) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {-1}));
  const ValueId y = b.op("add", {b.op("relu", {x}), b.constant(f32({1}, {10}))});
  b.output(y).output(x, "same").output(b.constant(f32({1}, {3})), "constant").output(y, "twice");
  const Tensors out = run(b.graph, {f32({2}, {-1, 4})});
  ASSERT_EQ(out.size(), 4U);
  EXPECT_TRUE(near(out[0], f32({2}, {10, 14})));
  EXPECT_TRUE(near(out[1], f32({2}, {-1, 4})));
  EXPECT_TRUE(near(out[2], f32({1}, {3})));
  EXPECT_TRUE(near(out[3], f32({2}, {10, 14})));
}

TEST(Executor, RunsAgainOnOtherShapes) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {-1}));
  b.output(b.op("relu", {x}));
  Executor executor(b.graph, {});
  EXPECT_TRUE(near(executor.run(Tensors{f32({1}, {-1})})[0], f32({1}, {0})));
  EXPECT_TRUE(near(executor.run(Tensors{f32({3}, {1, -1, 2})})[0], f32({3}, {1, 0, 2})));
}

TEST(Executor, RunsLoops) {
  if (!op_registry().contains("less")) GTEST_SKIP() << "comparisons are not there";
  const Graph graph = counting_loop();
  Executor executor(graph, {}, {.profile = true});
  const Tensors inputs{f32({}, {1}), f32({}, {6})};
  for (int turn = 0; turn < 2; ++turn) EXPECT_TRUE(near(executor.run(inputs)[0], evaluate(graph, inputs)[0]));
  EXPECT_TRUE(near(executor.run(Tensors{f32({}, {9}), f32({}, {6})})[0], f32({}, {9})));
  std::int64_t adds = 0;
  for (const NodeProfile& node : executor.profile()) {
    if (node.node->op.name() == "add") adds += node.count;
  }
  EXPECT_EQ(adds, 6);
}

TEST(Executor, TakesBranches) {
  const Fact x = fact(DType::kFloat32, {2});
  Builder yes;
  yes.output(yes.op("relu", {yes.input("x", x)}));
  Builder no;
  no.output(no.input("x", x));
  Builder b;
  const ValueId condition = b.input("c", fact(DType::kBool, {}));
  b.output(b.op("if", {condition, b.input("x", x)}, {}, {yes.graph, no.graph}));
  Executor executor(b.graph, {});
  EXPECT_TRUE(near(executor.run(Tensors{boolean({}, {true}), f32({2}, {-1, 1})})[0], f32({2}, {0, 1})));
  EXPECT_TRUE(near(executor.run(Tensors{boolean({}, {false}), f32({2}, {-1, 1})})[0], f32({2}, {-1, 1})));
}

TEST(Executor, NamesTheNodeThatFailsAndRunsOn) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {-1}));
  const ValueId y = b.input("y", fact(DType::kFloat32, {-1}));
  b.output(b.op("add", {b.op("relu", {x}), y}));
  Executor executor(b.graph, {});
  try {
    executor.run(Tensors{f32({2}, {1, 2}), f32({3}, {1, 2, 3})});
    ADD_FAILURE() << "was not refused";
  } catch (const ModelError& error) {
    EXPECT_NE(std::string(error.what()).find("node 'add_1' (add)"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(near(executor.run(Tensors{f32({1}, {1}), f32({1}, {2})})[0], f32({1}, {3})));
}

/// Doubles; counts how often it was prepared; refuses more than three elements.
struct Doubling : Backend {
  struct Twice : Kernel {
    std::string_view name() const override { return "twice"; }
    Tensors run(Inputs in) override {
      Tensor out(DType::kFloat32, in[0].shape());
      for (std::size_t i = 0; i < in[0].data<float>().size(); ++i) out.mutable_data<float>()[i] = 2 * in[0].data<float>()[i];
      return {out};
    }
  };
  std::string_view name() const override { return "doubling"; }
  Prepared prepare(const Node&, std::span<const Fact> in) const override {
    ++count;
    if (in[0].shape.elements().value() > 3) return Refusal{"more than three", false};
    return std::make_unique<Twice>();
  }
  mutable int count = 0;
};

TEST(Executor, KeepsKernelsByShape) {
  Builder b;
  b.output(b.op("relu", {b.input("x", fact(DType::kFloat32, {-1}))}));
  const Doubling backend;
  Executor executor(b.graph, {&backend});
  const Tensor one = f32({1}, {1});
  const Tensor two = f32({2}, {1, 2});
  const Tensor four = f32({4}, {1, 2, 3, 4});
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_TRUE(near(executor.run({&one, 1})[0], f32({1}, {2})));
    EXPECT_TRUE(near(executor.run({&two, 1})[0], f32({2}, {2, 4})));
    EXPECT_TRUE(near(executor.run({&four, 1})[0], four)) << "the definition runs where a backend refuses";
  }
  EXPECT_EQ(backend.count, 3);
  EXPECT_EQ(executor.profile()[0].refusals, std::vector<std::string>{"doubling: more than three"});
}

TEST(Executor, DropsWhatIsNotUsedAnyMore) {
  Builder b;
  ValueId x = b.input("x", fact(DType::kFloat32, {-1}));
  for (int i = 0; i < 20; ++i) x = b.op("relu", {x});
  b.output(x);
  Executor executor(b.graph, {});
  const Tensor in = Tensor::zeros(DType::kFloat32, Shape{1 << 20});
  const std::size_t before = memory_in_use();
  const std::size_t limit = memory_limit();
  set_memory_limit(before + (std::size_t{10} << 20));
  EXPECT_NO_THROW(executor.run({&in, 1}));
  set_memory_limit(limit);
  EXPECT_EQ(memory_in_use(), before);
}

}  // namespace
}  // namespace temper::testing
