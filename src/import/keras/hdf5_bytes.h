#pragma once
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace temper::keras {

/// Reads little-endian fields one after the other. Throws ModelError behind the end.
class Hdf5Fields {
 public:
  explicit Hdf5Fields(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::size_t position() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }
  std::span<const std::byte> take(std::size_t size) {
    require(size <= left(), "the HDF5 file is damaged: a structure of {} bytes ends {} bytes early", bytes_.size(), size - left());
    const auto part = bytes_.subspan(at_, size);
    at_ += size;
    return part;
  }
  void skip(std::size_t size) { take(size); }
  /// An unsigned number of 1 to 8 bytes.
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    const auto part = take(size);
    for (std::size_t i = 0; i < size; ++i) value |= static_cast<std::uint64_t>(part[i]) << (8 * i);
    return value;
  }
  std::uint8_t byte() { return static_cast<std::uint8_t>(number(1)); }
  /// Skips to a multiple of 8 from the beginning.
  void align() { skip(std::min((8 - at_ % 8) % 8, left())); }
  std::string text(std::size_t size) {
    const auto part = take(size);
    std::string value(reinterpret_cast<const char*>(part.data()), part.size());
    return value.substr(0, value.find('\0'));
  }
  void expect(std::string_view signature) {
    const auto part = take(signature.size());
    require(std::memcmp(part.data(), signature.data(), signature.size()) == 0,
            "the HDF5 file is damaged: a structure '{}' is not where it should be", signature);
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

/// A file's bytes under the addresses that it uses itself.
struct Hdf5Bytes {
  std::shared_ptr<const ByteSource> source;
  std::uint64_t base = 0;       ///< what addresses count from
  std::size_t offset_size = 8;  ///< of an address
  std::size_t length_size = 8;  ///< of a size

  std::uint64_t undefined() const { return offset_size == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * offset_size)) - 1; }
  std::uint64_t available(std::uint64_t address) const {
    const std::uint64_t size = source->size_bytes();
    return base > size || address > size - base ? 0 : size - base - address;
  }
  void read(std::uint64_t address, std::span<std::byte> out) const {
    require(out.size() <= available(address), "the HDF5 file is truncated: {} bytes at {} lie behind its end of {} bytes", out.size(),
            address, source->size_bytes());
    if (!out.empty()) source->read(static_cast<std::size_t>(base + address), out);
  }
  std::vector<std::byte> read(std::uint64_t address, std::uint64_t size) const {
    require(size <= available(address), "the HDF5 file is truncated: {} bytes at {} lie behind its end of {} bytes", size, address,
            source->size_bytes());
    std::vector<std::byte> bytes(static_cast<std::size_t>(size));
    read(address, std::span(bytes));
    return bytes;
  }
};

}  // namespace temper::keras
