#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>

#include "onnx/node_case.h"

/// ONNX's own node tests: the committed ones, and all of them where TEMPER_ONNX_NODE_TESTS names their folder (tools/onnx_node_tests.py
/// fetches them).
namespace temper::testing {
namespace {

/// Cases whose recorded answers go against ONNX's own text, which onnxruntime follows too.
const std::map<std::string, std::string>& disputed() {
  static const std::string kWraps = "the recorded answer wraps around where QLinearMatMul saturates";
  static const std::string kCuts = "the recorded answer is cut off where Cast rounds to the nearest even";
  static const std::map<std::string, std::string> all = {
      {"qlinearmatmul_2D_int8_float16", kWraps},
      {"qlinearmatmul_2D_int8_float32", kWraps},
      {"qlinearmatmul_3D_int8_float16", kWraps},
      {"qlinearmatmul_3D_int8_float32", kWraps},
      {"cast_FLOAT_to_BFLOAT16", kCuts},
      {"castlike_FLOAT_to_BFLOAT16", kCuts},
      {"castlike_FLOAT_to_BFLOAT16_expanded", kCuts},
      {"averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True",
       "the recorded answer counts what lies behind the padding, which is none"}};
  return all;
}

TEST(OnnxNodes, CommittedCasesPass) {
  for (const NodeCase& c : find_cases(std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/onnx/data")) {
    const Outcome outcome = run_case(c);
    EXPECT_EQ(outcome.kind, Outcome::Kind::kPassed) << c.name << ": " << outcome.reason;
  }
}

/// Prints a line for each case: passed, refused, wrong or disputed, its name, and why. With TEMPER_ONNX_NODE_FILTER, only of names that hold it.
TEST(OnnxNodes, NoCaseGivesAWrongAnswer) {
  const char* folder = std::getenv("TEMPER_ONNX_NODE_TESTS");
  if (folder == nullptr) GTEST_SKIP() << "TEMPER_ONNX_NODE_TESTS does not name the folder of ONNX's node tests";
  const char* filter = std::getenv("TEMPER_ONNX_NODE_FILTER");
  for (const NodeCase& c : find_cases(folder)) {
    if (filter != nullptr && c.name.find(filter) == std::string::npos) continue;
    const Outcome outcome = run_case(c);
    if (const auto known = disputed().find(c.name); known != disputed().end() && outcome.kind == Outcome::Kind::kWrong) {
      std::printf("disputed\t%s\t%s\n", c.name.c_str(), known->second.c_str());
      continue;
    }
    static constexpr const char* kNames[] = {"passed", "refused", "wrong"};
    std::string note = outcome.reason;
    for (const std::string& name : outcome.fixed) note += (note.empty() ? "constant: " : ", ") + name;
    std::printf("%s\t%s\t%s\n", kNames[static_cast<int>(outcome.kind)], c.name.c_str(), note.c_str());
    EXPECT_NE(outcome.kind, Outcome::Kind::kWrong) << c.name << ": " << outcome.reason;
  }
}

}  // namespace
}  // namespace temper::testing
