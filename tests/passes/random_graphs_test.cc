#include <cstdlib>
#include <map>

#include "ir/text.h"
#include "passes/pass.h"
#include "support/passes.h"
#include "support/random_graph.h"

/// All passes on random graphs. TEMPER_RANDOM_GRAPHS is how many (2000), TEMPER_RANDOM_SEED the first seed (1).
namespace temper::testing {
namespace {

std::uint64_t environment_number(const char* name, std::uint64_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

/// To rounding, of the largest element.
void expect_same_answers(const Graph& got_graph, const Graph& want_graph) {
  const Tensors inputs = random_inputs(want_graph);
  const Tensors want = evaluate(want_graph, inputs);
  const Tensors got = evaluate(got_graph, inputs);
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    double largest = 0;
    for (const float x : want[i].data<float>()) largest = std::max(largest, std::abs(static_cast<double>(x)));
    EXPECT_TRUE(near(got[i], want[i], 2e-4 * std::max(largest, 1.0), 1e-4)) << "output " << want_graph.outputs()[i].name;
  }
}

std::map<std::string, int> census(const Graph& graph) {
  std::map<std::string, int> counts;
  for (const std::string& name : op_names(graph)) ++counts[name];
  return counts;
}

template <class Check>
void for_random_graphs(Check&& check) {
  const std::uint64_t first = environment_number("TEMPER_RANDOM_SEED", 1);
  const std::uint64_t count = environment_number("TEMPER_RANDOM_GRAPHS", 2000);
  for (std::uint64_t seed = first; seed < first + count && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("TEMPER_RANDOM_SEED={}", seed));
    const Graph graph = random_graph(seed, 6 + seed % 40);
    try {
      check(graph, seed);
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
    if (::testing::Test::HasFailure()) ADD_FAILURE() << to_text(graph);
  }
}

TEST(RandomGraphs, AnswerAlikeAfterwards) {
  for_random_graphs([](const Graph& graph, std::uint64_t) {
    const Graph after = optimised(graph);
    verify(after);
    expect_same_answers(after, graph);
  });
}

TEST(RandomGraphs, AreLeftAloneTheSecondTime) {
  for_random_graphs([](const Graph& graph, std::uint64_t) {
    Graph after = optimised(graph);
    const std::string text = to_text(after);
    for (const PassReport& report : optimise(after)) EXPECT_EQ(report.patch_count, 0) << report.name << " changes what was left\n" << text;
    EXPECT_EQ(to_text(after), text);
  });
}

TEST(RandomGraphs, ComeToTheSameInAnyOrderOfPasses) {
  for_random_graphs([](const Graph& graph, std::uint64_t seed) {
    const Graph listed = optimised(graph);
    Graph shuffled = graph;
    optimise(shuffled, {.shuffle_seed = seed});
    EXPECT_EQ(census(shuffled), census(listed)) << to_text(shuffled) << "where the listed order left\n" << to_text(listed);
    expect_same_answers(shuffled, graph);
  });
}

TEST(RandomGraphs, DoWithoutAnyPass) {
  for_random_graphs([](const Graph& graph, std::uint64_t seed) {
    const auto entries = pass_table().entries();
    const std::string_view pass = entries[seed % entries.size()].name;
    Graph after = graph;
    for (const PassReport& report : optimise(after, {.disabled = {std::string(pass)}})) EXPECT_NE(report.name, pass);
    for (const NodeId id : after.order()) EXPECT_NE(after.node(id).created_by, pass);
    expect_same_answers(after, graph);
  });
}

}  // namespace
}  // namespace temper::testing
