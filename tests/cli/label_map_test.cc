#include "cli/io/label_map.h"

#include <gtest/gtest.h>

#include "temper/error.h"

namespace temper {
namespace {

std::string failure(std::string_view text) {
  try {
    parse_label_map(text);
  } catch (const ModelError& error) {
    return error.what();
  }
  return "";
}

TEST(LabelMap, ReadsItems) {
  const LabelMap map = parse_label_map(
      "# COCO\nitem {\n  name: \"/m/01g317\"\n  id: 1\n  display_name: \"person\"\n}\n"
      "item { id: 3 name:'traffic \"light\"' }\nitem:<id:4,name:\"it\\'s\">");
  EXPECT_EQ(map.size(), 3U);
  EXPECT_EQ(map.name(1), "person");
  EXPECT_EQ(map.name(3), "traffic \"light\"");
  EXPECT_EQ(map.name(4), "it's");
  EXPECT_EQ(map.name(2), "2");
  EXPECT_TRUE(map.numbered());
}

TEST(LabelMap, SkipsWhatItDoesNotKnow) {
  const LabelMap map = parse_label_map("item { id: 1 name: 'a' keypoints { id: 9 label: \"}\" } frequency: FREQUENT }");
  EXPECT_EQ(map.size(), 1U);
  EXPECT_EQ(map.name(1), "a");
}

TEST(LabelMap, ReadsPlainLists) {
  const LabelMap map = parse_label_map("person\r\n traffic light \r\n\r\n3 wheeler\n\n");
  EXPECT_EQ(map.name(0), "person");
  EXPECT_EQ(map.name(1), "traffic light");
  EXPECT_EQ(map.name(3), "3 wheeler");
  EXPECT_FALSE(map.numbered());
  EXPECT_EQ(map.shifted(1).name(1), "person");
}

TEST(LabelMap, ReadsNumberedLists) {
  for (const char* text : {"0 person\n17 cat\n", "0: person\n17: cat", "0,person\n\n17,cat\n", "0  person\n17 : cat"}) {
    const LabelMap map = parse_label_map(text);
    EXPECT_EQ(map.size(), 2U) << text;
    EXPECT_EQ(map.name(17), "cat") << text;
  }
  EXPECT_EQ(parse_label_map("0\n1\n2").name(2), "2");
}

TEST(LabelMap, KnowsABackground) {
  EXPECT_TRUE(parse_label_map("???\nperson").begins_with_background());
  EXPECT_TRUE(parse_label_map("background\ntench").begins_with_background());
  EXPECT_TRUE(parse_label_map("item { id: 0 name: 'none_of_the_above' }").begins_with_background());
  EXPECT_FALSE(parse_label_map("person\ncar").begins_with_background());
}

TEST(LabelMap, SaysWhatIsWrong) {
  EXPECT_NE(failure("").find("names no class"), std::string::npos);
  EXPECT_NE(failure("item {\n name: 'x'\n}").find("line 3"), std::string::npos);
  EXPECT_NE(failure("item { id: 1 name: 'x' }\nitem { id: 1 }").find("comes twice"), std::string::npos);
  EXPECT_NE(failure("item { id: x }").find("no class number"), std::string::npos);
  EXPECT_NE(failure("item { id: 1 name: 'x").find("does not end"), std::string::npos);
  EXPECT_NE(failure("item { id: 1").find("does not end"), std::string::npos);
  EXPECT_NE(failure("item {").find("does not end"), std::string::npos);
  EXPECT_NE(failure(std::string_view("a\0b", 3)).find("no text"), std::string::npos);
  EXPECT_THROW(read_label_map("/nowhere/labels.txt"), ModelError);
}

}  // namespace
}  // namespace temper
