#include "media/text.h"

#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>

#include "base/error.h"

#if defined(__SANITIZE_ADDRESS__)
// fontconfig keeps its configuration behind offsets that LeakSanitizer does not follow: 652 bytes, once a process.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig"; }
#endif

namespace temper::text {
namespace {

constexpr const char* kFamily = "DejaVu Sans";
constexpr const char* kStrokesInCairo = "@cairo:";
constexpr int kMinSizePx = 7;
constexpr double kMaxSide = 32000;  // cairo's surfaces end at 32767
constexpr std::size_t kMaxBytes = 1000;

struct Destroy {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
  void operator()(cairo_font_options_t* options) const { cairo_font_options_destroy(options); }
};

/// Coverage to draw on, with a font chosen.
class Canvas {
 public:
  Canvas(const char* family, int size_px, int width, int height)
      : surface_(cairo_image_surface_create(CAIRO_FORMAT_A8, width, height)), context_(cairo_create(surface_.get())) {
    const std::unique_ptr<cairo_font_options_t, Destroy> options(cairo_font_options_create());
    cairo_font_options_set_antialias(options.get(), CAIRO_ANTIALIAS_GRAY);
    cairo_set_font_options(context_.get(), options.get());
    cairo_select_font_face(context_.get(), family, CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
    cairo_set_font_size(context_.get(), size_px);
  }

  void require_success() const {
    const cairo_status_t status = cairo_status(context_.get());
    if (status != CAIRO_STATUS_SUCCESS) {
      throw DeviceError(fmt::format("text cannot be drawn: {}", cairo_status_to_string(status)));
    }
  }

  cairo_t* context() const { return context_.get(); }
  cairo_surface_t* surface() const { return surface_.get(); }

 private:
  std::unique_ptr<cairo_surface_t, Destroy> surface_;
  std::unique_ptr<cairo_t, Destroy> context_;
};

/// The length of the UTF-8 sequence that `text` begins with; 0 where it begins with none. (RFC 3629.)
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0U; };
  const unsigned first = byte(0);
  std::size_t length = 0;
  if (first < 0x80) length = 1;
  if (first >= 0xc2 && first < 0xe0) length = 2;
  if (first >= 0xe0 && first < 0xf0) length = 3;
  if (first >= 0xf0 && first < 0xf5) length = 4;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return 0;
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool beyond = (first == 0xed && byte(1) > 0x9f) || (first == 0xf4 && byte(1) > 0x8f);
  return overlong || beyond ? 0 : length;
}

/// Valid UTF-8 without control characters, of at most kMaxBytes.
std::string printable(std::string_view line) {
  std::string result;
  while (!line.empty() && result.size() + 4 <= kMaxBytes) {
    const std::size_t length = sequence_length(line);
    if (length == 0) {
      result += '?';
    } else if (length == 1) {
      const char c = line[0];
      result += c < ' ' || c == '\x7f' ? ' ' : c;
    } else {
      result += line.substr(0, length);
    }
    line.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
}

Mask render_in(const char* family, const std::string& line, int size_px) {
  const Canvas ruler(family, size_px, 1, 1);
  cairo_font_extents_t font;
  cairo_text_extents_t extents;
  cairo_font_extents(ruler.context(), &font);
  cairo_text_extents(ruler.context(), line.c_str(), &extents);
  ruler.require_success();
  Mask mask;
  mask.width = static_cast<int>(std::clamp(std::ceil(extents.x_advance), 1.0, kMaxSide));
  mask.height = static_cast<int>(std::clamp(std::ceil(font.ascent + font.descent), 1.0, kMaxSide));
  const Canvas canvas(family, size_px, mask.width, mask.height);
  cairo_move_to(canvas.context(), 0, std::round(font.ascent));
  cairo_show_text(canvas.context(), line.c_str());
  canvas.require_success();
  cairo_surface_flush(canvas.surface());
  const std::uint8_t* data = cairo_image_surface_get_data(canvas.surface());
  const int stride = cairo_image_surface_get_stride(canvas.surface());
  for (int y = 0; y < mask.height; ++y) {
    const std::uint8_t* row = data + static_cast<std::ptrdiff_t>(y) * stride;
    mask.coverage.insert(mask.coverage.end(), row, row + mask.width);
  }
  return mask;
}

bool is_blank(const Mask& mask) {
  return std::ranges::all_of(mask.coverage, [](std::uint8_t covered) { return covered == 0; });
}

/// `line` with one character fewer before its last word, and ".." in their place; empty where there is none to drop.
std::string shortened(const std::string& line) {
  constexpr std::string_view kDots = "..";
  const std::size_t space = line.rfind(' ');
  std::string head = line.substr(0, space);
  const std::string tail = space == std::string::npos ? "" : line.substr(space);
  if (head.ends_with(kDots)) head.resize(head.size() - kDots.size());
  while (!head.empty() && (static_cast<std::uint8_t>(head.back()) & 0xc0U) == 0x80U) head.pop_back();
  if (head.size() <= 1) return "";
  head.pop_back();
  return head + std::string(kDots) + tail;
}

void cut(Mask& mask, int width) {
  Mask result{width, mask.height, {}};
  for (int y = 0; y < mask.height; ++y) {
    const auto row = mask.coverage.begin() + static_cast<std::ptrdiff_t>(y) * mask.width;
    result.coverage.insert(result.coverage.end(), row, row + width);
  }
  mask = std::move(result);
}

}  // namespace

Mask render(std::string_view line, int size_px) {
  const std::string text = printable(line);
  Mask mask = render_in(kFamily, text, size_px);
  const bool has_ink = text.find_first_not_of(' ') != std::string::npos;
  if (has_ink && is_blank(mask)) mask = render_in(kStrokesInCairo, text, size_px);
  return mask;
}

Mask render_within(const std::string& line, int size_px, int max_width) {
  std::string text = printable(line);
  Mask mask = render(text, size_px);
  if (mask.width > max_width) {
    size_px = std::clamp(size_px * max_width / mask.width, std::min(kMinSizePx, size_px), size_px);
    mask = render(text, size_px);
  }
  while (mask.width > max_width) {
    std::string shorter = shortened(text);
    if (shorter.empty()) break;
    text = std::move(shorter);
    mask = render(text, size_px);
  }
  if (mask.width > max_width) cut(mask, max_width);
  return mask;
}

}  // namespace temper::text
