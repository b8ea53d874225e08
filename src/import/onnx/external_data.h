#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/file.h"
#include "import/onnx/proto/model.pb.h"

namespace temper::onnx {

/// Where a tensor's elements lie in a file of their own.
struct ExternalRange {
  std::shared_ptr<const ByteSource> file;
  std::size_t offset = 0;
  std::size_t size_bytes = 0;
};

/// The files beside a model that hold its large tensors.
class ExternalFiles {
 public:
  /// None: every tensor that lies outside is refused.
  ExternalFiles() = default;
  explicit ExternalFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Throws ModelError where the tensor names no file within the model's folder, by any way (absolute paths, "..", links), or bytes that the
  /// file does not hold.
  ExternalRange find(const TensorProto& tensor);

 private:
  std::shared_ptr<const ByteSource> open(const std::string& location);

  std::optional<std::filesystem::path> folder_;
  std::map<std::string, std::shared_ptr<const ByteSource>> files_;
};

}  // namespace temper::onnx
