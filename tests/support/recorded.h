#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "ir/tensor.h"

namespace temper::testing {

/// One graph with inputs and the outputs that TensorFlow gave for them. tests/golden/README.md has the format.
struct RecordedCase {
  std::string op;    ///< the spelling that the file is about
  std::string name;
  std::string graph;  ///< a serialised GraphDef
  std::vector<std::string> ops;  ///< every spelling in the graph and its functions
  std::map<std::string, Tensor> inputs;
  std::map<std::string, Tensor> outputs;
  double atol = 0;
  double rtol = 0;
};

/// The files of a folder of recorded cases, sorted.
std::vector<std::filesystem::path> recorded_files();
std::vector<RecordedCase> read_cases(const std::filesystem::path& file);

}  // namespace temper::testing
