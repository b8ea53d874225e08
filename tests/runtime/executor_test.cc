#include "runtime/executor.h"

#include <array>
#include <thread>

#include "base/memory.h"
#include "ops/evaluate.h"
#include "support/graphs.h"
#include "support/random_graph.h"
#include "support/tensors.h"

namespace temper::testing {
namespace {

Tensors run(const Graph& graph, Tensors inputs) { return run_once(Executor(graph, {}), inputs); }

/// The first output of one more run.
Tensor answer(ExecutionContext& context, const Tensors& inputs) {
  context.run(inputs);
  return context.output(0);
}

/// Kernels that run definitions, so that the memory of every step of known size is planned.
struct DefinitionKernel : Kernel {
  explicit DefinitionKernel(Op definition) : op(std::move(definition)) {}
  std::string_view name() const override { return "definition"; }
  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    const Tensors results = op.reference(in, {});
    for (std::size_t i = 0; i < out.size(); ++i) std::ranges::copy(results[i].bytes(), out[i].mutable_bytes().begin());
  }
  Op op;
};
const Backend& definitions() {
  static const Backend backend{"test", {{"test/definition", [](const Node& node, std::span<const Fact>) -> std::optional<Prepared> {
                                           return std::make_unique<DefinitionKernel>(node.op);
                                         }}}};
  return backend;
}

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
  const Executor executor(b.graph, {});
  ExecutionContext context(executor);
  EXPECT_TRUE(near(answer(context, {f32({1}, {-1})}), f32({1}, {0})));
  EXPECT_TRUE(near(answer(context, {f32({3}, {1, -1, 2})}), f32({3}, {1, 0, 2})));
}

TEST(Executor, RunsLoops) {
  if (!op_registry().contains("less")) GTEST_SKIP() << "comparisons are not there";
  const Graph graph = counting_loop();
  const Executor executor(graph, {}, {.profile = true});
  ExecutionContext context(executor);
  const Tensors inputs{f32({}, {1}), f32({}, {6})};
  for (int turn = 0; turn < 2; ++turn) EXPECT_TRUE(near(answer(context, inputs), evaluate(graph, inputs)[0]));
  EXPECT_TRUE(near(answer(context, {f32({}, {9}), f32({}, {6})}), f32({}, {9})));
  std::int64_t adds = 0;
  for (const NodeProfile& node : context.profile()) {
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
  const Executor executor(b.graph, {});
  ExecutionContext context(executor);
  EXPECT_TRUE(near(answer(context, {boolean({}, {true}), f32({2}, {-1, 1})}), f32({2}, {0, 1})));
  EXPECT_TRUE(near(answer(context, {boolean({}, {false}), f32({2}, {-1, 1})}), f32({2}, {-1, 1})));
}

/// Negates.
struct Negated : Kernel {
  std::string_view name() const override { return "negated"; }
  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    for (std::size_t i = 0; i < in[0].data<float>().size(); ++i) out[0].mutable_data<float>()[i] = -in[0].data<float>()[i];
  }
};
std::optional<Prepared> make_negated(const Node& node, std::span<const Fact>) {
  if (node.op.name() != "neg") return std::nullopt;
  return std::make_unique<Negated>();
}

/// A value of known size that no planned step makes does not keep those behind it from being planned.
TEST(Executor, PlansBehindBranches) {
  const Fact x = fact(DType::kFloat32, {2});
  Builder yes;
  yes.output(yes.op("relu", {yes.input("x", x)}));
  Builder no;
  no.output(no.input("x", x));
  Builder b;
  const ValueId taken = b.ops("if", {b.input("c", fact(DType::kBool, {})), b.input("x", x)}, {}, {yes.graph, no.graph})[0];
  const ValueId less = b.op("neg", {b.op("neg", {b.op("neg", {taken})})});
  b.output(b.op("add", {less, b.op("reshape", {less, b.constant(i32({2}, {1, 2}))})}));
  const Backend backend{"test", {{"test/negated", make_negated}}};
  const Backend* const backends[] = {&backend};
  const Facts inputs{fact(DType::kBool, {}), x};
  const Program program(b.graph, inputs, {.backends = backends});
  EXPECT_EQ(std::ranges::count(program.steps(), Program::Kind::kPlanned, &Program::Step::kind), 4) << "three kernels and a view";
  EXPECT_EQ(std::ranges::count(program.steps(), Program::Kind::kDefinition, &Program::Step::kind), 1);
  const Executor executor(b.graph, {&backend});
  ExecutionContext context(executor);
  for (int turn = 0; turn < 2; ++turn) {
    EXPECT_TRUE(near(answer(context, {boolean({}, {true}), f32({2}, {-1, 1})}), f32({1, 2}, {0, -2})));
    EXPECT_TRUE(near(answer(context, {boolean({}, {false}), f32({2}, {-1, 1})}), f32({1, 2}, {2, -2})));
  }
}

TEST(Executor, NamesTheNodeThatFailsAndRunsOn) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {-1}));
  const ValueId y = b.input("y", fact(DType::kFloat32, {-1}));
  b.output(b.op("add", {b.op("relu", {x}), y}));
  const Executor executor(b.graph, {});
  ExecutionContext context(executor);
  try {
    context.run(Tensors{f32({2}, {1, 2}), f32({3}, {1, 2, 3})});
    ADD_FAILURE() << "was not refused";
  } catch (const ModelError& error) {
    EXPECT_NE(std::string(error.what()).find("node 'add_1' (add)"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(near(answer(context, {f32({1}, {1}), f32({1}, {2})}), f32({1}, {3})));
}

/// Doubles; refuses more than three elements.
struct Twice : Kernel {
  std::string_view name() const override { return "twice"; }
  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    for (std::size_t i = 0; i < in[0].data<float>().size(); ++i) out[0].mutable_data<float>()[i] = 2 * in[0].data<float>()[i];
  }
};
int asked = 0;
std::optional<Prepared> make_twice(const Node&, std::span<const Fact> in) {
  ++asked;
  if (in[0].shape.elements().value() > 3) return Refusal{"more than three", false};
  return std::make_unique<Twice>();
}

TEST(Executor, KeepsProgramsByShape) {
  Builder b;
  b.output(b.op("relu", {b.input("x", fact(DType::kFloat32, {-1}))}));
  const Backend backend{"test", {{"test/twice", make_twice}}};
  const Executor executor(b.graph, {&backend});
  ExecutionContext context(executor);
  asked = 0;
  const Tensor four = f32({4}, {1, 2, 3, 4});
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_TRUE(near(answer(context, {f32({1}, {1})}), f32({1}, {2})));
    EXPECT_TRUE(near(answer(context, {f32({2}, {1, 2})}), f32({2}, {2, 4})));
    EXPECT_TRUE(near(answer(context, {four}), four)) << "the definition runs where a backend refuses";
  }
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(context.profile()[0].refusals, std::vector<std::string>{"test/twice: more than three"});
}

/// Its definition's result is the value: there is no second one, and views of planned memory are not kept.
TEST(Executor, AdoptsWhatDefinitionsMake) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {1 << 20}));
  const ValueId negated = b.op("neg", {x});
  b.output(b.op("tanh", {b.op("relu", {negated})}));
  const Backend backend{"test", {{"test/negated", make_negated}}};
  const Executor executor(b.graph, {&backend});
  ExecutionContext context(executor);
  const Tensor in = Tensor::zeros(DType::kFloat32, Shape{1 << 20});
  const std::size_t limit = memory_limit();
  set_memory_limit(memory_in_use() + (std::size_t{13} << 20));  // the arena's 4 MB, relu's, tanh's
  EXPECT_NO_THROW(context.run({&in, 1}));
  set_memory_limit(limit);
}

/// Wants 4 KB.
struct Roomy : Negated {
  std::string_view name() const override { return "roomy"; }
  std::size_t workspace_bytes() const override { return 4096; }
};
std::optional<Prepared> make_roomy(const Node& node, std::span<const Fact>) {
  if (node.op.name() != "neg") return std::nullopt;
  return std::make_unique<Roomy>();
}

TEST(Executor, KeepsToTheBoundOfScratchMemory) {
  Builder b;
  b.output(b.op("neg", {b.input("x", fact(DType::kFloat32, {-1}))}));
  const Backend roomy{"test", {{"test/roomy", make_roomy}}};
  const Backend both{"test", {{"test/roomy", make_roomy}, {"test/negated", make_negated}}};
  const auto kernel = [&](const Backend& backend, std::size_t most) {
    const Executor executor(b.graph, {&backend}, {.chosen = {"", "test/roomy"}, .max_workspace_bytes = most});
    ExecutionContext context(executor);
    EXPECT_TRUE(near(answer(context, {f32({2}, {1, -2})}), f32({2}, {-1, 2})));
    return context.profile()[0].kernel;
  };
  EXPECT_EQ(kernel(both, 0), "roomy");
  EXPECT_EQ(kernel(both, 4096), "roomy");
  EXPECT_EQ(kernel(both, 4095), "negated");
  EXPECT_EQ(kernel(roomy, 4095), "reference");
}

TEST(Executor, RefusesBeforeItTakesWhatTheLimitForbids) {
  Builder b;
  b.output(b.op("neg", {b.op("neg", {b.input("x", fact(DType::kFloat32, {-1}))})}));
  const Backend backend{"test", {{"test/negated", make_negated}}};
  const std::size_t limit = baseline_resident_bytes() + (std::size_t{64} << 20);
  const Executor executor(b.graph, {&backend}, {.memory_limit_bytes = limit});
  ExecutionContext context(executor);
  EXPECT_TRUE(near(answer(context, {f32({2}, {1, -2})}), f32({2}, {1, -2})));
  const Tensor large = Tensor::zeros(DType::kFloat32, Shape{16 << 20});
  const std::size_t before = memory_in_use();
  try {
    context.run({&large, 1});
    ADD_FAILURE() << "was not refused";
  } catch (const ModelError& error) {
    EXPECT_NE(std::string(error.what()).find("the largest steps are 'neg"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("--memory-limit"), std::string::npos) << error.what();
  }
  EXPECT_LE(memory_in_use(), before + 4096) << "nothing was taken";
  EXPECT_TRUE(near(answer(context, {f32({1}, {3})}), f32({1}, {3}))) << "it goes on at other sizes";
}

/// A chain of operators on 4 MB, each of whose results is used once.
Graph long_chain() {
  Builder b;
  ValueId x = b.input("x", fact(DType::kFloat32, {-1}));
  for (int i = 0; i < 20; ++i) x = b.op("relu", {x});
  b.output(x);
  return b.graph;
}

TEST(Executor, ReusesTheMemoryOfWhatIsNotUsedAnyMore) {
  const Executor executor(long_chain(), {});
  const Tensor in = Tensor::zeros(DType::kFloat32, Shape{1 << 20});
  const std::size_t limit = memory_limit();
  set_memory_limit(memory_in_use() + (std::size_t{17} << 20));
  EXPECT_NO_THROW(run_once(executor, {&in, 1}));
  set_memory_limit(limit);
}

TEST(Executor, TakesNoMemoryInLaterRuns) {
  const Backend backend{"test", {{"test/twice", make_twice}}};
  const Executor executor(long_chain(), {&backend});
  ExecutionContext context(executor);
  const Tensors in{f32({3}, {1, 2, 3})};
  context.run(in);
  const std::size_t limit = memory_limit();
  set_memory_limit(0);
  EXPECT_NO_THROW(context.run(in));
  set_memory_limit(limit);
  EXPECT_TRUE(near(context.output(0), f32({3}, {1048576, 2097152, 3145728})));
}

TEST(Executor, WritesToTheCallersMemory) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {-1}));
  const ValueId y = b.op("relu", {x});
  b.output(y).output(x, "same").output(y, "again");
  const Executor executor(b.graph, {});
  ExecutionContext context(executor);
  Tensors mine{f32({2}, {9, 9}), f32({2}, {9, 9}), f32({2}, {9, 9})};
  for (std::size_t i = 0; i < 3; ++i) context.bind_output(i, mine[i]);
  for (const float sign : {1.0F, -1.0F}) {
    context.run(Tensors{f32({2}, {sign, 4})});
    EXPECT_TRUE(near(mine[0], f32({2}, {std::max(sign, 0.0F), 4})));
    EXPECT_TRUE(near(mine[1], f32({2}, {sign, 4})));
    EXPECT_TRUE(near(mine[2], mine[0]));
    EXPECT_EQ(context.output(0).bytes().data(), mine[0].bytes().data());
  }
}

std::int64_t elided_steps(const Graph& graph) {
  Facts inputs;
  for (const Port& input : graph.inputs()) inputs.push_back(graph.fact(input.value));
  const Backend* const backends[] = {&definitions()};
  return std::ranges::count(Program(graph, inputs, {.backends = backends}).steps(), true, &Program::Step::elided);
}

ValueId part(Builder& b, ValueId x, std::int32_t begin, std::int32_t end) {
  return b.op("strided_slice", {x, b.constant(i32({2}, {0, begin})), b.constant(i32({2}, {1, end})), b.constant(i32({2}, {1, 1}))});
}

/// Parts of what is computed and of inputs, written over and not, as outputs and not.
TEST(Executor, LeavesPartsWhereTheyAre) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {1, 6}));
  const ValueId y = b.op("relu", {x});
  const auto halves = b.ops("split", {y}, {{"axis", std::int64_t{1}}, {"parts", std::int64_t{2}}});
  b.output(b.op("neg", {halves[1]})).output(part(b, y, 0, 3), "copied");
  b.output(part(b, x, 4, 6), "of_input").output(b.op("neg", {part(b, halves[1], 1, 3)}), "of_part");
  b.output(b.op("neg", {b.op("gather", {y, b.constant(i32({2}, {2, 3}))}, {{"axis", std::int64_t{1}}})}), "picked");
  b.output(b.op("neg", {b.ops("unpack", {y}, {{"axis", std::int64_t{1}}, {"parts", std::int64_t{6}}})[5]}), "last");
  EXPECT_EQ(elided_steps(b.graph), 5);
  const Executor executor(b.graph, {&definitions()});
  ExecutionContext context(executor);
  for (const float sign : {1.0F, -1.0F}) {
    const Tensors inputs{f32({1, 6}, {1, -2, sign, 4, sign, 6})};
    const Tensors want = evaluate(b.graph, inputs);
    context.run(inputs);
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(near(context.output(i), want[i])) << b.graph.outputs()[i].name;
  }
}

TEST(Executor, CopiesPartsThatAreNotInOneRun) {
  Builder b;
  const ValueId y = b.op("relu", {b.input("x", fact(DType::kFloat32, {2, 4}))});
  const auto halves = b.ops("split", {y}, {{"axis", std::int64_t{1}}, {"parts", std::int64_t{2}}});
  b.output(b.op("neg", {halves[1]})).output(part(b, y, 1, 3), "part");
  b.output(b.op("gather", {y, b.constant(i32({2}, {1, 0}))}), "turned");
  EXPECT_EQ(elided_steps(b.graph), 0);
  const Tensors inputs{f32({2, 4}, {1, -2, 3, 4, 5, 6, 7, 8})};
  const Tensors want = evaluate(b.graph, inputs);
  const Tensors got = run_once(Executor(b.graph, {&definitions()}), inputs);
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(near(got[i], want[i])) << b.graph.outputs()[i].name;
}

/// A large tensor is not kept for a small part of it.
TEST(Executor, CopiesPartsThatWouldKeepMuchMore) {
  Builder b;
  const ValueId y = b.op("relu", {b.input("x", fact(DType::kFloat32, {1, 1 << 16}))});
  const ValueId few = part(b, y, 4, 8);
  const ValueId all = b.op("sum", {y}, {{"axes", std::vector<std::int64_t>{1}}});
  b.output(b.op("add", {all, few}));
  EXPECT_EQ(elided_steps(b.graph), 0);
}

/// Whoever shares memory, answers are those of the definitions, to the bit, in a second run too.
TEST(Executor, AnswersRandomGraphsAsDefinitionsDo) {
  for (std::uint64_t seed = 1; seed <= 400 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const Graph graph = random_graph(seed, 6 + seed % 40);
    Tensors inputs;
    for (const Port& input : graph.inputs()) {
      Shape shape;
      for (const Dim& dim : graph.fact(input.value).shape.dims()) shape.push_back(dim.known() ? dim.value() : 3);
      Tensor tensor(DType::kFloat32, shape);
      float next = -0.9F;
      for (float& x : tensor.mutable_data<float>()) x = next = next > 0.9F ? -0.95F : next + 0.13F;
      inputs.push_back(tensor);
    }
    const Tensors want = evaluate(graph, inputs);
    const Executor executor(graph, {&definitions()});
    ExecutionContext context(executor);
    for (int turn = 0; turn < 2; ++turn) {
      context.run(inputs);
      for (std::size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(near(context.output(i), want[i], 0, 0)) << graph.outputs()[i].name;
    }
  }
}

TEST(Executor, RunsInManyThreadsAtOnce) {
  const Executor executor(long_chain(), {});
  std::vector<std::thread> threads;
  std::array<Tensor, 4> answers;
  for (std::size_t t = 0; t < answers.size(); ++t) {
    threads.emplace_back([&, t] {
      ExecutionContext context(executor);
      for (int turn = 0; turn < 20; ++turn) context.run(Tensors{Tensor::from<float>({2}, std::array{static_cast<float>(t), -1.0F})});
      answers[t] = context.output(0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t t = 0; t < answers.size(); ++t) EXPECT_TRUE(near(answers[t], f32({2}, {static_cast<float>(t), 0})));
}

}  // namespace
}  // namespace temper::testing
