#pragma once
#include "import/import.h"
#include "import/tensorflow/proto/graph.pb.h"

namespace temper::tensorflow {

/// A GraphDef as a graph of Temper operators. Takes the message's large contents out of it.
Graph import_graph_def(GraphDef& graph, const ImportOptions& options);

/// Describes a GraphDef. `format` is left to the caller.
ModelSummary summarise_graph_def(GraphDef& graph, const ImportOptions& options);

}  // namespace temper::tensorflow
