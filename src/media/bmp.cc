#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>

#include "media/decoders.h"

namespace temper::decoders {
namespace {

constexpr std::size_t kFileHeaderBytes = 14;
constexpr std::size_t kOs2HeaderBytes = 12;
constexpr std::size_t kInfoHeaderBytes = 40;
constexpr std::uint32_t kUncompressed = 0;
constexpr std::uint32_t kBitFields = 3;
constexpr std::uint32_t kAlphaBitFields = 6;

std::uint32_t little_endian(std::string_view bytes, std::size_t offset, std::size_t size) {
  require(offset <= bytes.size() && size <= bytes.size() - offset, "the BMP data are truncated");
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = (value << 8) | static_cast<std::uint8_t>(bytes[offset + i]);
  return value;
}

struct Header {
  std::int64_t width = 0;
  std::int64_t height = 0;
  bool top_down = false;
  std::size_t bits = 0;  // a pixel
  std::uint32_t compression = kUncompressed;
  std::size_t palette_offset = 0;
  std::size_t palette_entries = 0;
  std::size_t palette_entry_bytes = 4;
  std::size_t pixels_offset = 0;
  std::size_t row_bytes = 0;
};

void read_os2_header(std::string_view bytes, Header& header) {
  header.width = little_endian(bytes, 18, 2);
  header.height = little_endian(bytes, 20, 2);
  header.bits = little_endian(bytes, 24, 2);
  header.palette_entry_bytes = 3;
}

void read_info_header(std::string_view bytes, Header& header) {
  header.width = static_cast<std::int32_t>(little_endian(bytes, 18, 4));
  header.height = static_cast<std::int32_t>(little_endian(bytes, 22, 4));
  header.top_down = header.height < 0;
  header.height = std::abs(header.height);
  header.bits = little_endian(bytes, 28, 2);
  header.compression = little_endian(bytes, 30, 4);
  header.palette_entries = little_endian(bytes, 46, 4);
}

void require_known_encoding(const Header& header) {
  const bool has_masks = header.compression == kBitFields || header.compression == kAlphaBitFields;
  require(header.compression != 1 && header.compression != 2,
          "a run-length encoded BMP, which is not read; save it uncompressed");
  require(header.compression == kUncompressed || has_masks, "BMP compression {} is not read; save it uncompressed",
          header.compression);
  const bool known_bits = header.bits == 1 || header.bits == 4 || header.bits == 8 || header.bits == 16 ||
                          header.bits == 24 || header.bits == 32;
  require(known_bits, "the BMP has {} bits a pixel; 1, 4, 8, 16, 24 and 32 are read", header.bits);
  require(!has_masks || header.bits == 16 || header.bits == 32, "the BMP has colour masks for {} bits a pixel",
          header.bits);
}

/// The header, checked against the file's size: all rows are there.
Header read_header(std::string_view bytes) {
  const std::size_t header_bytes = little_endian(bytes, 14, 4);
  require(header_bytes == kOs2HeaderBytes || (header_bytes >= kInfoHeaderBytes && header_bytes <= 124),
          "the BMP has a header of {} bytes; 12 and 40 to 124 are read", header_bytes);
  Header header;
  if (header_bytes == kOs2HeaderBytes) {
    read_os2_header(bytes, header);
  } else {
    read_info_header(bytes, header);
  }
  require_known_encoding(header);
  require_room(header.width, header.height, 3);
  header.pixels_offset = little_endian(bytes, 10, 4);
  header.palette_offset = kFileHeaderBytes + header_bytes;
  require(header.pixels_offset >= header.palette_offset && header.pixels_offset <= bytes.size(),
          "the BMP puts its pixels at byte {} of {}", header.pixels_offset, bytes.size());
  const std::size_t room = (header.pixels_offset - header.palette_offset) / header.palette_entry_bytes;
  const std::size_t most = header.bits <= 8 ? std::size_t{1} << header.bits : 0;
  if (header.palette_entries == 0 || header.palette_entries > most) header.palette_entries = most;
  header.palette_entries = std::min(header.palette_entries, room);
  const std::size_t row_bits = static_cast<std::size_t>(header.width) * header.bits;
  header.row_bytes = (row_bits + 31) / 32 * 4;
  const std::size_t needed = header.row_bytes * (static_cast<std::size_t>(header.height) - 1) + (row_bits + 7) / 8;
  require(needed <= bytes.size() - header.pixels_offset,
          "the BMP data are truncated: {} x {} pixels of {} bits need {} bytes, {} are there", header.width,
          header.height, header.bits, needed, bytes.size() - header.pixels_offset);
  return header;
}

/// Bits of a pixel that hold one colour, and how to scale them to 8.
struct Field {
  std::uint32_t mask = 0;

  std::uint8_t scaled(std::uint32_t pixel) const {
    if (mask == 0) return 0;
    const int shift = std::countr_zero(mask);
    const std::uint64_t most = mask >> shift;
    return static_cast<std::uint8_t>(((pixel & mask) >> shift) * 255ULL / most);
  }
};

std::array<Field, 3> colour_fields(std::string_view bytes, const Header& header) {
  if (header.compression == kUncompressed) {
    if (header.bits == 16) return {{{0x7c00}, {0x03e0}, {0x001f}}};
    return {{{0xff0000}, {0x00ff00}, {0x0000ff}}};
  }
  constexpr std::size_t kMasksOffset = kFileHeaderBytes + kInfoHeaderBytes;
  std::array<Field, 3> fields;
  for (std::size_t c = 0; c < 3; ++c) fields[c].mask = little_endian(bytes, kMasksOffset + 4 * c, 4);
  return fields;
}

const std::uint8_t* row_at(std::string_view bytes, const Header& header, std::size_t y) {
  const std::size_t stored = header.top_down ? y : static_cast<std::size_t>(header.height) - 1 - y;
  return data_of(bytes) + header.pixels_offset + stored * header.row_bytes;
}

using Palette = std::array<std::array<std::uint8_t, 3>, 256>;

/// Entries that the file leaves out are black.
Palette read_palette(std::string_view bytes, const Header& header) {
  Palette palette{};
  for (std::size_t i = 0; i < header.palette_entries; ++i) {
    const std::uint8_t* bgr = data_of(bytes) + header.palette_offset + i * header.palette_entry_bytes;
    palette[i] = {bgr[2], bgr[1], bgr[0]};
  }
  return palette;
}

void expand_row(const std::uint8_t* row, std::size_t width, std::size_t bits, const Palette& palette,
                std::uint8_t* rgb) {
  for (std::size_t x = 0; x < width; ++x, rgb += 3) {
    const std::size_t bit = x * bits;
    const std::size_t index = (static_cast<std::size_t>(row[bit / 8]) >> (8 - bits - bit % 8)) & ((1U << bits) - 1);
    std::copy(palette[index].begin(), palette[index].end(), rgb);
  }
}

void expand_row(const std::uint8_t* row, std::size_t width, std::size_t bits, const std::array<Field, 3>& fields,
                std::uint8_t* rgb) {
  const std::size_t pixel_bytes = bits / 8;
  for (std::size_t x = 0; x < width; ++x, row += pixel_bytes, rgb += 3) {
    std::uint32_t pixel = 0;
    for (std::size_t i = pixel_bytes; i-- > 0;) pixel = (pixel << 8) | row[i];
    for (std::size_t c = 0; c < 3; ++c) rgb[c] = fields[c].scaled(pixel);
  }
}

}  // namespace

DecodedImage decode_bmp(std::string_view bytes) {
  const Header header = read_header(bytes);
  auto image = make_raster<std::uint8_t>(header.width, header.height, 3);
  const auto width = static_cast<std::size_t>(header.width);
  const Palette palette = read_palette(bytes, header);
  const std::array<Field, 3> fields = colour_fields(bytes, header);
  for (std::size_t y = 0; y < static_cast<std::size_t>(header.height); ++y) {
    std::uint8_t* rgb = image.samples.data() + y * width * 3;
    const std::uint8_t* row = row_at(bytes, header, y);
    if (header.bits <= 8) {
      expand_row(row, width, header.bits, palette, rgb);
    } else {
      expand_row(row, width, header.bits, fields, rgb);
    }
  }
  return image;
}

DecodedImage decode_bmp_samples(std::string_view bytes, int channels) {
  const Header header = read_header(bytes);
  require(header.bits == 8 || header.bits == 24 || header.bits == 32,
          "the BMP has {} bits a pixel; a model decodes 8, 24 and 32", header.bits);
  const std::size_t stored = header.bits / 8;
  if (channels == 0) channels = static_cast<int>(stored);
  require(channels != 1 || stored == 1, "the BMP is coloured: 1 channel cannot be had from it");
  auto image = make_raster<std::uint8_t>(header.width, header.height, channels);
  std::uint8_t* out = image.samples.data();
  for (std::size_t y = 0; y < static_cast<std::size_t>(header.height); ++y) {
    const std::uint8_t* in = row_at(bytes, header, y);
    for (std::int64_t x = 0; x < header.width; ++x, in += stored, out += channels) {
      for (int c = 0; c < std::min(channels, 3); ++c) out[c] = in[stored == 1 ? 0 : 2 - c];
      if (channels == 4) out[3] = stored == 4 ? in[3] : 255;
    }
  }
  return image;
}

}  // namespace temper::decoders
