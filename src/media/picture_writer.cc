#include "media/picture_writer.h"

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "media/libjpeg.h"

namespace temper {
namespace {

void require_whole(const Picture& picture) {
  require(picture.width > 0 && picture.height > 0, "a picture of {} x {} pixels cannot be saved", picture.width,
          picture.height);
  const std::size_t pixels = static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height);
  invariant(picture.rgb.size() == pixels * 3, "a picture of {} x {} pixels has {} bytes", picture.width, picture.height,
            picture.rgb.size());
}

struct JpegTrap {
  jpeg_error_mgr manager;  // first: libjpeg knows the trap by this address
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};

/// libjpeg's compressor into memory. Its errors leave through longjmp; they become ModelError in `compress`.
class JpegCompressor {
 public:
  JpegCompressor() {
    info_.err = jpeg_std_error(&trap_.manager);
    trap_.manager.output_message = [](j_common_ptr) {};
    trap_.manager.error_exit = [](j_common_ptr info) {
      auto* trap = reinterpret_cast<JpegTrap*>(info->err);
      info->err->format_message(info, trap->message);
      std::longjmp(trap->jump, 1);
    };
  }
  ~JpegCompressor() {
    jpeg_destroy_compress(&info_);
    std::free(buffer_);
  }
  JpegCompressor(const JpegCompressor&) = delete;
  JpegCompressor& operator=(const JpegCompressor&) = delete;

  void compress(const Picture& picture, int quality) {
    if (setjmp(trap_.jump) != 0) throw ModelError(fmt::format("the JPEG cannot be encoded: {}", trap_.message));
    jpeg_create_compress(&info_);
    jpeg_mem_dest(&info_, &buffer_, &size_bytes_);
    info_.image_width = static_cast<JDIMENSION>(picture.width);
    info_.image_height = static_cast<JDIMENSION>(picture.height);
    info_.input_components = 3;
    info_.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info_);
    jpeg_set_quality(&info_, quality, TRUE);
    info_.comp_info[0].h_samp_factor = 1;
    info_.comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(&info_, TRUE);
    const std::size_t row_bytes = static_cast<std::size_t>(picture.width) * 3;
    while (info_.next_scanline < info_.image_height) {
      JSAMPROW row[1] = {const_cast<JSAMPLE*>(picture.rgb.data() + info_.next_scanline * row_bytes)};
      jpeg_write_scanlines(&info_, row, 1);
    }
    jpeg_finish_compress(&info_);
  }

  std::string bytes() const { return {reinterpret_cast<const char*>(buffer_), size_bytes_}; }

 private:
  jpeg_compress_struct info_{};
  JpegTrap trap_{};
  unsigned char* buffer_ = nullptr;
  unsigned long size_bytes_ = 0;
};

/// libpng's writer into memory. Its errors leave through longjmp; they become ModelError in `write`.
class PngWriter {
 public:
  PngWriter() {
    png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, this, on_error, [](png_structp, png_const_charp) {});
    info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_write_struct(&png_, nullptr);
      throw ModelError("the system refused the memory to write a PNG");
    }
    png_set_write_fn(png_, this, on_write, [](png_structp) {});
  }
  ~PngWriter() { png_destroy_write_struct(&png_, &info_); }
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;

  void write(const Picture& picture) {
    if (setjmp(png_jmpbuf(png_)) != 0) throw ModelError(fmt::format("the PNG cannot be encoded: {}", message_));
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_IHDR(png_, info_, static_cast<png_uint_32>(picture.width), static_cast<png_uint_32>(picture.height), 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png_, info_);
    const std::size_t row_bytes = static_cast<std::size_t>(picture.width) * 3;
    for (std::size_t y = 0; y < static_cast<std::size_t>(picture.height); ++y) {
      png_write_row(png_, picture.rgb.data() + y * row_bytes);
    }
    png_write_end(png_, nullptr);
  }

  std::string take_bytes() { return std::move(bytes_); }

 private:
  [[noreturn]] static void on_error(png_structp png, png_const_charp message) {
    auto* self = static_cast<PngWriter*>(png_get_error_ptr(png));
    std::snprintf(self->message_, sizeof(self->message_), "%s", message);
    png_longjmp(png, 1);
  }

  static bool append(std::string& bytes, png_const_bytep data, std::size_t count) noexcept {
    try {
      bytes.append(reinterpret_cast<const char*>(data), count);
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  static void on_write(png_structp png, png_bytep data, std::size_t count) {
    auto* self = static_cast<PngWriter*>(png_get_io_ptr(png));
    if (!append(self->bytes_, data, count)) png_error(png, "out of memory");
  }

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::string bytes_;
  char message_[200] = {};
};

}  // namespace

std::string encode_jpeg(const Picture& picture, int quality) {
  require_whole(picture);
  JpegCompressor compressor;
  compressor.compress(picture, quality);
  return compressor.bytes();
}

std::string encode_png(const Picture& picture) {
  require_whole(picture);
  PngWriter writer;
  writer.write(picture);
  return writer.take_bytes();
}

void write_picture(const std::filesystem::path& path, const Picture& picture) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  const bool is_png = extension == ".png";
  require(is_png || extension == ".jpg" || extension == ".jpeg",
          "{}: pictures are written as .jpg, .jpeg or .png, not as '{}'", path.string(), extension);
  const auto encode = [&] { return is_png ? encode_png(picture) : encode_jpeg(picture); };
  write_file(path, in_context([&] { return path.string(); }, encode));
}

}  // namespace temper
