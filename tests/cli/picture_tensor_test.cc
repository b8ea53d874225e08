#include "cli/io/picture_tensor.h"

#include <gtest/gtest.h>

#include "support/tensors.h"

namespace temper {
namespace {
using namespace testing;

ShapeFact dims(std::initializer_list<int> sizes) {
  std::vector<Dim> all;
  for (const int size : sizes) all.push_back(size < 0 ? Dim() : Dim(size));
  return ShapeFact(all);
}

Graph graph_of(std::initializer_list<std::pair<const char*, Fact>> inputs) {
  Graph graph;
  for (const auto& [name, fact] : inputs) graph.add_input(name, fact);
  return graph;
}

const Picture kPicture{2, 1, {10, 20, 30, 40, 50, 60}};

TEST(PictureInput, IsFoundByShape) {
  const auto input = find_picture_input(
      graph_of({{"phase", {DType::kBool, dims({}), {}}}, {"x", {DType::kUInt8, dims({-1, -1, -1, 3}), {}}}}));
  EXPECT_EQ(input.name, "x");
  EXPECT_FALSE(input.height.has_value());
  const auto fixed = find_picture_input(graph_of({{"x", {DType::kFloat32, dims({-1, 3, 224, 200}), {}}}}));
  EXPECT_TRUE(fixed.channels_first);
  EXPECT_EQ(fixed.height, 224);
  EXPECT_EQ(fixed.width, 200);
  EXPECT_EQ(find_picture_input(graph_of({{"x", {DType::kFloat32, dims({1, 64, 64, 1}), {}}}})).channels, 1);
}

TEST(PictureInput, OrByName) {
  const Graph graph =
      graph_of({{"other", {DType::kFloat32, dims({1, -1, -1, 3}), {}}}, {"image_tensor", {DType::kFloat32, {}, {}}}});
  EXPECT_EQ(find_picture_input(graph).name, "image_tensor");
  EXPECT_EQ(find_picture_input(graph, "other").name, "other");
  EXPECT_THROW(find_picture_input(graph, "nothing"), ModelError);
  EXPECT_THROW(find_picture_input(graph_of({{"ids", {DType::kInt32, dims({1, 128}), {}}}})), ModelError);
  EXPECT_THROW(find_picture_input(graph_of({{"a", {DType::kUInt8, {}, {}}}, {"b", {DType::kUInt8, {}, {}}}})),
               ModelError);
}

TEST(PictureTensor, TakesTheFormOfTheInput) {
  EXPECT_TRUE(identical(picture_tensor(kPicture, {.name = "x", .dtype = DType::kUInt8}).tensor,
                        u8({1, 1, 2, 3}, {10, 20, 30, 40, 50, 60})));
  EXPECT_TRUE(identical(picture_tensor(kPicture, {.name = "x", .channels_first = true}).tensor,
                        f32({1, 3, 1, 2}, {10, 40, 20, 50, 30, 60})));
  EXPECT_TRUE(
      identical(picture_tensor(kPicture, {.name = "x", .rank = 3, .channels = 1}).tensor, f32({1, 2, 1}, {18, 48})));
  const auto resized = picture_tensor(kPicture, {.name = "x", .height = 4, .width = 6});
  EXPECT_TRUE(resized.resized);
  EXPECT_EQ(resized.tensor.shape(), (Shape{1, 4, 6, 3}));
  EXPECT_EQ(picture_tensor(kPicture, {.name = "x", .height = 4, .width = 4}, Preprocess::kNone, ResizeMode::kCrop)
                .tensor.shape(),
            (Shape{1, 4, 4, 3}));
}

TEST(PictureTensor, Preprocesses) {
  const auto first = [](Preprocess preprocess) {
    return picture_tensor(kPicture, {.name = "x"}, preprocess).tensor.data<float>()[0];
  };
  EXPECT_FLOAT_EQ(first(Preprocess::kUnit), 10 / 255.0F);
  EXPECT_FLOAT_EQ(first(Preprocess::kSymmetric), 10 / 127.5F - 1);
  EXPECT_FLOAT_EQ(first(Preprocess::kCaffe), 30 - 103.939F);
  EXPECT_NEAR(first(Preprocess::kTorch), (10 / 255.0F - 0.485F) / 0.229F, 1e-5);
  EXPECT_THROW(picture_tensor(kPicture, {.name = "x", .dtype = DType::kUInt8}, Preprocess::kUnit), ModelError);
  EXPECT_EQ(parse_preprocess("-1..1"), Preprocess::kSymmetric);
  EXPECT_THROW(parse_preprocess("vgg"), ModelError);
}

}  // namespace
}  // namespace temper
