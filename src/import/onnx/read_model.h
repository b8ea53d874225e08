#pragma once
#include <filesystem>
#include <memory>
#include <string_view>

#include "import/onnx/external_data.h"

namespace temper::onnx {

struct ModelFile {
  std::unique_ptr<ModelProto> model;
  ExternalFiles files;
};

/// Whether a file's content is an ONNX model's, as far as its outermost message tells.
bool is_onnx_model(const ByteSource& source);

/// Reads a model. Throws ModelError where the file is not one, or is above 2 GB, or more than the memory limit allows.
ModelFile read_onnx(const std::filesystem::path& path);

/// The same from bytes in memory; large tensors are looked for in `folder`, or refused where there is none.
ModelFile parse_onnx(std::string_view bytes, ExternalFiles files = {});

}  // namespace temper::onnx
