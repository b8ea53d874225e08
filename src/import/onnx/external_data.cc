#include "import/onnx/external_data.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace temper::onnx {
namespace {

std::size_t parse_size(const std::string& text, std::string_view what) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(error == std::errc() && end == text.data() + text.size(), "external data has {} '{}', which is no size", what, text);
  return value;
}

}  // namespace

ExternalRange ExternalFiles::find(const TensorProto& tensor) {
  const auto entry = [&](std::string_view key) -> const std::string* {
    for (const auto& pair : tensor.external_data()) {
      if (pair.key() == key) return &pair.value();
    }
    return nullptr;
  };
  const std::string* location = entry("location");
  require(location != nullptr && !location->empty(), "external data names no file");
  ExternalRange range{open(*location)};
  const std::size_t file_bytes = range.file->size_bytes();
  if (const auto* offset = entry("offset")) range.offset = parse_size(*offset, "offset");
  require(range.offset <= file_bytes, "external data begins at {}, but '{}' holds {} bytes", range.offset, *location, file_bytes);
  range.size_bytes = file_bytes - range.offset;
  if (const auto* length = entry("length")) {
    const std::size_t wanted = parse_size(*length, "length");
    require(wanted <= range.size_bytes, "external data of {} bytes from {} on passes the end of '{}', which holds {}", wanted, range.offset,
            *location, file_bytes);
    range.size_bytes = wanted;
  }
  return range;
}

std::shared_ptr<const ByteSource> ExternalFiles::open(const std::string& location) {
  require(folder_.has_value(), "external data in '{}' cannot be read: the model has no folder", location);
  auto& file = files_[location];
  if (file) return file;
  const std::filesystem::path relative(location);
  const bool plain = location.find('\0') == std::string::npos && relative.is_relative() &&
                     std::ranges::none_of(relative, [](const auto& part) { return part == ".."; });
  require(plain, "external data in '{}' lies outside the model's folder, which is not allowed", location);
  std::error_code error;
  const auto folder = std::filesystem::canonical(folder_->empty() ? "." : *folder_, error);
  require(!error, "the model's folder cannot be found");
  const auto path = std::filesystem::canonical(folder / relative, error);
  require(!error, "external data in '{}' cannot be found beside the model", location);
  const auto [end, ignored] = std::ranges::mismatch(folder, path);
  require(end == folder.end(), "external data in '{}' is a link to outside the model's folder, which is not allowed", location);
  require(std::filesystem::is_regular_file(path, error), "external data in '{}' is not a regular file", location);
  file = std::make_shared<const FileSource>(path);
  return file;
}

}  // namespace temper::onnx
