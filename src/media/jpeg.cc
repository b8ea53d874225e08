#include <algorithm>
#include <csetjmp>
#include <cstdio>

#include "media/decoders.h"
#include "media/libjpeg.h"

namespace temper::decoders {
namespace {

/// A progressive file may repeat scans without end; no encoder writes nearly as many as this.
constexpr int kMaxScans = 100;

constexpr const char* kTruncated = "the JPEG data are truncated";

struct ErrorTrap {
  jpeg_error_mgr manager;  // first: libjpeg knows the trap by this address
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void leave(j_common_ptr info) {
  auto* trap = reinterpret_cast<ErrorTrap*>(info->err);
  info->err->format_message(info, trap->message);
  std::longjmp(trap->jump, 1);
}

[[noreturn]] void leave_with(j_common_ptr info, const char* message) {
  auto* trap = reinterpret_cast<ErrorTrap*>(info->err);
  std::snprintf(trap->message, sizeof(trap->message), "%s", message);
  std::longjmp(trap->jump, 1);
}

void skip_input(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  if (static_cast<std::size_t>(count) > info->src->bytes_in_buffer) {
    leave_with(reinterpret_cast<j_common_ptr>(info), kTruncated);
  }
  info->src->next_input_byte += count;
  info->src->bytes_in_buffer -= static_cast<std::size_t>(count);
}

void watch_scans(j_common_ptr info) {
  if (info->is_decompressor == FALSE) return;
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMaxScans) {
    leave_with(info, "the JPEG has more scans than any real picture");
  }
}

/// libjpeg's decompressor over bytes in memory. Its errors leave through longjmp, so that nothing with a destructor may
/// live in a body given to `guarded`; they become ModelError there.
class Decompressor {
 public:
  explicit Decompressor(std::string_view bytes) {
    info_.err = jpeg_std_error(&trap_.manager);
    trap_.manager.error_exit = leave;
    trap_.manager.output_message = [](j_common_ptr) {};
    source_.next_input_byte = data_of(bytes);
    source_.bytes_in_buffer = bytes.size();
    source_.init_source = [](j_decompress_ptr) {};
    source_.fill_input_buffer = [](j_decompress_ptr) -> boolean { return FALSE; };  // suspends: there is no more
    source_.skip_input_data = skip_input;
    source_.resync_to_restart = jpeg_resync_to_restart;
    source_.term_source = [](j_decompress_ptr) {};
    progress_.progress_monitor = watch_scans;
  }
  ~Decompressor() { jpeg_destroy_decompress(&info_); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  void read_header() {
    guarded([this] {
      jpeg_create_decompress(&info_);
      info_.src = &source_;
      info_.progress = &progress_;
      if (jpeg_read_header(&info_, TRUE) != JPEG_HEADER_OK) stop_truncated();
    });
  }

  void find_output_size() {
    guarded([this] { jpeg_calc_output_dimensions(&info_); });
  }

  void start() {
    guarded([this] {
      if (jpeg_start_decompress(&info_) == FALSE) stop_truncated();
    });
  }

  /// Rows hold, from here on, at least the columns [x, x + width). Gives the first column that they hold.
  int crop_rows(int x, int width) {
    auto first = static_cast<JDIMENSION>(x);
    auto count = static_cast<JDIMENSION>(width);
    guarded([this, &first, &count] { jpeg_crop_scanline(&info_, &first, &count); });
    return static_cast<int>(first);
  }

  void read_row(std::uint8_t* row) {
    guarded([this, row] {
      JSAMPROW rows[1] = {row};
      if (jpeg_read_scanlines(&info_, rows, 1) != 1) stop_truncated();
    });
  }

  jpeg_decompress_struct& info() { return info_; }

 private:
  template <class Body>
  void guarded(const Body& body) {
    if (setjmp(trap_.jump) != 0) throw ModelError(fmt::format("the JPEG cannot be decoded: {}", trap_.message));
    body();
  }

  void stop_truncated() { leave_with(reinterpret_cast<j_common_ptr>(&info_), kTruncated); }

  jpeg_decompress_struct info_{};
  jpeg_source_mgr source_{};
  jpeg_progress_mgr progress_{};
  ErrorTrap trap_{};
};

/// Every MCU costs at least one bit of Huffman code, so the file bounds the size it may claim.
void require_plausible_size(const jpeg_decompress_struct& info, std::size_t size_bytes) {
  if (info.arith_code != FALSE) return;
  const auto across = (info.image_width + 8ULL * 4 - 1) / (8ULL * 4);
  const auto down = (info.image_height + 8ULL * 4 - 1) / (8ULL * 4);
  require(across * down <= size_bytes * 8ULL, "the JPEG claims {} x {} pixels, but its {} bytes cannot hold as many",
          info.image_width, info.image_height, size_bytes);
}

std::uint8_t divide_by_255_rounded(int product) {
  const int biased = product + 128;
  return static_cast<std::uint8_t>((biased + (biased >> 8)) >> 8);
}

void cmyk_to_rgb(const std::uint8_t* cmyk, std::uint8_t* rgb, int width, CmykRule rule, bool saw_adobe_marker) {
  for (int x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    const int black = cmyk[3];
    for (int c = 0; c < 3; ++c) {
      const int ink = cmyk[c];
      if (rule == CmykRule::kPillow) {
        rgb[c] = static_cast<std::uint8_t>(std::max(0, black - divide_by_255_rounded((255 - ink) * black)));
      } else if (saw_adobe_marker) {
        rgb[c] = static_cast<std::uint8_t>(black * ink / 255);
      } else {
        rgb[c] = static_cast<std::uint8_t>((255 - black) * (255 - ink) / 255);
      }
    }
  }
}

void set_output(jpeg_decompress_struct& info, int channels, const JpegOptions& options) {
  const bool four_colours = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
  info.out_color_space = channels == 1 ? JCS_GRAYSCALE : four_colours ? JCS_CMYK : JCS_RGB;
  info.dct_method = options.fast_dct ? JDCT_IFAST : JDCT_ISLOW;
  info.do_fancy_upsampling = options.fancy_upscaling ? TRUE : FALSE;
  info.scale_num = 1;
  info.scale_denom = static_cast<unsigned>(options.ratio);
}

void require_within(const PictureWindow& window, const PictureWindow& whole) {
  require(window.y >= 0 && window.x >= 0 && window.height > 0 && window.width > 0 &&
              window.y <= whole.height - window.height && window.x <= whole.width - window.width,
          "a crop window of {} x {} at ({}, {}) leaves the picture of {} x {}", window.height, window.width, window.y,
          window.x, whole.height, whole.width);
}

/// Rows are read from the top: what is above the window is decoded and dropped.
void read_rows(Decompressor& decompressor, const PictureWindow& window, CmykRule rule, DecodedImage& image) {
  const jpeg_decompress_struct& info = decompressor.info();
  const bool crops = window.width != static_cast<int>(info.output_width);
  const int skipped = crops ? window.x - decompressor.crop_rows(window.x, window.width) : 0;
  const auto components = static_cast<std::size_t>(info.output_components);
  const auto channels = static_cast<std::size_t>(image.channels);
  std::vector<std::uint8_t> whole_row(static_cast<std::size_t>(info.output_width) * components);
  const std::uint8_t* const part = whole_row.data() + static_cast<std::size_t>(skipped) * components;
  for (int y = 0; y < window.y; ++y) decompressor.read_row(whole_row.data());
  for (int y = 0; y < window.height; ++y) {
    decompressor.read_row(whole_row.data());
    std::uint8_t* const row =
        image.samples.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(window.width) * channels;
    if (components == channels)
      std::copy_n(part, static_cast<std::size_t>(window.width) * channels, row);
    else
      cmyk_to_rgb(part, row, window.width, rule, info.saw_Adobe_marker != FALSE);
  }
}

}  // namespace

DecodedImage decode_jpeg(std::string_view bytes, int channels, const JpegOptions& options, CmykRule rule) {
  require(channels != 4, "a JPEG has no alpha: 4 channels cannot be had from it");
  require(options.ratio == 1 || options.ratio == 2 || options.ratio == 4 || options.ratio == 8,
          "a JPEG shrinks by 1, 2, 4 or 8, not by {}", options.ratio);
  Decompressor decompressor(bytes);
  decompressor.read_header();
  jpeg_decompress_struct& info = decompressor.info();
  require(info.num_components != 2, "a JPEG of 2 components is neither grey nor colour");
  if (channels == 0) channels = std::min(info.num_components, 3);
  set_output(info, channels, options);
  require_plausible_size(info, bytes.size());
  require_room(info.image_width, info.image_height, channels);
  decompressor.find_output_size();
  // A file of several scans keeps its coefficients, 2 bytes each, until the last one is read.
  const int working_bytes = jpeg_has_multiple_scans(&info) != FALSE ? 2 * info.num_components : 0;
  require_room(info.image_width, info.image_height, working_bytes + channels);
  const PictureWindow whole{0, 0, static_cast<int>(info.output_height), static_cast<int>(info.output_width)};
  const PictureWindow window = options.window.value_or(whole);
  require_within(window, whole);
  auto image = make_raster<std::uint8_t>(window.width, window.height, channels);
  decompressor.start();
  require(info.output_width == static_cast<unsigned>(whole.width) &&
              info.output_components == (info.out_color_space == JCS_CMYK ? 4 : channels),
          "the JPEG changes its size or colours half way");
  read_rows(decompressor, window, rule, image);
  return image;
}

}  // namespace temper::decoders
