#include <gtest/gtest.h>
#include <png.h>

#include <functional>
#include <random>

#include "base/memory.h"
#include "media/picture.h"
#include "media/picture_writer.h"
#include "sample_pictures.h"
#include "temper/error.h"

namespace temper {
namespace {

using testing::sample_picture;

/// A small memory limit while a test runs, so that a header that lies cannot take much.
class SmallMemory {
 public:
  SmallMemory() : before_(memory_limit()) { set_memory_limit(std::size_t{64} << 20); }
  ~SmallMemory() { set_memory_limit(before_); }
  SmallMemory(const SmallMemory&) = delete;
  SmallMemory& operator=(const SmallMemory&) = delete;

 private:
  std::size_t before_;
};

struct Sample {
  const char* name;
  std::string bytes;
};

std::string as_text(const Picture& picture) { return {picture.rgb.begin(), picture.rgb.end()}; }

std::vector<Sample> samples() {
  const Picture picture = sample_picture(20, 12);
  const std::string rgb = as_text(picture);
  const std::string rows = rgb.substr(0, 240);
  const std::string palette(256 * 4, 'p');
  return {
      {"jpeg", encode_jpeg(picture)},
      {"jpeg subsampled", testing::make_jpeg({.width = 20, .height = 12, .samples = rgb, .sampling = 2})},
      {"jpeg progressive",
       testing::make_jpeg({.width = 20, .height = 12, .samples = rgb, .sampling = 2, .progressive = true})},
      {"jpeg cmyk", testing::make_jpeg({.width = 15, .height = 12, .components = 4, .samples = rgb})},
      {"png", encode_png(picture)},
      {"png interlaced palette", testing::make_png({.width = 20,
                                                    .height = 12,
                                                    .colour_type = PNG_COLOR_TYPE_PALETTE,
                                                    .rows = rows,
                                                    .palette = palette.substr(0, 768),
                                                    .alpha = "abc",
                                                    .interlaced = true})},
      {"png 16", testing::make_png({.width = 10,
                                    .height = 12,
                                    .bit_depth = 16,
                                    .colour_type = PNG_COLOR_TYPE_RGB,
                                    .rows = rgb,
                                    .palette = {},
                                    .alpha = {}})},
      {"webp lossy", testing::make_webp(picture, false)},
      {"webp lossless", testing::make_webp(picture, true)},
      {"webp alpha", testing::make_webp_with_alpha(picture, 77)},
      {"bmp", testing::make_bmp({.width = 20, .height = 12, .palette = {}, .rows = rgb})},
      {"bmp palette", testing::make_bmp({.width = 20, .height = 12, .bits = 8, .palette = palette, .rows = rows})},
      {"bmp os2", testing::make_bmp({.width = 20, .height = 12, .palette = {}, .rows = rgb, .os2 = true})},
  };
}

/// Calls every decoder; anything but an answer of the right size or ModelError fails the test.
bool decodes(const std::string& bytes) {
  bool decoded = false;
  const std::function<void()> calls[] = {
      [&] {
        const Picture picture = decode_picture(bytes, {.exif_rotation = true});
        ASSERT_EQ(picture.rgb.size(),
                  static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height) * 3);
        decoded = true;
      },
      [&] { decode_image(bytes, 0); },
      [&] { decode_image(bytes, 1); },
      [&] { decode_image(bytes, 4); },
      [&] { decode_png16(bytes, 0); },
      [&] { decode_png16(bytes, 3); },
  };
  for (const auto& call : calls) {
    try {
      call();
    } catch (const ModelError& error) {
      EXPECT_STRNE(error.what(), "");
    }
  }
  return decoded;
}

TEST(DamagedPictures, WholeOnesAreRead) {
  for (const Sample& sample : samples()) EXPECT_TRUE(decodes(sample.bytes)) << sample.name;
}

TEST(DamagedPictures, TruncatedAtEveryLength) {
  const SmallMemory limit;
  ::testing::internal::CaptureStderr();
  for (const Sample& sample : samples()) {
    SCOPED_TRACE(sample.name);
    // An end marker may be missing where all pixels are there.
    for (std::size_t length = 0; length + 12 < sample.bytes.size(); ++length) {
      const bool decoded = decodes(sample.bytes.substr(0, length));
      EXPECT_FALSE(decoded && length < sample.bytes.size() / 2) << "at " << length;
    }
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(DamagedPictures, FlippedBytes) {
  const SmallMemory limit;
  constexpr std::uint64_t kSeed = 20240611;
  std::mt19937_64 random(kSeed);
  ::testing::internal::CaptureStderr();
  for (const Sample& sample : samples()) {
    for (int round = 0; round < 400; ++round) {
      SCOPED_TRACE(std::string(sample.name) + ", seed " + std::to_string(kSeed) + ", round " + std::to_string(round));
      std::string damaged = sample.bytes;
      const std::size_t flips = 1 + random() % 4;
      // Half the rounds aim at the headers.
      const std::size_t reach = round % 2 == 0 ? damaged.size() : std::min<std::size_t>(damaged.size(), 64);
      for (std::size_t i = 0; i < flips; ++i) damaged[random() % reach] = static_cast<char>(random());
      decodes(damaged);
    }
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(DamagedPictures, LargePicturesNeedRoom) {
  const std::string bytes = testing::make_webp(Picture{4000, 4000, std::vector<std::uint8_t>(4000UL * 4000 * 3)}, true);
  const std::size_t before = memory_limit();
  set_memory_limit(std::size_t{16} << 20);
  EXPECT_THROW(decode_picture(bytes), ModelError);
  set_memory_limit(before);
  EXPECT_EQ(decode_picture(bytes).width, 4000);
}

}  // namespace
}  // namespace temper
