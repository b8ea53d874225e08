#include <png.h>

#include <bit>
#include <cstdio>
#include <cstring>

#include "media/decoders.h"

namespace temper::decoders {
namespace {

constexpr const char* kTruncated = "the PNG data are truncated";

/// libpng's reader over bytes in memory. Its errors leave through longjmp, so that nothing with a destructor may live
/// in a body given to `guarded`; they become ModelError there.
class PngReader {
 public:
  explicit PngReader(std::string_view bytes) : rest_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, [](png_structp, png_const_charp) {});
    info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw ModelError("the system refused the memory to read a PNG");
    }
    png_set_read_fn(png_, this, on_read);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  template <class Body>
  void guarded(const Body& body) {
    if (setjmp(png_jmpbuf(png_)) != 0) throw ModelError(fmt::format("the PNG cannot be decoded: {}", message_));
    body();
  }

  png_structp png() const { return png_; }
  png_infop info() const { return info_; }

 private:
  [[noreturn]] static void on_error(png_structp png, png_const_charp message) {
    auto* self = static_cast<PngReader*>(png_get_error_ptr(png));
    std::snprintf(self->message_, sizeof(self->message_), "%s", message);
    png_longjmp(png, 1);
  }

  static void on_read(png_structp png, png_bytep to, std::size_t count) {
    auto* self = static_cast<PngReader*>(png_get_io_ptr(png));
    if (count > self->rest_.size()) png_error(png, kTruncated);
    std::memcpy(to, self->rest_.data(), count);
    self->rest_.remove_prefix(count);
  }

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::string_view rest_;
  char message_[200] = {};
};

struct Header {
  png_uint_32 width = 0;
  png_uint_32 height = 0;
  int bit_depth = 0;
  int colour_type = 0;
  bool has_transparent_colour = false;
  std::size_t row_bytes = 0;  // as stored
  int channels = 0;           // as stored
  bool interlaced = false;
};

Header read_header(PngReader& reader) {
  Header header;
  reader.guarded([&reader, &header] {
    png_read_info(reader.png(), reader.info());
    int interlace = 0;
    png_get_IHDR(reader.png(), reader.info(), &header.width, &header.height, &header.bit_depth, &header.colour_type,
                 &interlace, nullptr, nullptr);
    header.has_transparent_colour = png_get_valid(reader.png(), reader.info(), PNG_INFO_tRNS) != 0;
    header.row_bytes = png_get_rowbytes(reader.png(), reader.info());
    header.channels = png_get_channels(reader.png(), reader.info());
    header.interlaced = interlace != PNG_INTERLACE_NONE;
  });
  return header;
}

/// Deflate shrinks by 1032 at most, so the file bounds the size it may claim.
void require_plausible_size(const Header& header, std::size_t size_bytes) {
  constexpr std::size_t kMaxRatio = 1032;
  require(header.row_bytes <= size_bytes * kMaxRatio / header.height,
          "the PNG claims {} x {} pixels, but its {} bytes cannot hold as many", header.width, header.height,
          size_bytes);
}

/// Asks for `channels` samples of `sample_bits` (8 or 16), with the conversions that TensorFlow's DecodePng applies.
/// A palette of fewer than 8 bits without transparency gets, as there, an alpha of 2^bits - 1.
void set_conversions(png_structp png, const Header& header, int channels, int sample_bits) {
  const bool is_colour = (header.colour_type & PNG_COLOR_MASK_COLOR) != 0;
  const bool is_palette = header.colour_type == PNG_COLOR_TYPE_PALETTE;
  const bool has_alpha = (header.colour_type & PNG_COLOR_MASK_ALPHA) != 0;
  const bool wants_alpha = channels % 2 == 0;
  if (wants_alpha && !has_alpha) {
    if (header.has_transparent_colour) {
      png_set_tRNS_to_alpha(png);
    } else {
      png_set_add_alpha(png, (1U << header.bit_depth) - 1, PNG_FILLER_AFTER);
    }
  }
  if (!wants_alpha && (has_alpha || header.has_transparent_colour)) png_set_strip_alpha(png);
  if (header.bit_depth > 8 && sample_bits == 8) png_set_strip_16(png);
  png_set_packing(png);
  if (sample_bits == 16 && std::endian::native == std::endian::little) png_set_swap(png);
  if (is_palette) png_set_palette_to_rgb(png);
  if (!is_colour && header.bit_depth < 8) png_set_expand_gray_1_2_4_to_8(png);
  if (channels < 3 && is_colour) {
    constexpr int kSilently = 1;
    png_set_rgb_to_gray(png, kSilently, 0.299, 0.587);  // ITU-R BT.601
  }
  if (channels >= 3 && !is_colour) png_set_gray_to_rgb(png);
}

void read_rows(PngReader& reader, std::uint8_t* data, std::size_t row_bytes, png_uint_32 height, int passes) {
  reader.guarded([&reader, data, row_bytes, height, passes] {
    for (int pass = 0; pass < passes; ++pass) {
      for (png_uint_32 y = 0; y < height; ++y) png_read_row(reader.png(), data + y * row_bytes, nullptr);
    }
    png_read_end(reader.png(), nullptr);
  });
}

}  // namespace

template <class Sample>
Raster<Sample> decode_png(std::string_view bytes, int channels) {
  PngReader reader(bytes);
  const Header header = read_header(reader);
  if (channels == 0) {
    const bool is_palette = header.colour_type == PNG_COLOR_TYPE_PALETTE;
    channels = is_palette ? (header.has_transparent_colour ? 4 : 3) : header.channels;
  }
  require_room(header.width, header.height, channels);
  require_plausible_size(header, bytes.size());
  int passes = 1;
  std::size_t row_bytes = 0;
  reader.guarded([&] {
    set_conversions(reader.png(), header, channels, static_cast<int>(sizeof(Sample)) * 8);
    passes = png_set_interlace_handling(reader.png());
    png_read_update_info(reader.png(), reader.info());
    row_bytes = png_get_rowbytes(reader.png(), reader.info());
  });
  auto image = make_raster<Sample>(header.width, header.height, channels);
  const std::size_t row_samples = static_cast<std::size_t>(header.width) * static_cast<std::size_t>(channels);
  const bool widens = sizeof(Sample) == 2 && header.bit_depth <= 8;
  require(row_bytes == row_samples * (widens ? 1 : sizeof(Sample)), "the PNG mixes colour and depth as no PNG may");
  auto* data = reinterpret_cast<std::uint8_t*>(image.samples.data());
  read_rows(reader, data, row_bytes, header.height, passes);
  if (widens) {  // in place, from the end
    for (std::size_t i = image.samples.size(); i-- > 0;) image.samples[i] = static_cast<Sample>(data[i] * 257);
  }
  return image;
}

template Raster<std::uint8_t> decode_png(std::string_view, int);
template Raster<std::uint16_t> decode_png(std::string_view, int);

}  // namespace temper::decoders
