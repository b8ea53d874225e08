#include <filesystem>
#include <set>

#include "base/file.h"
#include "ir/constant.h"
#include "ir/text.h"
#include "passes/pass.h"
#include "support/passes.h"

/// Every pass by itself on the graphs of tests/passes/data/<pass>.txt. A file is a row of cases:
///     == what is shown
///     graph (...) { ... }
///     =>
///     graph (...) { ... }
/// The second graph is what the pass leaves of the first. "=> unchanged", or "=> unchanged: reason", stands for the first graph
/// again, with the reason that the pass gives for it. Graphs are compared node by node; of constants with more elements than
/// are printed, only the shape. Both are run on random inputs, and a second time the pass is to find nothing.
namespace temper::testing {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/passes/data";

struct Case {
  std::string title;
  std::string before;  ///< with as many line ends in front as stand before it in the file, so that errors name its lines
  std::string after;   ///< likewise; empty where it is left unchanged
  std::string reason;  ///< why it is; empty where none is asked for
};

std::vector<Case> read_cases(const std::filesystem::path& file) {
  std::vector<Case> cases;
  std::string* part = nullptr;
  std::string before;
  const std::string text = read_file(file);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.starts_with("== ")) {
      cases.push_back({line.substr(3), before, {}, {}});
      part = &cases.back().before;
    } else if (line.starts_with("=>") && !cases.empty()) {
      static constexpr std::string_view kUnchanged = "=> unchanged";
      part = line == "=>" ? &cases.back().after : nullptr;
      if (part != nullptr) *part = before;
      else if (line.starts_with(kUnchanged)) cases.back().reason = line.substr(std::min(line.size(), kUnchanged.size() + 2));
      else throw ModelError(fmt::format("{}: '{}' is neither '=>' nor '=> unchanged'", file.string(), line));
    } else if (part != nullptr) {
      *part += line;
      *part += '\n';
    }
    before += '\n';
  }
  return cases;
}

/// A run of one pass alone.
PassReport run_alone(std::string_view pass, Graph& graph) {
  PassOptions options;
  for (const auto& entry : pass_table().entries()) {
    if (entry.name != pass) options.disabled.emplace_back(entry.name);
  }
  return optimise(graph, options).at(0);
}

bool alike(const Attribute& got, const Attribute& want) {
  const auto* tensor = std::get_if<Tensor>(&want);
  if (tensor == nullptr || got.index() != want.index()) return identical(got, want);
  const Tensor& other = std::get<Tensor>(got);
  if (tensor->elements() > kMostPrintedElements) return other.dtype() == tensor->dtype() && other.shape() == tensor->shape();
  return near(other, *tensor, 1e-6, 1e-5);
}

bool alike(const Graph& got, const Graph& want);

/// Nodes are numbered alike in both graphs.
bool alike(const Node& got, const Node& want) {
  return got.op.name() == want.op.name() && got.inputs == want.inputs && got.outputs == want.outputs &&
         std::ranges::equal(got.op.attributes(), want.op.attributes(),
                            [](const auto& a, const auto& b) { return a.first == b.first && alike(a.second, b.second); }) &&
         std::ranges::equal(got.regions, want.regions, [](const Graph& a, const Graph& b) { return alike(a, b); });
}

bool alike(const Graph& got_graph, const Graph& want_graph) {
  const Graph got = got_graph.compacted();
  const Graph want = want_graph.compacted();
  const auto same_name = [](const Port& a, const Port& b) { return a.name == b.name && a.value == b.value; };
  if (!std::ranges::equal(got.inputs(), want.inputs(), same_name) || !std::ranges::equal(got.outputs(), want.outputs(), same_name) ||
      got.node_count() != want.node_count()) {
    return false;
  }
  for (std::size_t i = 0; i < got.node_count(); ++i) {
    if (!alike(got.node(static_cast<NodeId>(i)), want.node(static_cast<NodeId>(i)))) return false;
  }
  return true;
}

void run_case(std::string_view pass, const Case& c) {
  const Graph before = from_text(c.before, op_registry());
  const Graph want = c.after.empty() ? before : from_text(c.after, op_registry());
  Graph got = before;
  const PassReport report = run_alone(pass, got);
  EXPECT_TRUE(alike(got, want)) << "got\n" << to_text(got) << "where this was expected\n" << to_text(want);
  EXPECT_TRUE(c.reason.empty() || report.skips.contains(c.reason)) << "got " << ::testing::PrintToString(report.skips);
  EXPECT_EQ(report.patch_count > 0, !c.after.empty());
  Graph again = got;
  EXPECT_EQ(run_alone(pass, again).patch_count, 0) << "changes its own result\n" << to_text(again);
  for (const unsigned seed : {1U, 2U}) {
    const Tensors inputs = random_inputs(before, seed);
    const Tensors answers = evaluate(before, inputs);
    const Tensors after_answers = evaluate(got, inputs);
    for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_TRUE(near(after_answers.at(i), answers[i], 1e-5, 1e-5)) << "output " << i;
  }
}

std::vector<std::string> pass_names() {
  std::vector<std::string> names;
  for (const auto& pass : pass_table().entries()) names.emplace_back(pass.name);
  return names;
}

class PassData : public ::testing::TestWithParam<std::string> {};

TEST_P(PassData, LeavesWhatItShould) {
  const std::string& pass = GetParam();
  const std::filesystem::path file = kFolder / (pass + ".txt");
  ASSERT_TRUE(std::filesystem::exists(file)) << "there is no " << file << ": the cases of the pass";
  const std::vector<Case> cases = read_cases(file);
  EXPECT_GE(std::ranges::count_if(cases, [](const Case& c) { return !c.after.empty(); }), 1) << "no case shows a change";
  EXPECT_GE(std::ranges::count_if(cases, [](const Case& c) { return c.after.empty(); }), 1) << "no case shows what stays";
  for (const Case& c : cases) {
    SCOPED_TRACE(file.filename().string() + ": " + c.title);
    try {
      run_case(pass, c);
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Each, PassData, ::testing::ValuesIn(pass_names()), [](const auto& pass) { return pass.param; });

TEST(PassData, IsOfPassesThatThereAre) {
  const std::vector<std::string> names = pass_names();
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    EXPECT_TRUE(std::ranges::count(names, entry.path().stem().string()) == 1) << entry.path();
  }
}

}  // namespace
}  // namespace temper::testing
