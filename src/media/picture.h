#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace temper {

/// A picture of `width` x `height` pixels: row-major RGB, 3 bytes a pixel.
struct Picture {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgb;
};

/// `channels` samples a pixel, row-major and interleaved: grey, grey and alpha, RGB, or RGBA.
template <class Sample>
struct Raster {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::vector<Sample> samples;
};
using DecodedImage = Raster<std::uint8_t>;
using DecodedImage16 = Raster<std::uint16_t>;

/// No picture of more pixels is read, whatever memory there is.
inline constexpr std::int64_t kMaxPicturePixels = std::int64_t{1} << 28;

struct PictureOptions {
  bool exif_rotation = false;  ///< turn a JPEG upright as its EXIF orientation says
};

/// The picture in a JPEG, PNG, WebP or BMP file, told apart by content. Pixels equal Pillow's convert("RGB"): grey is
/// repeated, alpha dropped, palettes are looked up, CMYK is converted; 16-bit samples keep their upper byte.
/// Throws ModelError where the data are another format, damaged, truncated, or larger than the memory limit allows.
Picture decode_picture(std::string_view bytes, const PictureOptions& options = {});

/// decode_picture of a file; errors name it.
Picture read_picture(const std::filesystem::path& path, const PictureOptions& options = {});

/// Part of a picture, in pixels.
struct PictureWindow {
  int y = 0;
  int x = 0;
  int height = 0;
  int width = 0;
};

/// Attributes of TensorFlow's DecodeJpeg, with its defaults.
struct JpegOptions {
  bool fast_dct = true;         ///< dct_method "" and "INTEGER_FAST"; false is "INTEGER_ACCURATE"
  bool fancy_upscaling = true;  ///< smooth chroma upsampling
  int ratio = 1;                ///< shrink by 1, 2, 4 or 8 while decoding
  /// Decode this part alone, as DecodeAndCropJpeg does: chroma is not smoothed across its sides.
  std::optional<PictureWindow> window = std::nullopt;
};

/// What TensorFlow's DecodeJpeg, DecodePng, DecodeBmp, DecodeWebP and DecodeImage (uint8) give. `channels` is 0 (as
/// stored: JPEG 1 or 3, PNG 1 to 4), 1, 3 or 4. Throws ModelError as decode_picture does, and where the format has no
/// such channels.
DecodedImage decode_image(std::string_view bytes, int channels, const JpegOptions& options = {});

/// What TensorFlow's DecodePng gives for uint16: 8-bit samples are multiplied by 257. PNG only.
DecodedImage16 decode_png16(std::string_view bytes, int channels);

/// The EXIF orientation of a JPEG, 1 (upright) to 8; 1 where there is none. (EXIF 2.32, section 4.6.4, tag 0x0112.)
int exif_orientation(std::string_view bytes);

/// `picture` turned upright from EXIF orientation 1 to 8.
Picture turn_upright(const Picture& picture, int orientation);

}  // namespace temper
