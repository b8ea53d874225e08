#include "media/draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <set>

namespace temper {
namespace {

constexpr std::uint8_t kGrey = 128;
using Colour = std::array<std::uint8_t, 3>;

Picture grey_picture(int width, int height) {
  return {width, height,
          std::vector<std::uint8_t>(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3, kGrey)};
}

Colour pixel(const Picture& picture, int x, int y) {
  const auto at =
      (static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) + static_cast<std::size_t>(x)) * 3;
  return {picture.rgb[at], picture.rgb[at + 1], picture.rgb[at + 2]};
}

constexpr Colour kUntouched{kGrey, kGrey, kGrey};

/// Far from the background it lies on. (The thin strokes that stand in for a missing font are seldom black or white.)
bool is_ink(const Colour& colour, const Colour& background) {
  int distance = 0;
  for (std::size_t c = 0; c < 3; ++c) distance = std::max(distance, std::abs(colour[c] - background[c]));
  return colour != kUntouched && distance > 50;
}

TEST(Draw, OutlinesTheBox) {
  Picture picture = grey_picture(200, 100);
  const DrawnBox boxes[] = {{.ymin = 0.2F, .xmin = 0.25F, .ymax = 0.8F, .xmax = 0.75F, .label = "", .color_index = 3}};
  draw_boxes(picture, boxes);
  const Colour colour = pixel(picture, 50, 20);
  EXPECT_NE(colour, kUntouched);
  EXPECT_EQ(pixel(picture, 149, 79), colour);
  EXPECT_EQ(pixel(picture, 50, 50), colour);
  EXPECT_EQ(pixel(picture, 100, 79), colour);
  EXPECT_EQ(pixel(picture, 100, 50), kUntouched);
  EXPECT_EQ(pixel(picture, 49, 50), kUntouched);
  EXPECT_EQ(pixel(picture, 150, 50), kUntouched);
}

TEST(Draw, ColoursAreDistinctAndRepeat) {
  std::set<Colour> colours;
  const auto colour_of = [](int index) {
    Picture picture = grey_picture(10, 10);
    const DrawnBox boxes[] = {{.ymin = 0, .xmin = 0, .ymax = 1, .xmax = 1, .label = "", .color_index = index}};
    draw_boxes(picture, boxes);
    return pixel(picture, 0, 0);
  };
  for (int i = 0; i < 24; ++i) colours.insert(colour_of(i));
  EXPECT_EQ(colours.size(), 24U);
  EXPECT_EQ(colour_of(24), colour_of(0));
  EXPECT_EQ(colour_of(-1), colour_of(23));
  EXPECT_EQ(colours.count(colour_of(std::numeric_limits<int>::min())), 1U);
}

/// The label's background is the box's colour, and its letters are there.
TEST(Draw, LabelsAreLegibleInEverySize) {
  for (const auto& [width, height] : {std::pair{100, 100}, {640, 480}, {4000, 3000}}) {
    for (const int index : {1, 9, 16}) {
      Picture picture = grey_picture(width, height);
      const DrawnBox boxes[] = {
          {.ymin = 0.4F, .xmin = 0.1F, .ymax = 0.9F, .xmax = 0.5F, .label = "person 0.61", .color_index = index}};
      draw_boxes(picture, boxes);
      const Colour colour = pixel(picture, width / 10, height / 2);
      std::int64_t background = 0;
      std::int64_t ink = 0;
      for (int y = 0; y < height * 2 / 5; ++y) {
        for (int x = 0; x < width; ++x) {
          const Colour c = pixel(picture, x, y);
          background += c == colour;
          ink += is_ink(c, colour);
        }
      }
      EXPECT_GT(background, std::int64_t{width} * height / 800) << width;
      EXPECT_GT(ink, background / 20) << width;
    }
  }
}

TEST(Draw, LabelsStayInside) {
  const DrawnBox boxes[] = {
      {.ymin = 0,
       .xmin = 0,
       .ymax = 1,
       .xmax = 1,
       .label = "a rather long label for so small a picture 0.99",
       .color_index = 0},
      {.ymin = 0.9F, .xmin = 0.95F, .ymax = 1, .xmax = 1, .label = "corner 0.5", .color_index = 1},
      {.ymin = -3, .xmin = 2, .ymax = 0.5F, .xmax = 0.5F, .label = "out\xff\xfe\nside \xf0\x9f", .color_index = 2},
      {.ymin = 0.5F, .xmin = 0.5F, .ymax = 0.5F, .xmax = 0.5F, .label = "empty", .color_index = 3},
      {.ymin = std::numeric_limits<float>::quiet_NaN(),
       .xmin = 0,
       .ymax = 1,
       .xmax = 1,
       .label = "nan",
       .color_index = 4},
      {.ymin = 0,
       .xmin = -std::numeric_limits<float>::infinity(),
       .ymax = 1,
       .xmax = 1,
       .label = std::string(100000, 'W'),
       .color_index = 5},
  };
  for (const auto& [width, height] : {std::pair{1, 1}, {3, 200}, {200, 3}, {30, 30}, {40000, 20}}) {
    Picture picture = grey_picture(width, height);
    const std::size_t size = picture.rgb.size();
    draw_boxes(picture, boxes);
    EXPECT_EQ(picture.rgb.size(), size);
    EXPECT_NE(pixel(picture, 0, 0), kUntouched);
  }
  Picture nothing;
  draw_boxes(nothing, boxes);
}

TEST(Draw, LabelsOfEqualBoxesDoNotCoverEachOther) {
  Picture one = grey_picture(300, 300);
  Picture two = grey_picture(300, 300);
  const DrawnBox box{.ymin = 0.3F, .xmin = 0.3F, .ymax = 0.7F, .xmax = 0.7F, .label = "dog 0.9", .color_index = 6};
  DrawnBox other = box;
  other.label = "cat 0.8";
  draw_boxes(one, std::array{box});
  draw_boxes(two, std::array{box, other});
  std::ptrdiff_t kept = 0;
  for (std::size_t i = 0; i < one.rgb.size(); ++i) kept += one.rgb[i] != kGrey && one.rgb[i] == two.rgb[i];
  EXPECT_GT(kept, std::ranges::count_if(one.rgb, [](std::uint8_t v) { return v != kGrey; }) * 8 / 10);
  EXPECT_NE(one.rgb, two.rgb);
}

TEST(Draw, CaptionIsWhiteOnADarkBand) {
  Picture picture = grey_picture(400, 200);
  const std::string lines[] = {"tabby cat 0.91", "tiger cat 0.05"};
  draw_caption(picture, lines);
  EXPECT_LT(pixel(picture, 0, 0)[0], kGrey / 2);
  EXPECT_GT(pixel(picture, 0, 0)[0], 0);
  EXPECT_EQ(pixel(picture, 399, 199), kUntouched);
  std::int64_t white = 0;
  for (int y = 0; y < 60; ++y) {
    for (int x = 0; x < 400; ++x) white += is_ink(pixel(picture, x, y), pixel(picture, 0, 0));
  }
  EXPECT_GT(white, 50);
  Picture tiny = grey_picture(2, 2);
  draw_caption(tiny, lines);
  Picture plain = grey_picture(5, 5);
  draw_caption(plain, {});
  EXPECT_EQ(pixel(plain, 0, 0), kUntouched);
}

}  // namespace
}  // namespace temper
