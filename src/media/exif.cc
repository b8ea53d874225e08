#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/error.h"
#include "media/picture.h"

namespace temper {
namespace {

/// Unsigned integers of either byte order; reads outside the data give 0.
class Reader {
 public:
  Reader(std::string_view bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}

  std::uint32_t number(std::size_t offset, std::size_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t at = big_endian_ ? offset + i : offset + size - 1 - i;
      value = (value << 8) | static_cast<std::uint8_t>(bytes_[at]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  bool big_endian_;
};

constexpr std::string_view kExifPrefix{"Exif\0\0", 6};

/// The orientation in the first directory of a TIFF structure; 0 where it has none.
int orientation_in_tiff(std::string_view tiff) {
  constexpr std::size_t kEntryBytes = 12;
  const bool big_endian = tiff.starts_with("MM");
  if (!big_endian && !tiff.starts_with("II")) return 0;
  const Reader reader(tiff, big_endian);
  const std::size_t directory = reader.number(4, 4);
  const std::size_t entries = reader.number(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntryBytes;
    if (entry + kEntryBytes > tiff.size()) break;
    constexpr std::uint32_t kOrientation = 0x0112;
    constexpr std::uint32_t kShort = 3;
    if (reader.number(entry, 2) == kOrientation && reader.number(entry + 2, 2) == kShort) {
      return static_cast<int>(reader.number(entry + 8, 2));
    }
  }
  return 0;
}

}  // namespace

int exif_orientation(std::string_view bytes) {
  constexpr std::uint32_t kApp1 = 0xe1;
  constexpr std::uint32_t kStartOfScan = 0xda;
  const Reader reader(bytes, true);
  std::size_t at = 2;
  while (at + 4 <= bytes.size() && reader.number(at, 1) == 0xff) {
    const std::uint32_t marker = reader.number(at + 1, 1);
    if (marker == 0xff) {  // a fill byte
      ++at;
      continue;
    }
    const std::size_t length = reader.number(at + 2, 2);
    if (marker == kStartOfScan || length < 2 || length > bytes.size() - at - 2) break;
    const std::string_view payload = bytes.substr(at + 4, length - 2);
    if (marker == kApp1 && payload.starts_with(kExifPrefix)) {
      const int orientation = orientation_in_tiff(payload.substr(kExifPrefix.size()));
      return orientation >= 1 && orientation <= 8 ? orientation : 1;
    }
    at += 2 + length;
  }
  return 1;
}

Picture turn_upright(const Picture& picture, int orientation) {
  require(orientation >= 1 && orientation <= 8, "EXIF orientation {} does not exist; 1 to 8 do", orientation);
  if (orientation == 1) return picture;
  const bool swaps_sides = orientation >= 5;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Picture upright{picture.width, picture.height, std::vector<std::uint8_t>(picture.rgb.size())};
  if (swaps_sides) std::swap(upright.width, upright.height);
  std::uint8_t* out = upright.rgb.data();
  for (int y = 0; y < upright.height; ++y) {
    for (int x = 0; x < upright.width; ++x) {
      int source_x = swaps_sides ? y : x;
      int source_y = swaps_sides ? x : y;
      if (from_right) source_x = picture.width - 1 - source_x;
      if (from_bottom) source_y = picture.height - 1 - source_y;
      const auto pixel = static_cast<std::ptrdiff_t>(source_y) * picture.width + source_x;
      const std::uint8_t* in = picture.rgb.data() + pixel * 3;
      for (int c = 0; c < 3; ++c) *out++ = in[c];
    }
  }
  return upright;
}

}  // namespace temper
