#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "onnx/node_case.h"

/// ONNX's own node tests: the committed ones, and all of them where TEMPER_ONNX_NODE_TESTS names their folder (tools/onnx_node_tests.py
/// fetches them).
namespace temper::testing {
namespace {

TEST(OnnxNodes, CommittedCasesPass) {
  for (const NodeCase& c : find_cases(std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/onnx/data")) {
    const Outcome outcome = run_case(c);
    EXPECT_EQ(outcome.kind, Outcome::Kind::kPassed) << c.name << ": " << outcome.reason;
  }
}

/// Prints a line for each case: passed, refused or wrong, its name, and why. With TEMPER_ONNX_NODE_FILTER, only of names that hold it.
TEST(OnnxNodes, NoCaseGivesAWrongAnswer) {
  const char* folder = std::getenv("TEMPER_ONNX_NODE_TESTS");
  if (folder == nullptr) GTEST_SKIP() << "TEMPER_ONNX_NODE_TESTS does not name the folder of ONNX's node tests";
  const char* filter = std::getenv("TEMPER_ONNX_NODE_FILTER");
  for (const NodeCase& c : find_cases(folder)) {
    if (filter != nullptr && c.name.find(filter) == std::string::npos) continue;
    const Outcome outcome = run_case(c);
    static constexpr const char* kNames[] = {"passed", "refused", "wrong"};
    std::string note = outcome.reason;
    for (const std::string& name : outcome.fixed) note += (note.empty() ? "constant: " : ", ") + name;
    std::printf("%s\t%s\t%s\n", kNames[static_cast<int>(outcome.kind)], c.name.c_str(), note.c_str());
    EXPECT_NE(outcome.kind, Outcome::Kind::kWrong) << c.name << ": " << outcome.reason;
  }
}

}  // namespace
}  // namespace temper::testing
