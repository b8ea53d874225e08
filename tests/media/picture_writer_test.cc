#include "media/picture_writer.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "sample_pictures.h"
#include "temper/error.h"

namespace temper {
namespace {

TEST(PictureWriter, ChoosesTheFormatByExtension) {
  const Picture picture = testing::sample_picture(40, 30);
  const auto folder = std::filesystem::temp_directory_path() / "temper_picture_writer_test";
  std::filesystem::create_directories(folder);
  write_picture(folder / "a.png", picture);
  EXPECT_EQ(read_picture(folder / "a.png").rgb, picture.rgb);
  for (const char* name : {"a.jpg", "a.JPEG"}) {
    write_picture(folder / name, picture);
    EXPECT_TRUE(read_file(folder / name).starts_with("\xff\xd8\xff"));
    const Picture again = read_picture(folder / name);
    double error = 0;
    for (std::size_t i = 0; i < picture.rgb.size(); ++i) error += std::abs(again.rgb[i] - picture.rgb[i]);
    EXPECT_LT(error / static_cast<double>(picture.rgb.size()), 4.0);  // quality 95 without subsampling
  }
  EXPECT_THROW(write_picture(folder / "a.gif", picture), ModelError);
  EXPECT_THROW(write_picture(folder / "missing" / "a.png", picture), ModelError);
  EXPECT_THROW(write_picture(folder / "empty.png", Picture{}), ModelError);
  EXPECT_THROW(write_picture(folder / "wide.jpg", Picture{70000, 1, std::vector<std::uint8_t>(210000)}), ModelError);
  EXPECT_FALSE(std::filesystem::exists(folder / "wide.jpg"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace temper
