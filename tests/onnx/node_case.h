#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace temper::testing {

/// One of ONNX's own node tests: a folder with model.onnx and test_data_set_*/{input,output}_*.pb.
struct NodeCase {
  std::string name;  ///< of the folder, without "test_"
  std::filesystem::path folder;
};

/// The cases in a folder, by name.
std::vector<NodeCase> find_cases(const std::filesystem::path& folder);

/// What became of a case.
struct Outcome {
  enum class Kind { kPassed, kRefused, kWrong } kind = Kind::kPassed;
  std::string reason;              ///< of a refusal, or what is wrong
  std::vector<std::string> fixed;  ///< inputs that had to be constant, so their values were given with the model
};

/// Runs a case's data on the reference kernels and on the optimised graph. Never throws.
Outcome run_case(const NodeCase& c);

}  // namespace temper::testing
