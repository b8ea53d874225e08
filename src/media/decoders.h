#pragma once
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "media/picture.h"

/// Internal to src/media: one decoder a format. All throw ModelError, print nothing, and check sizes before they take
/// memory.
namespace temper::decoders {

enum class Format { kUnknown, kJpeg, kPng, kWebp, kBmp };

/// How four-colour JPEGs become RGB.
enum class CmykRule {
  kPillow,     ///< always stored inverted; rounded
  kTensorFlow  ///< stored inverted where an Adobe marker says so; truncated
};

DecodedImage decode_jpeg(std::string_view bytes, int channels, const JpegOptions& options, CmykRule rule);

template <class Sample>
Raster<Sample> decode_png(std::string_view bytes, int channels);

DecodedImage decode_webp(std::string_view bytes, int channels);

/// As Pillow reads it: palettes looked up, always 3 channels.
DecodedImage decode_bmp(std::string_view bytes);

/// As TensorFlow reads it: 8-bit samples are grey whatever the palette.
DecodedImage decode_bmp_samples(std::string_view bytes, int channels);

inline const std::uint8_t* data_of(std::string_view bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

/// Throws ModelError unless the sides are positive, the pixels at most kMaxPicturePixels, and `bytes_per_pixel` of each
/// fit what the memory limit leaves.
void require_room(std::int64_t width, std::int64_t height, std::int64_t bytes_per_pixel);

/// A raster whose samples are zero. `working_bytes_per_pixel` is what the decoder itself takes beside it.
template <class Sample>
Raster<Sample> make_raster(std::int64_t width, std::int64_t height, int channels, int working_bytes_per_pixel = 0) {
  require_room(width, height, channels * static_cast<int>(sizeof(Sample)) + working_bytes_per_pixel);
  Raster<Sample> raster{static_cast<int>(width), static_cast<int>(height), channels, {}};
  try {
    raster.samples.resize(static_cast<std::size_t>(width * height * channels));
  } catch (const std::bad_alloc&) {
    throw ModelError(fmt::format("the system refused the memory for {} x {} pixels", width, height));
  }
  return raster;
}

}  // namespace temper::decoders
