#pragma once
#include <string>

namespace temper::testing {

/// What became of the inputs so far.
struct Counts {
  std::size_t inputs = 0;
  std::size_t imported = 0;
  std::size_t evaluated = 0;  ///< ran to an answer by the operators' definitions
  std::size_t executed = 0;   ///< and optimised, by the executor on the default backends
};

/// Reads a GraphDef, binary or text, a model of Keras, or a plan; imports, evaluates, optimises (no plan) and executes it, as far as it goes. A ModelError ends
/// that well. Throws InternalError where a step that must not fail does, or answers another thing than was inferred. What
/// is run on is decided by the bytes alone.
void exercise(const std::string& bytes, Counts& counts);

}  // namespace temper::testing
