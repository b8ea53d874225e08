#include "media/picture.h"

#include <string>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "media/decoders.h"

namespace temper {
namespace decoders {

void require_room(std::int64_t width, std::int64_t height, std::int64_t bytes_per_pixel) {
  require(width > 0 && height > 0, "the picture claims to be {} x {} pixels", width, height);
  require(width <= kMaxPicturePixels / height, "the picture claims to be {} x {} pixels; at most {} are read", width,
          height, kMaxPicturePixels);
  const auto needed = static_cast<std::size_t>(width * height * bytes_per_pixel);
  const std::size_t limit = memory_limit();
  const std::size_t in_use = memory_in_use();
  require(in_use <= limit && needed <= limit - in_use,
          "a picture of {} x {} pixels needs {} to decode, but {} of the {} allowed are in use", width, height,
          format_bytes(needed), format_bytes(in_use), format_bytes(limit));
}

}  // namespace decoders

namespace {

using decoders::Format;

struct Signature {
  std::string_view bytes;
  std::size_t offset;
  std::string_view name;
  Format format = Format::kUnknown;
};

constexpr Signature kSignatures[] = {
    {"\xff\xd8\xff", 0, "JPEG", Format::kJpeg},
    {"\x89PNG\r\n\x1a\n", 0, "PNG", Format::kPng},
    {"WEBP", 8, "WebP", Format::kWebp},
    {"BM", 0, "BMP", Format::kBmp},
    {"GIF8", 0, "GIF"},
    {std::string_view("II*\0", 4), 0, "TIFF"},
    {std::string_view("MM\0*", 4), 0, "TIFF"},
    {"ftypavif", 4, "AVIF"},
    {"ftyphei", 4, "HEIC"},
    {"\xff\x0a", 0, "JPEG XL"},
    {"JXL ", 4, "JPEG XL"},
    {"jP  ", 4, "JPEG 2000"},
    {"%PDF", 0, "PDF"},
    {"P5", 0, "PGM"},
    {"P6", 0, "PPM"},
};

Format format_of(std::string_view bytes) {
  require(!bytes.empty(), "there are no data: the file is empty");
  for (const Signature& signature : kSignatures) {
    if (bytes.size() < signature.offset || !bytes.substr(signature.offset).starts_with(signature.bytes)) continue;
    require(signature.format != Format::kUnknown,
            "a {} file; JPEG, PNG, WebP and BMP pictures are read: convert it to one of these", signature.name);
    return signature.format;
  }
  throw ModelError("not a picture: JPEG, PNG, WebP and BMP are read, and the data begin like none of them");
}

DecodedImage decode_rgb(std::string_view bytes, Format format) {
  switch (format) {
    case Format::kJpeg:
      return decoders::decode_jpeg(bytes, 3, {.fast_dct = false}, decoders::CmykRule::kPillow);
    case Format::kPng:
      return decoders::decode_png<std::uint8_t>(bytes, 3);
    case Format::kWebp:
      return decoders::decode_webp(bytes, 3);
    default:
      return decoders::decode_bmp(bytes);
  }
}

}  // namespace

Picture decode_picture(std::string_view bytes, const PictureOptions& options) {
  const Format format = format_of(bytes);
  DecodedImage image = decode_rgb(bytes, format);
  Picture picture{image.width, image.height, std::move(image.samples)};
  if (options.exif_rotation && format == Format::kJpeg) return turn_upright(picture, exif_orientation(bytes));
  return picture;
}

Picture read_picture(const std::filesystem::path& path, const PictureOptions& options) {
  const std::string bytes = read_file(path);
  return in_context([&] { return path.string(); }, [&] { return decode_picture(bytes, options); });
}

DecodedImage decode_image(std::string_view bytes, int channels, const JpegOptions& options) {
  require(channels == 0 || channels == 1 || channels == 3 || channels == 4,
          "{} channels are asked for; 0 (as stored), 1, 3 and 4 exist", channels);
  switch (format_of(bytes)) {
    case Format::kJpeg:
      return decoders::decode_jpeg(bytes, channels, options, decoders::CmykRule::kTensorFlow);
    case Format::kPng:
      return decoders::decode_png<std::uint8_t>(bytes, channels);
    case Format::kWebp:
      return decoders::decode_webp(bytes, channels);
    default:
      return decoders::decode_bmp_samples(bytes, channels);
  }
}

DecodedImage16 decode_png16(std::string_view bytes, int channels) {
  require(channels == 0 || channels == 1 || channels == 3 || channels == 4,
          "{} channels are asked for; 0 (as stored), 1, 3 and 4 exist", channels);
  require(format_of(bytes) == Format::kPng, "16-bit samples are read from PNG only");
  return decoders::decode_png<std::uint16_t>(bytes, channels);
}

}  // namespace temper
