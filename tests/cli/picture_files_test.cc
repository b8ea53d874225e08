#include "cli/io/picture_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "temper/error.h"

namespace temper {
namespace {
namespace fs = std::filesystem;
using Paths = std::vector<fs::path>;

class PictureFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(::testing::TempDir()) / ("temper_pictures_" + std::to_string(::getpid()));
    for (const char* name : {"b/x.jpg", "a/x.jpg", "a/deep/y.PNG", "a/notes.txt", "z.webp"}) {
      fs::create_directories((root_ / name).parent_path());
      write_file(root_ / name, "");
    }
    fs::create_directories(root_ / "empty");
  }
  void TearDown() override { fs::remove_all(root_); }
  std::string at(const std::string& name) const { return (root_ / name).string(); }
  fs::path root_;
};

TEST_F(PictureFilesTest, FindsThemInFoldersSorted) {
  EXPECT_EQ(find_pictures({root_.string()}), (Paths{at("a/deep/y.PNG"), at("a/x.jpg"), at("b/x.jpg"), at("z.webp")}));
}

TEST_F(PictureFilesTest, ExpandsPatterns) {
  EXPECT_EQ(find_pictures({at("*/x.jpg")}), (Paths{at("a/x.jpg"), at("b/x.jpg")}));
  EXPECT_EQ(find_pictures({at("{b,a}/x.jpg")}).size(), 2U);
  EXPECT_EQ(find_pictures({at("?.web[op]")}), (Paths{at("z.webp")}));
}

TEST_F(PictureFilesTest, KeepsNamedFilesAsTheyAre) {
  EXPECT_EQ(find_pictures({at("a/notes.txt"), at("missing.jpg")}), (Paths{at("a/notes.txt"), at("missing.jpg")}));
  write_file(root_ / "odd[1].jpg", "");
  EXPECT_EQ(find_pictures({at("odd[1].jpg")}), (Paths{at("odd[1].jpg")}));
}

TEST_F(PictureFilesTest, TakesEachOnce) {
  EXPECT_EQ(find_pictures({at("a/x.jpg"), at("a/../a/x.jpg"), at("*/x.jpg")}), (Paths{at("a/x.jpg"), at("b/x.jpg")}));
}

TEST_F(PictureFilesTest, RefusesWhatGivesNone) {
  EXPECT_THROW(find_pictures({at("empty")}), ModelError);
  EXPECT_THROW(find_pictures({at("*.tiff")}), ModelError);
}

TEST(DrawnPaths, KeepsNames) {
  EXPECT_EQ(drawn_paths({"in/a.jpg", "in/b.JPEG", "c.png"}, "out"), (Paths{"out/a.jpg", "out/b.JPEG", "out/c.png"}));
  EXPECT_EQ(drawn_paths({"in/a.bmp", "frame"}, "out"), (Paths{"out/a.png", "out/frame.png"}));
}

TEST(DrawnPaths, PicturesOfOneNameKeepTheirFolders) {
  EXPECT_EQ(drawn_paths({"in/a/x.jpg", "in/b/c/x.jpg", "in/a/y.jpg"}, "out"),
            (Paths{"out/a/x.jpg", "out/b/c/x.jpg", "out/y.jpg"}));
  EXPECT_EQ(drawn_paths({"x.jpg", "a/x.jpg"}, "out"), (Paths{"out/x.jpg", "out/a/x.jpg"}));
  EXPECT_EQ(drawn_paths({"a/x.png", "a/x.bmp"}, "out"), (Paths{"out/x.png", "out/x.bmp.png"}));
}

}  // namespace
}  // namespace temper
