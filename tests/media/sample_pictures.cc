#include "sample_pictures.h"

#include <png.h>
#include <webp/encode.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "media/libjpeg.h"

namespace temper::testing {
namespace {

png_bytep bytes_of(const std::string& text) { return reinterpret_cast<png_bytep>(const_cast<char*>(text.data())); }

void append_number(std::string& out, std::int64_t value, int size_bytes) {
  for (int i = 0; i < size_bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
}

}  // namespace

std::string make_png(const RawPng& raw) {
  std::string out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &out,
      [](png_structp p, png_bytep data, std::size_t count) {
        static_cast<std::string*>(png_get_io_ptr(p))->append(reinterpret_cast<const char*>(data), count);
      },
      [](png_structp) {});
  png_set_IHDR(png, info, static_cast<png_uint_32>(raw.width), static_cast<png_uint_32>(raw.height), raw.bit_depth,
               raw.colour_type, raw.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (!raw.palette.empty()) {
    png_set_PLTE(png, info, reinterpret_cast<png_const_colorp>(raw.palette.data()),
                 static_cast<int>(raw.palette.size() / 3));
  }
  if (!raw.alpha.empty()) png_set_tRNS(png, info, bytes_of(raw.alpha), static_cast<int>(raw.alpha.size()), nullptr);
  png_write_info(png, info);
  const std::size_t row_bytes = raw.rows.size() / static_cast<std::size_t>(raw.height);
  const int passes = png_set_interlace_handling(png);
  for (int pass = 0; pass < passes; ++pass) {
    for (int y = 0; y < raw.height; ++y) {
      png_write_row(png, bytes_of(raw.rows) + static_cast<std::size_t>(y) * row_bytes);
    }
  }
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return out;
}

std::string make_jpeg(const RawJpeg& raw) {
  constexpr J_COLOR_SPACE kSpaces[] = {JCS_GRAYSCALE, JCS_UNKNOWN, JCS_RGB, JCS_CMYK};
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = static_cast<JDIMENSION>(raw.width);
  info.image_height = static_cast<JDIMENSION>(raw.height);
  info.input_components = raw.components;
  info.in_color_space = kSpaces[raw.components - 1];
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 100, TRUE);
  info.comp_info[0].h_samp_factor = raw.sampling;
  info.comp_info[0].v_samp_factor = raw.sampling;
  if (!raw.adobe_marker) info.write_Adobe_marker = FALSE;
  if (raw.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  const std::size_t row_bytes = raw.samples.size() / static_cast<std::size_t>(raw.height);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row[1] = {bytes_of(raw.samples) + info.next_scanline * row_bytes};
    jpeg_write_scanlines(&info, row, 1);
  }
  jpeg_finish_compress(&info);
  std::string out(reinterpret_cast<const char*>(buffer), size);
  jpeg_destroy_compress(&info);
  std::free(buffer);
  return out;
}

std::string make_webp(const Picture& picture, bool lossless) {
  std::uint8_t* buffer = nullptr;
  const int stride = picture.width * 3;
  const std::size_t size =
      lossless ? WebPEncodeLosslessRGB(picture.rgb.data(), picture.width, picture.height, stride, &buffer)
               : WebPEncodeRGB(picture.rgb.data(), picture.width, picture.height, stride, 80, &buffer);
  std::string out(reinterpret_cast<const char*>(buffer), size);
  WebPFree(buffer);
  return out;
}

std::string make_webp_with_alpha(const Picture& picture, std::uint8_t alpha) {
  std::vector<std::uint8_t> rgba;
  for (std::size_t i = 0; i < picture.rgb.size(); ++i) {
    rgba.push_back(picture.rgb[i]);
    if (i % 3 == 2) rgba.push_back(alpha);
  }
  std::uint8_t* buffer = nullptr;
  const std::size_t size =
      WebPEncodeLosslessRGBA(rgba.data(), picture.width, picture.height, picture.width * 4, &buffer);
  std::string out(reinterpret_cast<const char*>(buffer), size);
  WebPFree(buffer);
  return out;
}

std::string make_bmp(const RawBmp& raw) {
  const std::size_t header_bytes = raw.os2 ? 12 : 40;
  const std::size_t pixels_offset = 14 + header_bytes + raw.palette.size();
  std::string out = "BM";
  append_number(out, static_cast<std::int64_t>(pixels_offset + raw.rows.size()), 4);
  append_number(out, 0, 4);
  append_number(out, static_cast<std::int64_t>(pixels_offset), 4);
  append_number(out, static_cast<std::int64_t>(header_bytes), 4);
  append_number(out, raw.width, raw.os2 ? 2 : 4);
  append_number(out, raw.height, raw.os2 ? 2 : 4);
  append_number(out, 1, 2);
  append_number(out, raw.bits, 2);
  if (!raw.os2) {
    append_number(out, raw.compression, 4);
    for (int i = 0; i < 3; ++i) append_number(out, 0, 4);
    append_number(out, raw.colours_used, 4);
    append_number(out, 0, 4);
  }
  return out + raw.palette + raw.rows;
}

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

std::uint64_t hash_of(const std::vector<std::uint8_t>& bytes) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3ULL;
  return hash;
}

std::filesystem::path shared_data(const std::string& path) {
  const char* folder = std::getenv("TEMPER_SHARED_DATA");
  const std::filesystem::path root = folder != nullptr ? folder : std::string(TEMPER_SOURCE_DIR) + "/../shared/data";
  return root / path;
}

}  // namespace temper::testing
