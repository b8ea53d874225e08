#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Internal to src/media: lines of text as coverage, drawn by cairo.
namespace temper::text {

/// A line of text: how much of each pixel it covers (0 to 255), row-major, with the font's full height.
struct Mask {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> coverage;
};

/// `line` (UTF-8; invalid bytes become '?', control characters spaces) in bold DejaVu Sans or what fontconfig has in
/// its place; with no font at all, in the strokes that cairo carries (ASCII only). Throws DeviceError where cairo
/// fails.
Mask render(std::string_view line, int size_px);

/// As render, but no wider than `max_width`: the size falls to 7 pixels at least, then the words before the last one
/// are shortened to "..". A mask that is still too wide is cut.
Mask render_within(const std::string& line, int size_px, int max_width);

}  // namespace temper::text
