#pragma once
#include "import/import.h"
#include "import/tensorflow/locate.h"

namespace temper::tensorflow {

/// A MetaGraphDef or SavedModel, its variables read from the checkpoint, as a graph of Temper operators. Inputs and outputs have the names of the signature where there is one.
Graph import_meta_graph(const ModelFiles& files, const ImportOptions& options);

/// Describes one. Throws as import_meta_graph does.
ModelSummary summarise_meta_graph(const ModelFiles& files, const ImportOptions& options);

}  // namespace temper::tensorflow
