#include "passes/detection_graphs.h"

namespace temper::testing {
namespace {

std::int64_t count_of(const Graph& graph, std::string_view op) {
  const auto names = op_names(graph);
  return std::ranges::count(names, op);
}

std::map<std::string, std::int64_t> skips_of(const Graph& graph) {
  Graph copy = graph;
  for (const PassReport& report : optimise(copy, {.disabled = {"hoist_dims"}})) {  // reasons are those of the last round
    if (report.name == "raise_multiclass_nms") return report.skips;
  }
  return {};
}

/// Expects that the graph becomes one multiclass_nms that gives exactly what it gave.
void expect_raised(const DetectionRules& rules) {
  const DetectionGraph g(rules);
  const Graph after = optimised(g.graph);
  EXPECT_EQ(count_of(after, "multiclass_nms"), 1) << to_text(after);
  EXPECT_EQ(count_of(after, "non_max_suppression") + count_of(after, "top_k") + count_of(after, "pad"), 0) << to_text(after);
  for (const std::int64_t n : {0, 1, 2, 5, 40, 100}) {
    for (const int levels : {0, 1, 4}) {
      SCOPED_TRACE(fmt::format("{} boxes, {} levels of scores", n, levels));
      const Tensors inputs = DetectionGraph::inputs(rules, n, static_cast<unsigned>(n + levels), levels);
      const Tensors want = evaluate(g.graph, inputs);
      const Tensors got = evaluate(after, inputs);
      ASSERT_EQ(got.size(), want.size());
      for (std::size_t k = 0; k < want.size(); ++k) {
        EXPECT_TRUE(identical(got[k], want[k])) << g.graph.outputs()[k].name;
      }
    }
  }
}

void expect_left(const Graph& graph, const std::string& reason) {
  EXPECT_EQ(count_of(optimised(graph), "multiclass_nms"), 0);
  const auto skips = skips_of(graph);
  EXPECT_TRUE(skips.contains(reason)) << fmt::format("{}", skips);
}

class RaiseMulticlassNms : public ::testing::TestWithParam<Writing> {};

TEST_P(RaiseMulticlassNms, KeepsAnswersExactly) {
  DetectionRules rules{.writing = GetParam()};
  expect_raised(rules);
  rules.frame = false;
  expect_raised(rules);
  rules.window = false;
  expect_raised(rules);
}

TEST_P(RaiseMulticlassNms, TakesOneClassAndBoxesOfEachClass) {
  DetectionRules rules{.writing = GetParam()};
  rules.classes = 1;
  expect_raised(rules);
  rules.field = false;
  expect_raised(rules);
  rules.classes = 5;
  rules.shared_boxes = false;
  expect_raised(rules);
}

TEST_P(RaiseMulticlassNms, TakesBackgroundsAndKnownWindows) {
  DetectionRules rules{.writing = GetParam()};
  rules.background = 1;
  rules.constant_window = true;
  expect_raised(rules);
  rules.frame = false;
  rules.per_class = 100;
  rules.total = 50;
  rules.score = 0;
  expect_raised(rules);
}

INSTANTIATE_TEST_SUITE_P(Writings, RaiseMulticlassNms, ::testing::Values(Writing::kPadded, Writing::kThresholded, Writing::kFiltered),
                         [](const auto& writing) {
                           return std::string(std::array{"Padded", "Thresholded", "Filtered"}.at(static_cast<std::size_t>(writing.param)));
                         });

TEST(RaiseMulticlassNmsSkips, SaysWhatItDoesNotTake) {
  DetectionRules rules;
  rules.score = -0.5F;
  expect_left(DetectionGraph(rules).graph, "scores below zero are kept, which stand for none");
}

}  // namespace
}  // namespace temper::testing
