#pragma once
#include "import/import.h"

namespace temper::keras {


/// Reads a model of Keras. Weights without an architecture are read with NAME.json beside NAME.h5 or NAME.weights.h5, and the other way
/// round. Throws ModelError as import_model does; layers that have no rule are named together.
Graph import_keras(const std::filesystem::path& path, const ImportOptions& options);
ModelSummary summarise_keras(const std::filesystem::path& path, const ImportOptions& options);

}  // namespace temper::keras
