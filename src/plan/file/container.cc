#include "plan/file/container.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/error.h"
#include "plan/file/checksum.h"

namespace temper {
namespace {

/// As of PNG: a byte that is no text, the name, and line ends that a transfer as text would change.
constexpr std::array<char, 8> kMagic{'\x89', 'T', 'P', 'L', '\r', '\n', '\x1a', '\n'};
constexpr std::uint32_t kByteOrder = 0x01020304;
constexpr std::uint32_t kOtherByteOrder = 0x04030201;
constexpr std::size_t kMostSections = 1024;

/// The first bytes of a plan file, the same in all versions of the format.
struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t byte_order = kByteOrder;
  std::uint16_t major = kPlanMajor;
  std::uint16_t minor = kPlanMinor;
  std::uint64_t file_size = 0;
  std::uint32_t section_count = 0;
  std::uint32_t reserved = 0;
  std::array<char, 24> made_by{};  ///< the Temper that wrote it, zeros behind
  std::uint64_t checksum = 0;      ///< of this header, with 0 here, and the entries
};
static_assert(sizeof(Header) == 64 && std::is_trivially_copyable_v<Header>);

/// One a section, behind the header.
struct HeaderEntry {
  std::array<char, 8> name{};  ///< zeros behind
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t checksum = 0;
};
static_assert(sizeof(HeaderEntry) == 32 && std::is_trivially_copyable_v<HeaderEntry>);

template <std::size_t N>
std::array<char, N> padded(std::string_view text) {
  std::array<char, N> result{};
  std::ranges::copy(text.substr(0, N), result.begin());
  return result;
}

template <std::size_t N>
std::string unpadded(const std::array<char, N>& text) {
  return {text.begin(), std::ranges::find(text, '\0')};
}

std::uint64_t header_checksum(Header header, std::span<const HeaderEntry> entries) {
  header.checksum = 0;
  Checksum sum;
  sum.add(std::as_bytes(std::span(&header, 1)));
  sum.add(std::as_bytes(entries));
  return sum.value();
}

std::size_t aligned(std::size_t offset, std::size_t alignment) { return (offset + alignment - 1) / alignment * alignment; }

constexpr std::array<std::byte, kPageSize> kZeros{};

/// Calls `take` with the bytes of a section, the zeros between pieces too.
template <class Take>
void for_each_piece(const SectionOut& section, Take&& take) {
  std::size_t at = 0;
  for (const SectionOut::Piece& piece : section.pieces) {
    invariant(piece.offset >= at && piece.offset - at <= kZeros.size(), "a piece at {} comes after {} bytes", piece.offset, at);
    take(std::span(kZeros).first(piece.offset - at));
    take(piece.bytes);
    release_mapped(piece.bytes);  // weights may be more than memory holds
    at = piece.offset + piece.bytes.size();
  }
}

std::uint64_t section_checksum(const SectionOut& section) {
  Checksum sum;
  for_each_piece(section, [&](std::span<const std::byte> bytes) { sum.add(bytes); });
  return sum.value();
}

template <class T>
T read_struct(std::span<const std::byte> bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

/// Of a section of a mapped file. Its pages are given back as it goes on: a run needs some of them at a time, or none.
std::uint64_t mapped_checksum(std::span<const std::byte> bytes) {
  constexpr std::size_t kStride = std::size_t{4} << 20;
  if (bytes.size() <= kStride) return checksum(bytes);
  Checksum sum;
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(kStride, bytes.size()))) {
    const auto piece = bytes.first(std::min(kStride, bytes.size()));
    sum.add(piece);
    release_mapped(piece);
  }
  return sum.value();
}

/// The header, where this is a plan of this byte order that is all there.
Header checked_header(std::span<const std::byte> bytes) {
  require(has_plan_magic(bytes), "is no plan of Temper; `temper optimize` makes one of a model");
  require(bytes.size() >= sizeof(Header), "is cut off: it has {} bytes, and plans have more. Copy or make it again",
          bytes.size());
  const auto header = read_struct<Header>(bytes, 0);
  require(header.byte_order != kOtherByteOrder,
          "was made on a machine of the other byte order; make it again from the model, on this one");
  require(header.byte_order == kByteOrder, "is damaged in its header. Copy or make it again");
  require(header.file_size <= bytes.size(), "is cut off: it has {} of {} bytes. Copy or make it again", bytes.size(),
          header.file_size);
  require(header.file_size == bytes.size(), "is damaged: it has {} bytes where its header says {}. Copy or make it again",
          bytes.size(), header.file_size);
  require(header.section_count <= kMostSections && sizeof(Header) + header.section_count * sizeof(HeaderEntry) <= bytes.size(),
          "is damaged in its header. Copy or make it again");
  return header;
}

}  // namespace

void write_container(const std::filesystem::path& path, std::span<const SectionOut> sections) {
  Header header;
  header.made_by = padded<24>(TEMPER_VERSION);
  header.section_count = static_cast<std::uint32_t>(sections.size());
  std::vector<HeaderEntry> entries;
  std::size_t at = sizeof(Header) + sections.size() * sizeof(HeaderEntry);
  for (const SectionOut& section : sections) {
    invariant(section.name.size() <= 8, "section {} has a long name", section.name);
    at = aligned(at, section.pieces.empty() ? kTensorAlignment : section.alignment);
    entries.push_back({padded<8>(section.name), at, section.size(), section_checksum(section)});
    at += section.size();
  }
  header.file_size = at;
  header.checksum = header_checksum(header, entries);
  write_atomically(path, [&](const std::filesystem::path& temporary) {
    std::ofstream out(temporary, std::ios::binary);
    require(out.good(), "cannot be written: {}", std::strerror(errno));
    const auto write = [&](std::span<const std::byte> bytes) {
      out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    };
    write(std::as_bytes(std::span(&header, 1)));
    write(std::as_bytes(std::span(entries)));
    std::size_t written = sizeof(Header) + entries.size() * sizeof(HeaderEntry);
    for (std::size_t i = 0; i < sections.size(); ++i) {
      write(std::span(kZeros).first(entries[i].offset - written));
      for_each_piece(sections[i], write);
      written = entries[i].offset + entries[i].size;
    }
    out.close();
    require(out.good(), "could not be written whole: {}", std::strerror(errno));
  });
}

Container::Container(const std::filesystem::path& path) : file_(std::make_shared<const MappedFile>(path)) {
  const auto bytes = file_->bytes();
  const Header header = checked_header(bytes);
  std::vector<HeaderEntry> entries;
  for (std::size_t i = 0; i < header.section_count; ++i) {
    entries.push_back(read_struct<HeaderEntry>(bytes, sizeof(Header) + i * sizeof(HeaderEntry)));
  }
  require(header_checksum(header, entries) == header.checksum, "is damaged in its header. Copy or make it again");
  made_by_ = unpadded(header.made_by);
  require(header.major <= kPlanMajor,
          "is a plan of format {}.{}, made by Temper {}; this is Temper {}, which reads formats up to {}. Use that version, "
          "or make the plan again with this one",
          header.major, header.minor, made_by_, TEMPER_VERSION, kPlanMajor);
  require(header.major > 0, "is damaged: it says that its format is 0. Copy or make it again");
  newer_ = header.major == kPlanMajor && header.minor > kPlanMinor;
  for (const HeaderEntry& entry : entries) {
    const std::string name = unpadded(entry.name);
    require(entry.offset <= bytes.size() && entry.size <= bytes.size() - entry.offset && entry.offset % kTensorAlignment == 0,
            "is damaged: its section '{}' lies outside the file. Copy or make it again", name);
    const Entry kept{entry.offset, entry.size, entry.checksum};
    require(entries_.emplace(name, kept).second, "is damaged: it has two sections '{}'. Copy or make it again", name);
  }
}

std::span<const std::byte> Container::section(std::string_view name, bool check) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return {};
  const auto bytes = file_->bytes().subspan(found->second.offset, found->second.size);
  require(!check || mapped_checksum(bytes) == found->second.checksum, "is damaged in its section '{}'. Copy or make it again", name);
  return bytes;
}

bool has_plan_magic(std::span<const std::byte> bytes) {
  return bytes.size() >= kMagic.size() && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

}  // namespace temper
