#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "import/import.h"
#include "import/tensorflow/locate.h"
#include "import/tensorflow/read_graph_def.h"

namespace temper::tensorflow {

/// An input or output of a model: what it is called, and its tensor ("node:0").
struct ModelPort {
  std::string name;
  std::string tensor;
  std::optional<Fact> fact;  ///< of an input, as far as it is said
};

/// A model of whichever form as one graph without variables.
struct FrozenModel {
  GraphFile file;
  std::vector<ModelPort> inputs;   ///< those of the signature and those that the user names; not every placeholder
  std::vector<ModelPort> outputs;
  // What is to be said of it:
  std::string format;
  std::string producer;
  std::vector<SignatureSummary> signatures;
  std::size_t node_count = 0;
  std::size_t function_count = 0;
  std::size_t variable_count = 0;
  std::vector<std::string> unused_variables;
};

/// Reads a model and makes constants of its variables (freeze.h), for the outputs and cut at the inputs that `options` names, or those of its signature. Throws
/// ModelError where it cannot be read, lacks what is chosen, or cannot be frozen.
FrozenModel read_frozen(const ModelFiles& files, const ImportOptions& options);

}  // namespace temper::tensorflow
