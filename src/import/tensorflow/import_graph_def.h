#pragma once
#include "import/import.h"
#include "import/tensorflow/read_graph_def.h"

namespace temper::tensorflow {

/// A GraphDef as a graph of Temper operators. Takes contents out of the message.
Graph import_graph_def(const GraphFile& file, const ImportOptions& options);

/// Describes a GraphDef. `format` is left to the caller.
ModelSummary summarise_graph_def(const GraphFile& file, const ImportOptions& options);

}  // namespace temper::tensorflow
