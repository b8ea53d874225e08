#pragma once
#include "import/import.h"
#include "import/tensorflow/read_graph_def.h"

namespace temper::tensorflow {

/// What inputs and outputs are called where it is not their tensors' names.
struct PortNames {
  std::map<std::string, std::string> inputs;  ///< by the tensors' names, as ImportOptions has them; "node" of a placeholder
  std::vector<std::string> outputs;           ///< for ImportOptions::outputs, one each; or none
};

/// A GraphDef as a graph of Temper operators. Takes contents out of the message.
Graph import_graph_def(const GraphFile& file, const ImportOptions& options, const PortNames& names = {});

/// Describes a GraphDef. `format` is left to the caller.
ModelSummary summarise_graph_def(const GraphFile& file, const ImportOptions& options, const PortNames& names = {});

}  // namespace temper::tensorflow
