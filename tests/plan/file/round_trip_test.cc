#include <set>

#include "import/tensorflow/import_graph_def.h"
#include "import/tensorflow/read_graph_def.h"
#include "ops/evaluate.h"
#include "ops/registry.h"
#include "passes/driver.h"
#include "plan/file/plans.h"
#include "support/recorded.h"
#include "support/tensors.h"

namespace temper::testing {
namespace {

Plan there_and_back(const Plan& plan) {
  const TemporaryFile file;
  save_plan(plan, file.path());
  return load_plan(file.path(), WeightsCheck::kAlways);
}

Graph imported(const RecordedCase& c) {
  ImportOptions options;
  for (const auto& [name, tensor] : c.outputs) options.outputs.push_back(name);
  for (const auto& [name, tensor] : c.inputs) options.inputs.push_back({name, Fact{tensor.dtype(), {}, {}}});
  const auto file = tensorflow::parse_graph_def(c.graph);
  return tensorflow::import_graph_def(file, options);
}

void collect_kinds(const Graph& graph, std::set<std::size_t>& kinds) {
  for (const NodeId id : graph.order()) {
    for (const auto& [name, attribute] : graph.node(id).op.attributes()) kinds.insert(attribute.index());
    for (const Graph& region : graph.node(id).regions) collect_kinds(region, kinds);
  }
}

/// What save_plan keeps of a graph.
Graph compacted(const Graph& graph) {
  Graph result = graph.compacted();
  for (const NodeId id : result.order()) {
    for (Graph& region : result.node(id).regions) region = compacted(region);
  }
  return result;
}

/// The same text and facts, and the same answers to the last bit.
void expect_same(const Graph& before, const Graph& after, const Tensors& inputs) {
  EXPECT_EQ(full_text(after), full_text(compacted(before)));
  verify(after);
  const Tensors want = evaluate(before, inputs);
  if (!std::ranges::equal(evaluate(before, inputs), want, [](const Tensor& a, const Tensor& b) { return identical(a, b); })) return;
  const Tensors got = evaluate(after, inputs);
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(identical(got[i], want[i])) << "output " << i;
}

TEST(PlanFile, KeepsEveryRecordedGraph) {
  std::set<std::size_t> kinds;
  std::size_t count = 0;
  for (const auto& file : recorded_files()) {
    for (const RecordedCase& c : read_cases(file)) {
      SCOPED_TRACE(c.op + "/" + c.name);
      ++count;
      try {
        Plan plan{imported(c), {}, {}, {}, {}};
        Tensors inputs;
        for (const Port& port : plan.graph.inputs()) inputs.push_back(c.inputs.at(port.name));
        optimise(plan.graph);
        collect_kinds(plan.graph, kinds);
        expect_same(plan.graph, there_and_back(plan).graph, inputs);
      } catch (const Error& error) {
        ADD_FAILURE() << error.what();
      }
    }
  }
  EXPECT_GT(count, 1000U);
  for (const std::string_view name : op_registry().names()) {
    for (const auto& [field, attribute] : op_registry().make(name, {}).attributes()) {
      EXPECT_TRUE(kinds.contains(attribute.index())) << field << " of " << name;
    }
  }
}

TEST(PlanFile, KeepsEverythingElse) {
  for (const auto& [name, plan] : small_plans()) {
    SCOPED_TRACE(name);
    const Plan after = there_and_back(plan);
    EXPECT_EQ(full_text(after.graph), full_text(compacted(plan.graph)));
    EXPECT_EQ(after.profile, plan.profile);
    EXPECT_EQ(after.tactics, plan.tactics);
    EXPECT_EQ(after.passes, plan.passes);
    EXPECT_EQ(after.info, plan.info);
  }
}

TEST(PlanFile, IsTheSameBytesForTheSamePlan) {
  for (const auto& [name, plan] : small_plans()) {
    SCOPED_TRACE(name);
    const TemporaryFile first;
    const TemporaryFile second;
    const TemporaryFile third;
    save_plan(plan, first.path());
    save_plan(plan, second.path());
    EXPECT_EQ(first.content(), second.content());
    save_plan(load_plan(first.path()), third.path());
    EXPECT_EQ(first.content(), third.content());
    EXPECT_TRUE(is_plan_file(first.path()));
  }
}

TEST(PlanFile, KeepsEqualElementsOnce) {
  Plan plan = small_plans()[2].second;  // packed bytes and equal plain ones
  const TemporaryFile file;
  save_plan(plan, file.path());
  EXPECT_LT(file.content().size(), 4096U + 4100U + 1U);
}

TEST(PlanFile, TensorsOutliveThePlan) {
  const TemporaryFile file;
  save_plan(small_plans()[2].second, file.path());
  const auto last_constant = [](const Plan& plan) { return *plan.graph.fact(plan.graph.outputs().back().value).constant; };
  const Tensor bytes = last_constant(load_plan(file.path()));
  save_plan({}, file.path());
  EXPECT_TRUE(identical(bytes, last_constant(small_plans()[2].second)));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes.bytes().data()) % 4096, 0U);
}

TEST(PlanFile, LeavesOutWhatNoOutputNeeds) {
  Plan plan = small_plans()[0].second;
  const TemporaryFile before;
  save_plan(plan, before.path());
  plan.graph.add_constant(Tensor::zeros(DType::kFloat32, {5000}), "unused");
  const TemporaryFile after;
  save_plan(plan, after.path());
  EXPECT_EQ(before.content(), after.content());
}

}  // namespace
}  // namespace temper::testing
