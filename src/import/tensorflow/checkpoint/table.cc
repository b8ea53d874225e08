#include "import/tensorflow/checkpoint/table.h"

#include <snappy.h>

#include <array>
#include <cstring>

#include "base/error.h"
#include "base/memory.h"
#include "import/tensorflow/checkpoint/crc32c.h"

namespace temper::tensorflow {
namespace {

constexpr std::size_t kFooterBytes = 48;
constexpr std::size_t kTrailerBytes = 5;
constexpr std::uint64_t kMagic = 0xdb4775248b80fb57U;
/// Snappy's longest copy is 64 bytes of 2: what claims to become much longer than that is damaged.
constexpr std::size_t kMostExpansion = 64;

[[noreturn]] void damaged() { throw ModelError("is damaged: a block of its table does not hold together"); }

std::uint32_t fixed32(std::string_view bytes) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data(), 4);
  return value;
}

std::uint64_t take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  damaged();
}

std::string_view take(std::string_view& bytes, std::uint64_t count) {
  if (count > bytes.size()) damaged();
  const std::string_view front = bytes.substr(0, static_cast<std::size_t>(count));
  bytes.remove_prefix(front.size());
  return front;
}

/// The entries of a block without their restart array, which serves binary search alone.
std::string_view entries_of(std::string_view block) {
  if (block.size() < 4) damaged();
  const std::uint64_t restarts = fixed32(block.substr(block.size() - 4));
  const std::uint64_t tail = 4 * restarts + 4;
  if (tail > block.size()) damaged();
  return block.substr(0, block.size() - static_cast<std::size_t>(tail));
}

void visit_entries(std::string_view block, const std::function<bool(std::string_view, std::string_view)>& visit) {
  std::string_view left = entries_of(block);
  std::string key;
  while (!left.empty()) {
    const std::uint64_t shared = take_varint(left), own = take_varint(left), value_bytes = take_varint(left);
    if (shared > key.size()) damaged();
    key.resize(static_cast<std::size_t>(shared));
    key += take(left, own);
    if (!visit(key, take(left, value_bytes))) return;
  }
}

std::string uncompressed(std::string_view block) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(block.data(), block.size(), &size)) damaged();
  if (size > kMostExpansion * block.size()) damaged();
  require(size <= memory_limit(), "has a block of {}, but {} of memory are allowed", format_bytes(size), format_bytes(memory_limit()));
  std::string out(size, '\0');
  if (!snappy::RawUncompress(block.data(), block.size(), out.data())) damaged();
  return out;
}

std::span<std::byte> writable(std::string& text) { return std::as_writable_bytes(std::span(text)); }

}  // namespace

bool Table::is_table(const ByteSource& source) {
  if (source.size_bytes() < kFooterBytes) return false;
  std::uint64_t magic = 0;
  source.read(source.size_bytes() - sizeof magic, std::as_writable_bytes(std::span(&magic, 1)));
  return magic == kMagic;
}

Table::Table(std::shared_ptr<const ByteSource> source) : source_(std::move(source)) {
  require(is_table(*source_), "is no table of a checkpoint, or is cut off: its last bytes are not those of one");
  std::string footer(kFooterBytes, '\0');
  source_->read(source_->size_bytes() - kFooterBytes, writable(footer));
  std::string_view handles = footer;
  read_handle(handles);  // of the meta index, which nothing here needs
  const std::string index = read_block(read_handle(handles));
  visit_entries(index, [&](std::string_view, std::string_view value) {
    blocks_.push_back(read_handle(value));
    return true;
  });
}

void Table::visit(std::size_t block, const std::function<bool(std::string_view, std::string_view)>& visit) const {
  const std::string bytes = read_block(blocks_.at(block));
  visit_entries(bytes, visit);
}

Table::Handle Table::read_handle(std::string_view& bytes) {
  const std::uint64_t offset = take_varint(bytes);
  return {offset, take_varint(bytes)};
}

std::string Table::read_block(Handle handle) const {
  const std::uint64_t size = source_->size_bytes();
  if (handle.offset > size || handle.size > size - handle.offset || size - handle.offset - handle.size < kTrailerBytes) damaged();
  require(handle.size <= memory_limit(), "has a block of {}, but {} of memory are allowed", format_bytes(handle.size), format_bytes(memory_limit()));
  const auto count = static_cast<std::size_t>(handle.size);
  std::string block(count + kTrailerBytes, '\0');
  source_->read(static_cast<std::size_t>(handle.offset), writable(block));
  const std::uint32_t found = masked_crc(crc32c(std::as_bytes(std::span(block)).first(count + 1)));
  require(found == fixed32(std::string_view(block).substr(count + 1)), "is damaged: a block of its table has another checksum than it says");
  const auto compression = static_cast<std::uint8_t>(block[count]);
  block.resize(count);
  if (compression == 1) return uncompressed(block);
  require(compression == 0, "has a block that is compressed in a way (number {}) that is not known", compression);
  return block;
}

}  // namespace temper::tensorflow
