#include "passes/detection_graphs.h"
#include "passes/pass.h"

namespace temper::testing {
namespace {

std::int64_t count_of(const Graph& graph, std::string_view op) {
  const auto names = op_names(graph);
  return std::ranges::count(names, op);
}

/// Why the pass leaves a graph in which duplicates are merged.
std::map<std::string, std::int64_t> skips_of(Graph graph) {
  PassOptions options;
  for (const auto& pass : pass_table().entries()) {
    if (pass.name != "merge_duplicates" && pass.name != "raise_multiclass_nms") options.disabled.emplace_back(pass.name);
  }
  for (const PassReport& report : optimise(graph, options)) {
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

/// Two tensors, one after the other along their first axis.
Tensor joined(const Tensor& a, const Tensor& b) {
  Builder c;
  c.output(c.op("concat", {c.constant(a), c.constant(b)}));
  return evaluate(c.graph, Tensors{}).at(0);
}

void expect_left(const DetectionRules& rules, const std::string& reason) {
  const Graph graph = DetectionGraph(rules).graph;
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

TEST(RaiseMulticlassNmsOfBatches, WorksOnAllPicturesAtOnce) {
  const DetectionRules rules{.background = 1};
  Builder b;
  const ValueId boxes = b.input("boxes", fact(DType::kFloat32, {-1, -1, 1, 4}));
  const ValueId scores = b.input("scores", fact(DType::kFloat32, {-1, -1, 4}));
  const ValueId windows = b.input("windows", fact(DType::kFloat32, {-1, 4}));
  const ValueId fields = b.input("fields", fact(DType::kFloat32, {-1, -1, 2}));
  const auto results = b.ops("map", {boxes, scores, windows, fields}, {{"scanned", std::int64_t{4}}}, {DetectionGraph(rules).graph});
  for (std::size_t i = 0; i < results.size(); ++i) b.output(results[i], fmt::format("y{}", i));
  const Graph after = optimised(b.graph);
  EXPECT_EQ(count_of(after, "map"), 0) << to_text(after);
  EXPECT_EQ(count_of(after, "multiclass_nms"), 1) << to_text(after);
  Tensors inputs;
  for (std::size_t i = 0; i < 4; ++i) {
    const Tensors first = DetectionGraph::inputs(rules, 30, 1);
    const Tensors second = DetectionGraph::inputs(rules, 30, 2);
    const auto under = [](const Tensor& x) {
      Shape shape{1};
      for (const std::int64_t dim : x.shape()) shape.push_back(dim);
      return x.reshaped(shape);
    };
    inputs.push_back(joined(under(first[i]), under(second[i])));
  }
  const Tensors want = evaluate(b.graph, inputs);
  const Tensors got = evaluate(after, inputs);
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(identical(got.at(i), want[i])) << "output " << i;
}

TEST(RaiseMulticlassNmsSkips, SaysWhatItDoesNotTake) {
  DetectionRules rules;
  rules.score = -0.5F;
  expect_left(rules, "scores below zero are kept, which stand for none");
  rules = {.sigma = 0.5F};
  expect_left(rules, "suppression is soft");
  rules = {.static_shape = true};
  expect_left(rules, "rows that are no detections are kept (a static shape)");
}

TEST(RaiseMulticlassNmsSkips, RaisesWhatItCan) {
  DetectionRules rules{.first_label = 1};
  EXPECT_EQ(count_of(optimised(DetectionGraph(rules).graph), "multiclass_nms"), 1);
}

}  // namespace
}  // namespace temper::testing
