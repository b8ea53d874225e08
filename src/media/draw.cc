#include "media/draw.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "media/text.h"

namespace temper {
namespace {

using Colour = std::array<std::uint8_t, 3>;

constexpr Colour kBlack{0, 0, 0};
constexpr Colour kWhite{255, 255, 255};

/// Far apart in hue or lightness from each other, neighbours most of all.
constexpr std::array<Colour, 24> kColours{{
    {0, 200, 83},    {255, 61, 0},    {41, 121, 255}, {255, 214, 0},   {213, 0, 249},   {0, 229, 255},
    {255, 109, 200}, {118, 255, 3},   {255, 145, 0},  {101, 31, 255},  {29, 233, 182},  {197, 17, 98},
    {0, 77, 64},     {255, 255, 141}, {121, 85, 72},  {130, 177, 255}, {183, 28, 28},   {174, 213, 129},
    {26, 35, 126},   {255, 171, 145}, {0, 145, 234},  {158, 157, 36},  {206, 147, 216}, {96, 125, 139},
}};

Colour colour_of(int index) {
  constexpr int kCount = static_cast<int>(kColours.size());
  return kColours[static_cast<std::size_t>((index % kCount + kCount) % kCount)];
}

/// WCAG 2.1 relative luminance, 0 to 1.
double luminance(const Colour& colour) {
  const auto linear = [](std::uint8_t value) {
    const double v = value / 255.0;
    return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2]);
}

/// Black or white, whichever contrasts more (WCAG 2.1 contrast ratio).
Colour ink_on(const Colour& background) {
  const double light = luminance(background) + 0.05;
  return light / 0.05 > 1.05 / light ? kBlack : kWhite;
}

/// Pixels x in [left, right), y in [top, bottom).
struct Area {
  int left;
  int top;
  int right;
  int bottom;

  bool meets(const Area& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

std::uint8_t* pixel_at(Picture& picture, int x, int y) {
  return picture.rgb.data() + (static_cast<std::ptrdiff_t>(y) * picture.width + x) * 3;
}

/// Moves a pixel `share` / 255 of the way to `colour`.
void blend(std::uint8_t* pixel, const Colour& colour, int share) {
  for (std::size_t c = 0; c < 3; ++c) {
    pixel[c] = static_cast<std::uint8_t>((pixel[c] * (255 - share) + colour[c] * share + 127) / 255);
  }
}

void fill(Picture& picture, const Area& area, const Colour& colour, int share = 255) {
  for (int y = std::max(area.top, 0); y < std::min(area.bottom, picture.height); ++y) {
    for (int x = std::max(area.left, 0); x < std::min(area.right, picture.width); ++x) {
      blend(pixel_at(picture, x, y), colour, share);
    }
  }
}

void stamp(Picture& picture, const text::Mask& mask, int left, int top, const Colour& colour) {
  for (int y = std::max(0, -top); y < std::min(mask.height, picture.height - top); ++y) {
    for (int x = std::max(0, -left); x < std::min(mask.width, picture.width - left); ++x) {
      const auto at = static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width) + static_cast<std::size_t>(x);
      blend(pixel_at(picture, left + x, top + y), colour, mask.coverage[at]);
    }
  }
}

/// Sizes that look alike on small and large pictures.
struct Measures {
  int line;  // the width of a box's sides
  int font;
  int padding;  // around a label's text

  explicit Measures(const Picture& picture) {
    const double side = std::sqrt(static_cast<double>(picture.width) * picture.height);
    line = std::max(1, static_cast<int>(std::lround(side / 250)));
    font = std::max(10, static_cast<int>(std::lround(side / 45)));
    padding = std::max(1, font / 6);
  }
};

std::optional<Area> area_of(const DrawnBox& box, const Picture& picture) {
  const float sides[] = {box.xmin, box.ymin, box.xmax, box.ymax};
  if (std::ranges::any_of(sides, [](float side) { return std::isnan(side); })) return std::nullopt;
  const auto scaled = [](float side, int size) {
    return static_cast<int>(std::lround(std::clamp(static_cast<double>(side), 0.0, 1.0) * size));
  };
  const int left = scaled(std::min(box.xmin, box.xmax), picture.width);
  const int right = scaled(std::max(box.xmin, box.xmax), picture.width);
  const int top = scaled(std::min(box.ymin, box.ymax), picture.height);
  const int bottom = scaled(std::max(box.ymin, box.ymax), picture.height);
  const Area area{std::min(left, picture.width - 1), std::min(top, picture.height - 1), right, bottom};
  return Area{area.left, area.top, std::max(right, area.left + 1), std::max(bottom, area.top + 1)};
}

void outline(Picture& picture, const Area& area, int line, const Colour& colour) {
  const int across = std::min(line, area.right - area.left);
  const int down = std::min(line, area.bottom - area.top);
  fill(picture, {area.left, area.top, area.right, area.top + down}, colour);
  fill(picture, {area.left, area.bottom - down, area.right, area.bottom}, colour);
  fill(picture, {area.left, area.top, area.left + across, area.bottom}, colour);
  fill(picture, {area.right - across, area.top, area.right, area.bottom}, colour);
}

/// Where a label of `width` x `height` goes: the first place by its box that is in the picture and covers no label that
/// is `taken`; else the first that is in the picture.
Area place_label(const Area& box, int width, int height, const Picture& picture, std::span<const Area> taken) {
  const int left = std::clamp(box.left, 0, std::max(0, picture.width - width));
  const int right_aligned = std::clamp(box.right - width, 0, std::max(0, picture.width - width));
  const int tops[] = {box.top - height, box.top, box.bottom, box.bottom - height};
  std::optional<Area> fallback;
  for (const int x : {left, right_aligned}) {
    for (const int top : tops) {
      const Area area{x, top, x + width, top + height};
      if (area.top < 0 || area.bottom > picture.height) continue;
      if (std::ranges::none_of(taken, [&](const Area& other) { return area.meets(other); })) return area;
      if (!fallback) fallback = area;
    }
  }
  return fallback.value_or(Area{left, 0, left + width, height});
}

}  // namespace

void draw_boxes(Picture& picture, std::span<const DrawnBox> boxes) {
  if (picture.width <= 0 || picture.height <= 0) return;
  const Measures measures(picture);
  for (auto box = boxes.rbegin(); box != boxes.rend(); ++box) {
    if (const auto area = area_of(*box, picture)) outline(picture, *area, measures.line, colour_of(box->color_index));
  }
  struct Label {
    text::Mask mask;
    Area area;
    Colour background;
  };
  std::vector<Label> labels;
  std::vector<Area> taken;
  for (const DrawnBox& box : boxes) {
    const auto area = area_of(box, picture);
    if (!area || box.label.empty()) continue;
    text::Mask mask = text::render_within(box.label, measures.font, std::max(1, picture.width - 2 * measures.padding));
    const int width = mask.width + 2 * measures.padding;
    taken.push_back(place_label(*area, width, mask.height, picture, taken));
    labels.push_back({std::move(mask), taken.back(), colour_of(box.color_index)});
  }
  for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
    fill(picture, label->area, label->background);
    stamp(picture, label->mask, label->area.left + measures.padding, label->area.top, ink_on(label->background));
  }
}

void draw_caption(Picture& picture, std::span<const std::string> lines) {
  if (picture.width <= 0 || picture.height <= 0) return;
  const Measures measures(picture);
  const int margin = 2 * measures.padding;
  std::vector<text::Mask> masks;
  int width = 0;
  int height = 0;
  for (const std::string& line : lines) {
    text::Mask mask = text::render_within(line, measures.font, std::max(1, picture.width - 2 * margin));
    if (!masks.empty() && height + mask.height + margin > picture.height) break;
    width = std::max(width, mask.width);
    height += mask.height;
    masks.push_back(std::move(mask));
  }
  if (masks.empty()) return;
  constexpr int kBandShare = 165;
  fill(picture, {0, 0, width + 2 * margin, height + margin}, kBlack, kBandShare);
  int top = margin / 2;
  for (const text::Mask& mask : masks) {
    stamp(picture, mask, margin, top, kWhite);
    top += mask.height;
  }
}

}  // namespace temper
