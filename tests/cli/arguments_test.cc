#include "cli/io/arguments.h"

#include <gtest/gtest.h>

#include "cli/io/ranking.h"
#include "support/tensors.h"

namespace temper {
namespace {
using namespace testing;
using Words = std::vector<std::string>;

TEST(Arguments, NearestWord) {
  EXPECT_EQ(nearest_word("inspekt", {"run", "inspect"}), "inspect");
  EXPECT_EQ(nearest_word("dectect", {"detect", "doctor"}), "detect");
  EXPECT_EQ(nearest_word("optimize", {"run", "inspect"}), "");
}

TEST(Arguments, JsonNeverTakesAPicture) {
  EXPECT_EQ(split_json_option({"detect", "m.pb", "--json", "d.json", "a.jpg"}),
            (Words{"detect", "m.pb", "--json=d.json", "a.jpg"}));
  EXPECT_EQ(split_json_option({"--json", "-", "--json"}), (Words{"--json=-", "--json=-"}));
  EXPECT_EQ(split_json_option({"--json", "/proc/self/status"}), (Words{"--json=-", "/proc/self/status"}));
  EXPECT_EQ(split_json_option({"--json", "-q"}), (Words{"--json=-", "-q"}));
  EXPECT_EQ(split_json_option({"--", "--json", "x"}), (Words{"--", "--json", "x"}));
}

TEST(Arguments, Names) {
  EXPECT_EQ(split_names("a,b:0,,c:1,a"), (Words{"a", "b", "c:1"}));
  EXPECT_EQ(split_names(""), Words{});
}

TEST(Arguments, Inputs) {
  EXPECT_EQ(parse_input("x:0=f.npy").name, "x");
  EXPECT_EQ(parse_input("x=a=b.npy").value, "a=b.npy");
  EXPECT_EQ(parse_input("f.npy").name, "");
  EXPECT_EQ(parse_input("=f").value, "=f");
}

TEST(Arguments, Shapes) {
  EXPECT_EQ(parse_shape("a/b:0=1x300x?x3").name, "a/b");
  EXPECT_EQ(parse_shape("a=1x300x?x3").dims, (std::vector<std::int64_t>{1, 300, -1, 3}));
  EXPECT_EQ(parse_shape("1,2").dims, (std::vector<std::int64_t>{1, 2}));
  EXPECT_TRUE(parse_shape("a=").dims.empty());
  for (const char* text : {"a=1xx2", "a=x1", "a=1x", "a=-1", "a=1.5", "a=99999999999"})
    EXPECT_THROW(parse_shape(text), ModelError) << text;
}

TEST(ReadInputs, ScalarsTakeTheTypeOfTheInput) {
  Graph graph;
  graph.add_input("phase", {DType::kBool, Shape{}, {}});
  graph.add_input("rate", {DType::kFloat16, {}, {}});
  graph.add_input("k", {DType::kUInt8, {}, {}});
  const auto arrays = read_inputs(graph, {"phase=false", "rate=0.5", "k=200"}, "none");
  EXPECT_TRUE(identical(arrays[0].second, boolean({}, {false})));
  EXPECT_TRUE(identical(arrays[1].second, tensor_of<Half>({}, {Half(0.5F)})));
  EXPECT_TRUE(identical(arrays[2].second, u8({}, {200})));
  EXPECT_THROW(read_inputs(graph, {"k=300"}, "none"), ModelError);
  EXPECT_THROW(read_inputs(graph, {"k=nan"}, "none"), ModelError);
  EXPECT_THROW(read_inputs(graph, {"q=1"}, "none"), ModelError);
}

TEST(Ranking, BestPlaces) {
  const std::vector<float> scores = {NAN, 1, 3, 3, 2};
  EXPECT_EQ(best_places(scores, 3), (std::vector<std::size_t>{2, 3, 4}));
  EXPECT_EQ(best_places(scores, 9).back(), 0U);
}

TEST(Ranking, Probabilities) {
  EXPECT_TRUE(are_probabilities(std::vector<float>{.2F, .8F}));
  EXPECT_FALSE(are_probabilities(std::vector<float>{-2, 8}));
  const auto shares = softmax_of(std::vector<float>{1000, 1000});
  EXPECT_FLOAT_EQ(shares[0], .5F);
  EXPECT_EQ(class_scores(f32({1, 1, 1, 2}, {1, 2})).size(), 2U);
  EXPECT_THROW(class_scores(f32({2, 2}, {1, 2, 3, 4})), ModelError);
  EXPECT_THROW(class_scores(f32({}, {1})), ModelError);
}

TEST(Ranking, LabelsFitTheClasses) {
  std::string remark;
  EXPECT_EQ(fitted_labels(parse_label_map("a\nb"), 3, remark).name(1), "a");
  EXPECT_NE(remark, "");
  EXPECT_EQ(fitted_labels(parse_label_map("background\na\nb"), 2, remark).name(0), "a");
  EXPECT_EQ(fitted_labels(parse_label_map("a\nb"), 2, remark).name(0), "a");
  EXPECT_EQ(fitted_labels(parse_label_map("1: a\n2: b"), 3, remark).name(1), "a");
}

TEST(Arguments, Sizes) {
  EXPECT_EQ(parse_size("0"), 0U);
  EXPECT_EQ(parse_size("300"), 300U);
  EXPECT_EQ(parse_size("4K"), 4096U);
  EXPECT_EQ(parse_size("290M"), 290U << 20);
  EXPECT_EQ(parse_size("2GiB"), std::size_t{2} << 30);
  for (const char* wrong : {"", "4Q", "M", "-1", "1.5G", "99999999999999999999", "9000000000000T"}) EXPECT_THROW(parse_size(wrong), ModelError) << wrong;
}

TEST(Arguments, Profiles) {
  const InputProfile fixed = parse_profile("x:0=1x300x?x3");
  EXPECT_EQ(fixed.name, "x");
  EXPECT_EQ(fixed.dims, (std::vector<DimRange>{{1, 1, 1}, {300, 300, 300}, {-1, -1, -1}, {3, 3, 3}}));
  EXPECT_EQ(parse_profile("x=1x2:3x4:5x6").dims, (std::vector<DimRange>{{1, 3, 5}, {2, 4, 6}}));
  for (const char* wrong : {"x=1x2:3x4", "x=1:2x3:4", "x=a", "x=1x2:3x4:5x6:7x8"}) EXPECT_THROW(parse_profile(wrong), ModelError) << wrong;
}

}  // namespace
}  // namespace temper
