#include "import/onnx/read_model.h"

#include <array>
#include <climits>

#include "base/error.h"
#include "base/memory.h"

namespace temper::onnx {
namespace {

/// Steps through the fields of a file's outermost message, reading keys and sizes alone.
class FieldScanner {
 public:
  explicit FieldScanner(const ByteSource& source) : source_(source) {}

  /// The next field's number and kind of encoding; false at the end, or where the bytes are no message.
  bool next(std::uint64_t& field, std::uint64_t& wire_type) {
    std::uint64_t key = 0, size = 0;
    if (at_ >= source_.size_bytes() || !varint(key)) return false;
    field = key >> 3;
    wire_type = key & 7;
    switch (wire_type) {
      case 0: return varint(size);
      case 1: size = 8; break;
      case 2:
        if (!varint(size)) return false;
        break;
      case 5: size = 4; break;
      default: return false;
    }
    if (size > source_.size_bytes() - at_) return false;
    at_ += static_cast<std::size_t>(size);
    return true;
  }
  bool at_end() const { return at_ == source_.size_bytes(); }

 private:
  bool varint(std::uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64 && at_ < source_.size_bytes(); shift += 7) {
      std::array<std::byte, 1> byte{};
      source_.read(at_++, byte);
      value |= static_cast<std::uint64_t>(byte[0] & std::byte{0x7f}) << shift;
      if ((byte[0] & std::byte{0x80}) == std::byte{0}) return true;
    }
    return false;
  }

  const ByteSource& source_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_onnx_model(const ByteSource& source) {
  constexpr std::uint64_t kVarint = 0, kDelimited = 2;
  constexpr int kMostFields = 100'000;
  FieldScanner scanner(source);
  bool has_version = false, has_graph = false, has_opsets = false;
  std::uint64_t field = 0, wire_type = 0;
  for (int i = 0; i < kMostFields && scanner.next(field, wire_type); ++i) {
    if (field == ModelProto::kIrVersionFieldNumber) {
      if (wire_type != kVarint) return false;  // what a GraphDef has there is a node
      has_version = true;
    }
    has_graph |= field == ModelProto::kGraphFieldNumber && wire_type == kDelimited;
    has_opsets |= field == ModelProto::kOpsetImportFieldNumber && wire_type == kDelimited;
  }
  return has_graph && (has_version || has_opsets);
}

ModelFile read_onnx(const std::filesystem::path& path) {
  const FileSource file(path);
  require(file.size_bytes() <= INT_MAX, "is {} long; an ONNX model cannot pass 2 GB: save its tensors as external data",
          format_bytes(file.size_bytes()));
  require(file.size_bytes() <= memory_limit(), "is {} long, but {} of memory are allowed", format_bytes(file.size_bytes()),
          format_bytes(memory_limit()));
  const MappedFile mapped(path);
  const auto bytes = mapped.bytes();
  return parse_onnx({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, ExternalFiles(path.parent_path()));
}

ModelFile parse_onnx(std::string_view bytes, ExternalFiles files) {
  ModelFile file{std::make_unique<ModelProto>(), std::move(files)};
  require(bytes.size() <= INT_MAX && file.model->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) && file.model->has_graph(),
          "is not an ONNX model, or is truncated or damaged");
  return file;
}

}  // namespace temper::onnx
