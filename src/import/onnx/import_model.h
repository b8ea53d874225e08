#pragma once
#include "import/import.h"
#include "import/onnx/read_model.h"

namespace temper::onnx {

/// As import_model and summarise_model, for a model that has been read. Tensors move out of it.
Graph import_onnx(ModelFile& file, const ImportOptions& options);
ModelSummary summarise_onnx(ModelFile& file, const ImportOptions& options);

}  // namespace temper::onnx
