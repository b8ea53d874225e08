#include "media/picture.h"

#include <gtest/gtest.h>
#include <png.h>

#include <fstream>

#include "base/file.h"
#include "media/picture_writer.h"
#include "sample_pictures.h"
#include "temper/error.h"

namespace temper {
namespace {

using testing::from_hex;
using testing::hash_of;
using testing::make_bmp;
using testing::make_jpeg;
using testing::make_png;
using testing::sample_picture;
using testing::shared_data;
using Bytes = std::vector<std::uint8_t>;

std::string error_of(const std::string& bytes) {
  try {
    decode_picture(bytes);
  } catch (const ModelError& error) {
    return error.what();
  }
  return "no error";
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Png, KeepsEveryPixel) {
  const Picture picture = sample_picture(13, 7);
  const Picture decoded = decode_picture(encode_png(picture));
  EXPECT_EQ(decoded.width, 13);
  EXPECT_EQ(decoded.height, 7);
  EXPECT_EQ(decoded.rgb, picture.rgb);
}

TEST(Png, InterlacedIsTheSame) {
  const Picture picture = sample_picture(11, 9);
  const std::string rows(picture.rgb.begin(), picture.rgb.end());
  const std::string bytes = make_png({.width = 11,
                                      .height = 9,
                                      .colour_type = PNG_COLOR_TYPE_RGB,
                                      .rows = rows,
                                      .palette = {},
                                      .alpha = {},
                                      .interlaced = true});
  EXPECT_EQ(decode_picture(bytes).rgb, picture.rgb);
}

TEST(Png, DropsAlphaAndRepeatsGrey) {
  const std::string grey_alpha = make_png({.width = 2,
                                           .height = 1,
                                           .colour_type = PNG_COLOR_TYPE_GRAY_ALPHA,
                                           .rows = from_hex("0a00c8ff"),
                                           .palette = {},
                                           .alpha = {}});
  EXPECT_EQ(decode_picture(grey_alpha).rgb, (Bytes{10, 10, 10, 200, 200, 200}));
  EXPECT_EQ(decode_image(grey_alpha, 0).channels, 2);
  EXPECT_EQ(decode_image(grey_alpha, 0).samples, (Bytes{10, 0, 200, 255}));
  EXPECT_EQ(decode_image(grey_alpha, 1).samples, (Bytes{10, 200}));
  EXPECT_EQ(decode_image(grey_alpha, 4).samples, (Bytes{10, 10, 10, 0, 200, 200, 200, 255}));
}

TEST(Png, ScalesFewBits) {
  const std::string two_bits = make_png(
      {.width = 4, .height = 1, .bit_depth = 2, .colour_type = 0, .rows = from_hex("1b"), .palette = {}, .alpha = {}});
  EXPECT_EQ(decode_image(two_bits, 0).samples, (Bytes{0, 85, 170, 255}));
}

/// Written by Pillow, expected values by TensorFlow 2.21.
TEST(Png, LooksUpPalettes) {
  const std::string bytes = from_hex(
      "89504e470d0a1a0a0000000d4948445200000003000000020203000000e01a8e890000000c504c54450a141e28323c46505a646e78c64877"
      "df"
      "0000000274524e53ff00e5b7304a0000000c49444154789c639060380200011000dd11e50f220000000049454e44ae426082");
  EXPECT_EQ(decode_image(bytes, 0).samples, (Bytes{10,  20,  30,  255, 40, 50, 60, 0,   70, 80, 90, 255,
                                                   100, 110, 120, 255, 10, 20, 30, 255, 40, 50, 60, 0}));
  EXPECT_EQ(decode_image(bytes, 1).samples, (Bytes{18, 48, 78, 108, 18, 48}));
  EXPECT_EQ(decode_picture(bytes).rgb,
            (Bytes{10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 10, 20, 30, 40, 50, 60}));
}

TEST(Png, SixteenBits) {
  const std::string bytes = make_png({.width = 2,
                                      .height = 1,
                                      .bit_depth = 16,
                                      .colour_type = 0,
                                      .rows = from_hex("1234ffee"),
                                      .palette = {},
                                      .alpha = {}});
  EXPECT_EQ(decode_png16(bytes, 0).samples, (std::vector<std::uint16_t>{0x1234, 0xffee}));
  EXPECT_EQ(decode_png16(bytes, 3).samples,
            (std::vector<std::uint16_t>{0x1234, 0x1234, 0x1234, 0xffee, 0xffee, 0xffee}));
  EXPECT_EQ(decode_image(bytes, 0).samples, (Bytes{0x12, 0xff}));
  const std::string eight_bits =
      make_png({.width = 3, .height = 1, .colour_type = 0, .rows = from_hex("0080ff"), .palette = {}, .alpha = {}});
  EXPECT_EQ(decode_png16(eight_bits, 1).samples, (std::vector<std::uint16_t>{0, 0x8080, 0xffff}));
  EXPECT_THROW(decode_png16(encode_jpeg(sample_picture(8, 8)), 0), ModelError);
}

TEST(Jpeg, IsNearTheOriginalInEverySampling) {
  const Picture picture{32, 16, Bytes(32 * 16 * 3, 90)};
  const std::string samples(picture.rgb.begin(), picture.rgb.end());
  for (const int sampling : {1, 2}) {
    for (const bool progressive : {false, true}) {
      const std::string bytes =
          make_jpeg({.width = 32, .height = 16, .samples = samples, .sampling = sampling, .progressive = progressive});
      const Picture decoded = decode_picture(bytes);
      ASSERT_EQ(decoded.rgb.size(), picture.rgb.size());
      for (const std::uint8_t value : decoded.rgb) ASSERT_NEAR(value, 90, 1);
    }
  }
}

TEST(Jpeg, GreyIsRepeatedOrKept) {
  const std::string bytes = make_jpeg({.width = 8, .height = 8, .components = 1, .samples = std::string(64, 'd')});
  EXPECT_EQ(decode_picture(bytes).rgb, Bytes(64 * 3, 'd'));
  EXPECT_EQ(decode_image(bytes, 0).channels, 1);
  EXPECT_EQ(decode_image(bytes, 0).samples, Bytes(64, 'd'));
  EXPECT_EQ(decode_image(bytes, 3).channels, 3);
  EXPECT_THROW(decode_image(bytes, 4), ModelError);
}

TEST(Jpeg, ConvertsCmyk) {
  std::string samples;
  for (int i = 0; i < 64; ++i) samples += from_hex("40a0e0c0");
  const std::string adobe = make_jpeg({.width = 8, .height = 8, .components = 4, .samples = samples});
  const std::string plain =
      make_jpeg({.width = 8, .height = 8, .components = 4, .samples = samples, .adobe_marker = false});
  const auto first_pixel = [](const Bytes& samples_of) { return Bytes(samples_of.begin(), samples_of.begin() + 3); };
  // 192 - (255 - ink) * 192 / 255, rounded.
  EXPECT_EQ(first_pixel(decode_picture(adobe).rgb), (Bytes{48, 120, 169}));
  EXPECT_EQ(first_pixel(decode_picture(plain).rgb), (Bytes{48, 120, 169}));
  // 192 * ink / 255 and (255 - 192) * (255 - ink) / 255, truncated.
  EXPECT_EQ(first_pixel(decode_image(adobe, 3).samples), (Bytes{48, 120, 168}));
  EXPECT_EQ(first_pixel(decode_image(plain, 3).samples), (Bytes{47, 23, 7}));
}

TEST(Jpeg, ShrinksByTheRatio) {
  const std::string bytes = encode_jpeg(sample_picture(33, 17));
  const DecodedImage half = decode_image(bytes, 3, {.ratio = 2});
  EXPECT_EQ(half.width, 17);
  EXPECT_EQ(half.height, 9);
  EXPECT_THROW(decode_image(bytes, 3, {.ratio = 3}), ModelError);
}

TEST(Jpeg, TruncatedIsRefused) {
  const std::string bytes = encode_jpeg(sample_picture(64, 64));
  const std::string error = error_of(bytes.substr(0, bytes.size() / 2));
  EXPECT_TRUE(contains(error, "truncated")) << error;
}

TEST(Jpeg, ClaimedSizeIsCheckedAgainstTheFile) {
  std::string bytes = encode_jpeg(sample_picture(8, 8));
  const std::size_t frame = bytes.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  bytes.replace(frame + 5, 4, from_hex("3fff3fff"));
  const std::string error = error_of(bytes);
  EXPECT_TRUE(contains(error, "cannot hold")) << error;
}

std::string with_orientation(const std::string& jpeg, int orientation, bool big_endian) {
  std::string tiff = big_endian ? from_hex("4d4d002a00000008000101120003000000010000000000000000")
                                : from_hex("49492a0008000000010012010300010000000000000000000000");
  tiff[big_endian ? 19 : 18] = static_cast<char>(orientation);
  const std::string payload = std::string("Exif\0\0", 6) + tiff;
  const auto length = static_cast<char>(payload.size() + 2);
  return jpeg.substr(0, 2) + std::string("\xff\xe1\0", 3) + length + payload + jpeg.substr(2);
}

TEST(Jpeg, ReadsTheOrientation) {
  const std::string jpeg = encode_jpeg(sample_picture(16, 8));
  EXPECT_EQ(exif_orientation(jpeg), 1);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    EXPECT_EQ(exif_orientation(with_orientation(jpeg, orientation, true)), orientation);
    EXPECT_EQ(exif_orientation(with_orientation(jpeg, orientation, false)), orientation);
  }
  EXPECT_EQ(exif_orientation(with_orientation(jpeg, 9, true)), 1);
  const std::string turned = with_orientation(jpeg, 6, true);
  EXPECT_EQ(decode_picture(turned).width, 16);
  EXPECT_EQ(decode_picture(turned, {.exif_rotation = true}).width, 8);
}

TEST(Jpeg, TurnsUpright) {
  // The red channel numbers the pixels of a 2 x 3 picture.
  Picture picture{2, 3, {}};
  for (std::uint8_t i = 1; i <= 6; ++i) picture.rgb.insert(picture.rgb.end(), {i, 0, 0});
  const std::vector<std::vector<int>> expected = {{1, 2, 3, 4, 5, 6}, {2, 1, 4, 3, 6, 5}, {6, 5, 4, 3, 2, 1},
                                                  {5, 6, 3, 4, 1, 2}, {1, 3, 5, 2, 4, 6}, {5, 3, 1, 6, 4, 2},
                                                  {6, 4, 2, 5, 3, 1}, {2, 4, 6, 1, 3, 5}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Picture upright = turn_upright(picture, orientation);
    std::vector<int> red;
    for (std::size_t i = 0; i < upright.rgb.size(); i += 3) red.push_back(upright.rgb[i]);
    EXPECT_EQ(red, expected[static_cast<std::size_t>(orientation - 1)]) << orientation;
    EXPECT_EQ(upright.width, orientation < 5 ? 2 : 3);
  }
}

TEST(Webp, LosslessKeepsEveryPixel) {
  const Picture picture = sample_picture(19, 5);
  EXPECT_EQ(decode_picture(testing::make_webp(picture, true)).rgb, picture.rgb);
  EXPECT_EQ(decode_picture(testing::make_webp(picture, false)).rgb.size(), picture.rgb.size());
  const std::string with_alpha = testing::make_webp_with_alpha(picture, 128);
  EXPECT_EQ(decode_picture(with_alpha).rgb, picture.rgb);
  EXPECT_EQ(decode_image(with_alpha, 0).channels, 4);
  EXPECT_EQ(decode_image(with_alpha, 0).samples[3], 128);
  EXPECT_THROW(decode_image(with_alpha, 1), ModelError);
}

TEST(Bmp, TrueColourBothWaysUp) {
  const std::string rows = from_hex(
      "0102030405060000"
      "0708090a0b0c0000");
  EXPECT_EQ(decode_picture(make_bmp({.width = 2, .height = 2, .palette = {}, .rows = rows})).rgb,
            (Bytes{9, 8, 7, 12, 11, 10, 3, 2, 1, 6, 5, 4}));
  EXPECT_EQ(decode_picture(make_bmp({.width = 2, .height = -2, .palette = {}, .rows = rows})).rgb,
            (Bytes{3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10}));
  EXPECT_EQ(decode_picture(make_bmp({.width = 2, .height = 2, .palette = {}, .rows = rows, .os2 = true})).rgb,
            (Bytes{9, 8, 7, 12, 11, 10, 3, 2, 1, 6, 5, 4}));
}

TEST(Bmp, ThirtyTwoAndSixteenBits) {
  const std::string rows32 = from_hex("01020380");
  EXPECT_EQ(decode_picture(make_bmp({.width = 1, .height = 1, .bits = 32, .palette = {}, .rows = rows32})).rgb,
            (Bytes{3, 2, 1}));
  EXPECT_EQ(decode_image(make_bmp({.width = 1, .height = 1, .bits = 32, .palette = {}, .rows = rows32}), 0).samples,
            (Bytes{3, 2, 1, 128}));
  const std::string rows16 = from_hex("0f7c0000");  // red 31, green 0, blue 15
  EXPECT_EQ(decode_picture(make_bmp({.width = 1, .height = 1, .bits = 16, .palette = {}, .rows = rows16})).rgb,
            (Bytes{255, 0, 123}));
  const std::string masks565 = from_hex(
      "00f80000"
      "e0070000"
      "1f000000");
  const std::string rows565 = from_hex("e0ff0000");  // red 31, green 63, blue 0
  EXPECT_EQ(decode_picture(
                make_bmp({.width = 1, .height = 1, .bits = 16, .compression = 3, .palette = masks565, .rows = rows565}))
                .rgb,
            (Bytes{255, 255, 0}));
}

TEST(Bmp, Palettes) {
  const std::string palette = from_hex(
      "01020300"
      "04050600");
  EXPECT_EQ(
      decode_picture(make_bmp({.width = 3, .height = 1, .bits = 1, .palette = palette, .rows = from_hex("a0000000")}))
          .rgb,
      (Bytes{6, 5, 4, 3, 2, 1, 6, 5, 4}));
  EXPECT_EQ(decode_picture(make_bmp({.width = 3,
                                     .height = 1,
                                     .bits = 4,
                                     .palette = palette,
                                     .rows = from_hex("10f00000"),
                                     .colours_used = 2}))
                .rgb,
            (Bytes{6, 5, 4, 3, 2, 1, 0, 0, 0}));
  const std::string eight = make_bmp(
      {.width = 2, .height = 1, .bits = 8, .palette = palette, .rows = from_hex("01000000"), .colours_used = 2});
  EXPECT_EQ(decode_picture(eight).rgb, (Bytes{6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(decode_image(eight, 0).samples, (Bytes{1, 0}));
}

TEST(Bmp, SaysWhyItIsRefused) {
  EXPECT_TRUE(
      contains(error_of(make_bmp({.width = 1, .height = 1, .bits = 8, .compression = 1, .palette = {}, .rows = "ab"})),
               "run-length"));
  EXPECT_TRUE(contains(error_of(make_bmp({.width = 90, .height = 90, .palette = {}, .rows = "abcd"})), "truncated"));
  EXPECT_TRUE(contains(error_of(make_bmp({.width = 0, .height = 1, .palette = {}, .rows = "abcd"})), "0 x 1"));
  EXPECT_TRUE(
      contains(error_of(make_bmp({.width = 1 << 30, .height = 1 << 30, .palette = {}, .rows = "abcd"})), "at most"));
}

TEST(Picture, NamesForeignFormats) {
  EXPECT_TRUE(contains(error_of(""), "empty"));
  EXPECT_TRUE(contains(error_of("GIF89a..........."), "a GIF file"));
  EXPECT_TRUE(contains(error_of("hello"), "not a picture"));
}

TEST(Picture, ErrorsNameTheFile) {
  const auto path = std::filesystem::temp_directory_path() / "temper_picture_test_not_a_picture.jpg";
  std::ofstream(path) << "hello";
  try {
    read_picture(path);
    FAIL() << "no error";
  } catch (const ModelError& error) {
    EXPECT_TRUE(contains(error.what(), path.string())) << error.what();
  }
  std::filesystem::remove(path);
}

struct Recorded {
  const char* path;
  int width;
  int height;
  std::uint64_t hash;
};

/// Hashes of the pixels that Pillow 13 gives.
TEST(RealPictures, EqualPillow) {
  constexpr Recorded kRecorded[] = {
      {"images/tf_test/image2.jpg", 1352, 900, 0xbf6a1d6112e6738cULL},
      {"images/coral/owl.jpg", 512, 384, 0x0c38fb80c45d87baULL},
      {"images/coral/cat.bmp", 512, 341, 0xd2c88116f02299d1ULL},
      {"images/kitti/image_2/000000.png", 1224, 370, 0x1e85b1e027b61850ULL},
      {"images/face/ivan.jpg", 561, 561, 0xfb323aba7711d753ULL},
  };
  for (const Recorded& recorded : kRecorded) {
    const auto path = shared_data(recorded.path);
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
    const Picture picture = read_picture(path);
    EXPECT_EQ(picture.width, recorded.width) << path;
    EXPECT_EQ(picture.height, recorded.height) << path;
    EXPECT_EQ(hash_of(picture.rgb), recorded.hash) << path;
  }
}

struct RecordedJpeg {
  const char* path;
  int channels;
  JpegOptions options;
  int width;
  std::uint64_t hash;
};

/// Hashes of what TensorFlow 2.21 gives.
TEST(RealPictures, EqualTensorFlow) {
  const RecordedJpeg recorded_jpegs[] = {
      {"images/coral/owl.jpg", 0, {true, true, 1}, 512, 0xb302465dc92b65c8ULL},
      {"images/coral/owl.jpg", 1, {true, true, 1}, 512, 0x725e2399ea59748eULL},
      {"images/coral/owl.jpg", 3, {false, true, 1}, 512, 0x0c38fb80c45d87baULL},
      {"images/coral/owl.jpg", 3, {true, true, 2}, 256, 0x9cb8e17ec8e93739ULL},
      {"images/coral/owl.jpg", 3, {true, true, 8}, 64, 0x0a6dd48a5ac6ea41ULL},
      {"images/face/26.jpg", 3, {true, true, 1}, 1024, 0xabb28869000648f4ULL},
      {"images/face/26.jpg", 3, {true, false, 1}, 1024, 0x8591adcc4a7c36aeULL},
  };
  for (const RecordedJpeg& recorded : recorded_jpegs) {
    const auto path = shared_data(recorded.path);
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
    const DecodedImage image = decode_image(read_file(path), recorded.channels, recorded.options);
    EXPECT_EQ(image.width, recorded.width);
    EXPECT_EQ(hash_of(image.samples), recorded.hash) << path << " ratio " << recorded.options.ratio;
  }
  const auto path = shared_data("images/kitti/image_2/000000.png");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  EXPECT_EQ(hash_of(decode_image(read_file(path), 1).samples), 0xb3c5340cef2266fbULL);
  EXPECT_EQ(hash_of(decode_image(read_file(path), 4).samples), 0x383eab1430b08a64ULL);
}

}  // namespace
}  // namespace temper
