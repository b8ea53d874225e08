#include "eval/annotations.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "temper/error.h"

namespace temper {
namespace {
namespace fs = std::filesystem;

class AnnotationsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ("temper_annotations_test_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path write(const std::string& name, std::string_view text) {
    write_file(folder_ / name, text);
    return folder_ / name;
  }
  std::string failure(const fs::path& path) {
    try {
      Annotations::read(path);
    } catch (const ModelError& error) {
      return error.what();
    }
    return "";
  }
  fs::path folder_;
};

TEST_F(AnnotationsTest, ReadsCoco) {
  const auto path =
      write("instances.json", R"({"images": [{"id": 7, "file_name": "train/a.jpg", "width": 10, "height": 10},
    {"id": 8, "file_name": "b.jpg"}], "categories": [{"id": 18, "name": "dog"}],
    "annotations": [{"image_id": 7, "category_id": 18, "bbox": [1, 2, 3, 4], "iscrowd": 1}, {"image_id": 99, "category_id": 18, "bbox": [0,0,0,0]}]})");
  const Annotations all = Annotations::read(path);
  EXPECT_EQ(all.format(), "COCO");
  ASSERT_NE(all.find("/somewhere/a.jpg"), nullptr);
  ASSERT_EQ(all.find("a.jpg")->size(), 1U);
  const AnnotatedObject& dog = all.find("a.jpg")->front();
  EXPECT_EQ(dog.class_name, "dog");
  EXPECT_EQ(dog.class_id, 18);
  EXPECT_TRUE(dog.ignored);
  EXPECT_EQ(dog.box.ymin, 2);
  EXPECT_EQ(dog.box.xmin, 1);
  EXPECT_EQ(dog.box.ymax, 6);
  EXPECT_EQ(dog.box.xmax, 4);
  ASSERT_NE(all.find("b.jpg"), nullptr);
  EXPECT_TRUE(all.find("b.jpg")->empty());
  EXPECT_EQ(all.find("c.jpg"), nullptr);
}

TEST_F(AnnotationsTest, ReadsKitti) {
  write("000001.txt",
        "Car 0.00 0 1.85 387.63 181.54 423.81 203.12 1.67 1.87 3.69 -16.53 2.39 58.49 1.57\nDontCare -1 -1 -10 5 6 7 8 "
        "-1 -1 -1 -1000 -1000 -1000 -10\n");
  write("000002.txt", "");
  const Annotations all = Annotations::read(folder_);
  EXPECT_EQ(all.format(), "KITTI");
  const auto* objects = all.find("images/000001.png");
  ASSERT_NE(objects, nullptr);
  ASSERT_EQ(objects->size(), 2U);
  EXPECT_EQ((*objects)[0].class_name, "Car");
  EXPECT_FLOAT_EQ((*objects)[0].box.xmin, 387.63F);
  EXPECT_FLOAT_EQ((*objects)[0].box.ymax, 203.12F);
  EXPECT_TRUE((*objects)[1].any_class && (*objects)[1].ignored);
  EXPECT_TRUE(all.classes().contains("person"));
  EXPECT_TRUE(all.find("000002.png")->empty());
}

TEST_F(AnnotationsTest, ReadsVoc) {
  write("p.xml",
        "<annotation><filename>p.jpg</filename><object><name>dog</name><difficult>0</difficult><bndbox><xmin>1</"
        "xmin><ymin> 2 </ymin>"
        "<xmax>10</xmax><ymax>20</ymax></bndbox></object><object><name>sofa</name><difficult>1</"
        "difficult><bndbox><xmin>1</xmin>"
        "<ymin>2</ymin><xmax>3.5</xmax><ymax>4</ymax></bndbox></object></annotation>");
  const Annotations all = Annotations::read(folder_);
  const auto* objects = all.find("p.jpg");
  ASSERT_NE(objects, nullptr);
  ASSERT_EQ(objects->size(), 2U);
  EXPECT_EQ((*objects)[0].box.xmin, 0);
  EXPECT_EQ((*objects)[0].box.xmax, 10);
  EXPECT_FALSE((*objects)[0].ignored);
  EXPECT_TRUE((*objects)[1].ignored);
}

TEST_F(AnnotationsTest, SaysWhatIsWrong) {
  EXPECT_NE(failure(folder_ / "no").find("there is no such file"), std::string::npos);
  EXPECT_NE(failure(folder_).find("neither"), std::string::npos);
  EXPECT_NE(failure(write("a.json", "{}")).find("COCO"), std::string::npos);
  EXPECT_NE(failure(write("b.json", "[1, 2")).find("COCO"), std::string::npos);
  EXPECT_NE(failure(write("c.xml", "<annotation><object><name>x</name></object>")).find("bndbox"), std::string::npos);
  write("d.txt", "Car 0 0 zero");
  fs::remove(folder_ / "c.xml");
  EXPECT_NE(failure(folder_).find("line 1"), std::string::npos);
}

TEST(CanonicalClass, JoinsSpellings) {
  EXPECT_EQ(canonical_class("Pedestrian"), canonical_class("person"));
  EXPECT_EQ(canonical_class("dining table"), canonical_class("diningtable"));
  EXPECT_EQ(canonical_class("tvmonitor"), canonical_class("TV"));
  EXPECT_NE(canonical_class("cat"), canonical_class("dog"));
}

}  // namespace
}  // namespace temper
