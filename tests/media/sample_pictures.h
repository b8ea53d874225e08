#pragma once
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>

#include "media/picture.h"

/// Pictures and files that the tests of src/media make for themselves.
namespace temper::testing {

/// A smooth gradient with a little noise, so that every compressor has something to do.
inline Picture sample_picture(int width, int height, std::uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  Picture picture{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (const int base : {x * 200 / width, y * 200 / height, (x + y) * 200 / (width + height)}) {
        picture.rgb.push_back(static_cast<std::uint8_t>(base + static_cast<int>(random() % 40)));
      }
    }
  }
  return picture;
}

struct RawPng {
  int width = 0;
  int height = 0;
  int bit_depth = 8;
  int colour_type = 0;
  std::string rows;     // packed as PNG packs them
  std::string palette;  // RGB
  std::string alpha;    // of the palette's entries
  bool interlaced = false;
};
std::string make_png(const RawPng& raw);

/// A JPEG of `components` (1 to 4) from interleaved samples. `sampling` is the first component's factor both ways.
struct RawJpeg {
  int width = 0;
  int height = 0;
  int components = 3;
  std::string samples;
  int sampling = 1;
  bool progressive = false;
  bool adobe_marker = true;
};
std::string make_jpeg(const RawJpeg& raw);

std::string make_webp(const Picture& picture, bool lossless);
std::string make_webp_with_alpha(const Picture& picture, std::uint8_t alpha);

/// A BMP file: headers as given, then palette and rows. Integers are little-endian.
struct RawBmp {
  int width = 0;
  int height = 0;  // negative is top-down
  int bits = 24;
  int compression = 0;
  std::string palette;  // or colour masks
  std::string rows;
  int colours_used = 0;
  bool os2 = false;
};
std::string make_bmp(const RawBmp& raw);

std::string from_hex(std::string_view hex);

/// FNV-1a, 64 bits.
std::uint64_t hash_of(const std::vector<std::uint8_t>& bytes);

/// A file below TEMPER_SHARED_DATA, or else below ../shared/data beside the source folder.
std::filesystem::path shared_data(const std::string& path);

}  // namespace temper::testing
