#include "media/resize.h"

#include <gtest/gtest.h>

#include "sample_pictures.h"
#include "temper/error.h"

namespace temper {
namespace {

/// A grey picture of 3 x 2.
Picture small_picture() {
  Picture picture{3, 2, {}};
  for (const int grey : {0, 10, 200, 255, 30, 7})
    picture.rgb.insert(picture.rgb.end(), 3, static_cast<std::uint8_t>(grey));
  return picture;
}

std::vector<int> red_of(const Picture& picture) {
  std::vector<int> red;
  for (std::size_t i = 0; i < picture.rgb.size(); i += 3) red.push_back(picture.rgb[i]);
  return red;
}

/// Expected values: TensorFlow 2.21, rounded.
TEST(Resize, InterpolatesAsTensorFlow) {
  const Picture picture = small_picture();
  EXPECT_EQ(red_of(resize_picture(picture, 5, 4)), (std::vector<int>{0,   4,   10, 124, 200, 64,  44,  15, 97, 152,  //
                                                                     191, 125, 25, 43,  55,  255, 165, 30, 16, 7}));
  EXPECT_EQ(red_of(resize_picture(picture, 1, 1)), (std::vector<int>{20}));
  EXPECT_EQ(red_of(resize_picture(picture, 2, 1)), (std::vector<int>{101, 83}));
  EXPECT_EQ(resize_picture(picture, 3, 2).rgb, picture.rgb);
  EXPECT_THROW(resize_picture(picture, 0, 2), ModelError);
}

/// Expected values: Pillow.
TEST(Resize, FiltersAsPillow) {
  const Picture picture = small_picture();
  EXPECT_EQ(red_of(resize_antialiased(picture, 2, 1)), (std::vector<int>{88, 73}));
  EXPECT_EQ(red_of(resize_antialiased(picture, 1, 1)), (std::vector<int>{75}));
  EXPECT_EQ(red_of(resize_antialiased(picture, 5, 4)),
            (std::vector<int>{0,   4,   10, 124, 200, 64,  44,  15, 97, 152,  //
                              191, 125, 25, 43,  55,  255, 165, 30, 16, 7}));
  EXPECT_EQ(resize_antialiased(picture, 3, 2).rgb, picture.rgb);
  EXPECT_THROW(resize_antialiased(picture, 5, -1), ModelError);
}

TEST(Resize, RealPicture) {
  const auto path = testing::shared_data("images/coral/owl.jpg");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  const Picture picture = read_picture(path);
  EXPECT_EQ(testing::hash_of(resize_picture(picture, 300, 300).rgb), 0x5f3dc913229d1d00ULL);
  EXPECT_EQ(testing::hash_of(resize_antialiased(picture, 224, 224).rgb), 0x82397d11d44b9076ULL);
}

TEST(Resize, CropsTheMiddle) {
  const Picture picture = small_picture();
  EXPECT_EQ(red_of(crop_centre(picture, 1, 2)), (std::vector<int>{10, 30}));
  EXPECT_EQ(red_of(crop_centre(picture, 2, 1)), (std::vector<int>{0, 10}));
  EXPECT_EQ(crop_centre(picture, 3, 2).rgb, picture.rgb);
  EXPECT_THROW(crop_centre(picture, 4, 2), ModelError);
}

}  // namespace
}  // namespace temper
