#include "import/tensorflow/checkpoint/slices.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include "base/error.h"

namespace temper::tensorflow {
namespace {

void require_inside(const TensorSlice& slice, const Shape& whole) {
  require(slice.starts.size() == whole.rank(), "a part of {} axes is of a tensor of shape {}", slice.starts.size(), whole);
  for (std::size_t axis = 0; axis < whole.rank(); ++axis) {
    const std::int64_t start = slice.starts[axis], count = slice.counts[axis];
    require(start >= 0 && count >= 0 && start <= whole[axis] && count <= whole[axis] - start,
            "a part of a tensor of shape {} begins at {} and is {} long along axis {}", whole, start, count, axis);
  }
}

/// Numbers as ordered codes: a count of bytes, then the bytes, the highest first.
void put_number(std::string& out, std::uint64_t value) {
  std::string bytes;
  for (; value != 0; value >>= 8) bytes.insert(bytes.begin(), static_cast<char>(value & 0xffU));
  out.push_back(static_cast<char>(bytes.size()));
  out += bytes;
}

/// Text as ordered codes: bytes 0 and 255 are followed by another, and 0 1 ends it.
void put_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    out.push_back(c);
    if (c == '\0') out.push_back('\xff');
    if (c == '\xff') out.push_back('\0');
  }
  out += std::string_view("\0\1", 2);
}

/// Signed numbers as ordered codes: as many leading bits as the code has bytes tell its length.
void put_signed(std::string& out, std::int64_t value) {
  const auto magnitude = static_cast<std::uint64_t>(value < 0 ? ~value : value);
  const auto length = static_cast<std::size_t>(std::bit_width(magnitude)) / 7 + 1;
  std::array<std::uint8_t, 10> bytes{};
  bytes.fill(value < 0 ? 0xff : 0);
  for (std::size_t i = 0; i < 8; ++i) bytes[9 - i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i));
  const std::uint32_t header = (0xffffU << (16 - length)) & 0xffffU;
  std::uint8_t* first = bytes.data() + (10 - length);
  first[0] = static_cast<std::uint8_t>(first[0] ^ (header >> 8));
  if (length > 1) first[1] = static_cast<std::uint8_t>(first[1] ^ (header & 0xffU));
  out.append(reinterpret_cast<const char*>(first), length);
}

std::int64_t parse_int64(std::string_view text, std::string_view whole) {
  std::int64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  require(result.ec == std::errc() && result.ptr == text.data() + text.size(), "'{}' does not describe a part of a tensor", whole);
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find(separator, at);
    parts.push_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return parts;
    at = end + 1;
  }
}

/// Calls `copy(offset in the whole, offset in the part, count)` for each run of elements that are neighbours in both.
template <class Copy>
void visit_runs(const Shape& shape, const TensorSlice& slice, Copy&& copy) {
  const std::size_t rank = shape.rank();
  const std::int64_t total = slice.shape().elements();
  if (total == 0) return;
  const std::int64_t run = rank == 0 ? 1 : slice.counts[rank - 1];
  std::vector<std::int64_t> at(rank, 0);
  for (std::int64_t part = 0; part < total; part += run) {
    std::int64_t offset = 0;
    for (std::size_t axis = 0; axis < rank; ++axis) offset = offset * shape[axis] + slice.starts[axis] + at[axis];
    copy(static_cast<std::size_t>(offset), static_cast<std::size_t>(part), static_cast<std::size_t>(run));
    for (std::size_t axis = rank - std::min<std::size_t>(rank, 1); axis-- > 0;) {
      if (++at[axis] < slice.counts[axis]) break;
      at[axis] = 0;
    }
  }
}

}  // namespace

Shape TensorSlice::shape() const {
  Shape shape;
  for (const std::int64_t count : counts) shape.push_back(count);
  return shape;
}

TensorSlice to_slice(const TensorSliceProto& proto, const Shape& whole) {
  TensorSlice slice;
  for (int axis = 0; axis < proto.extent_size(); ++axis) {
    const auto& extent = proto.extent(axis);
    const bool all = extent.has_length_case() == TensorSliceProto::Extent::HAS_LENGTH_NOT_SET;
    slice.starts.push_back(all ? 0 : extent.start());
    slice.counts.push_back(all ? static_cast<std::size_t>(axis) < whole.rank() ? whole[static_cast<std::size_t>(axis)] : -1 : extent.length());
  }
  require_inside(slice, whole);
  return slice;
}

TensorSlice to_slice(std::string_view text, const Shape& whole) {
  TensorSlice slice;
  if (text.empty()) {
    for (const std::int64_t dim : whole) {
      slice.starts.push_back(0);
      slice.counts.push_back(dim);
    }
    return slice;
  }
  const auto words = split(text, ' ');
  const auto extents = split(words.back(), ':');
  require(words.size() == whole.rank() + 1 && extents.size() == whole.rank(), "'{}' does not describe a part of a tensor of shape {}", text, whole);
  for (std::size_t axis = 0; axis < whole.rank(); ++axis) {
    require(parse_int64(words[axis], text) == whole[axis], "'{}' does not describe a part of a tensor of shape {}", text, whole);
    const std::size_t comma = extents[axis].find(',');
    const bool all = extents[axis] == "-";
    slice.starts.push_back(all ? 0 : parse_int64(extents[axis].substr(0, comma), text));
    slice.counts.push_back(all ? whole[axis] : parse_int64(comma == std::string_view::npos ? "" : extents[axis].substr(comma + 1), text));
  }
  require_inside(slice, whole);
  return slice;
}

std::string slice_key(std::string_view name, const TensorSliceProto& slice) {
  std::string key;
  put_number(key, 0);
  put_text(key, name);
  put_number(key, static_cast<std::uint64_t>(slice.extent_size()));
  for (const auto& extent : slice.extent()) {
    const bool all = extent.has_length_case() == TensorSliceProto::Extent::HAS_LENGTH_NOT_SET;
    put_signed(key, all ? 0 : extent.start());
    put_signed(key, all ? -1 : extent.length());
  }
  return key;
}

void put_slice(std::span<std::byte> whole, const Shape& shape, const TensorSlice& slice, std::span<const std::byte> part, std::size_t element_bytes) {
  visit_runs(shape, slice, [&](std::size_t to, std::size_t from, std::size_t count) {
    std::memcpy(whole.data() + to * element_bytes, part.data() + from * element_bytes, count * element_bytes);
  });
}

void get_slice(std::span<const std::byte> whole, const Shape& shape, const TensorSlice& slice, std::span<std::byte> part, std::size_t element_bytes) {
  visit_runs(shape, slice, [&](std::size_t from, std::size_t to, std::size_t count) {
    std::memcpy(part.data() + to * element_bytes, whole.data() + from * element_bytes, count * element_bytes);
  });
}

}  // namespace temper::tensorflow
