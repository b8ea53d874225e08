#include "ir/text.h"

#include <random>

#include "base/memory.h"
#include "import/tensorflow/import_graph_def.h"
#include "import/tensorflow/read_graph_def.h"
#include "ops/evaluate.h"
#include "support/graphs.h"
#include "support/recorded.h"
#include "support/tensors.h"

namespace temper::testing {
namespace {

constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();

Graph read(std::string_view text) { return from_text(text, op_registry()); }

std::string refusal(std::string_view text) {
  try {
    read(text);
    return "accepted";
  } catch (const ModelError& error) {
    return error.what();
  }
}

Graph imported(const RecordedCase& c) {
  ImportOptions options;
  for (const auto& [name, tensor] : c.outputs) options.outputs.push_back(name);
  for (const auto& [name, tensor] : c.inputs) options.inputs.push_back({name, Fact{tensor.dtype(), {}, {}}});
  return tensorflow::import_graph_def(tensorflow::parse_graph_def(c.graph), options);
}

TEST(Text, ReadsWhatItPrints) {
  std::size_t count = 0;
  for (const auto& file : recorded_files()) {
    for (const RecordedCase& c : read_cases(file)) {
      SCOPED_TRACE(c.op + "/" + c.name);
      const Graph graph = imported(c);
      for (const std::int64_t most : {kAll, kMostPrintedElements}) {
        const std::string text = to_text(graph, most);
        try {
          ASSERT_EQ(to_text(read(text), most), text);
        } catch (const ModelError& error) {  // zeros in the place of elements may not fit
          if (most == kAll) FAIL() << error.what() << "\n" << text;
        }
      }
      ++count;
    }
  }
  EXPECT_GT(count, 1000U);
}

TEST(Text, IsPlain) {
  const std::string text = R"(graph (%0 x: float32[2,?], %1 "a:0, b": bool[...]) {
  %2 = truth(%1)
  %3 = constant() {value: float32[](1.5)}  # a/b
  %4 = add(%0, %3)  # "\""
  %5 = if(%2, %4)
    region graph (%0 captured: float32[2,?]) {
      %1 = leaky_relu(%0) {alpha: 0.25}
      return %1 y
    }
    region graph (%0 captured: float32[2,?]) {
      %1 = constant() {value: float32[33] ...}
      return %0 y
    }
  return %5 y, %4 "z 2"
}
)";
  Graph graph = read(text);
  EXPECT_EQ(graph.outputs()[1].name, "z 2");
  EXPECT_EQ(graph.node(graph.order()[1]).name, "a/b");
  std::string printed = to_text(graph);
  EXPECT_EQ(to_text(read(printed)), printed);
  const std::string unused = "      %1 = constant() {value: float32[33] ...}\n";
  std::string want = text;
  EXPECT_EQ(printed, want.erase(want.find(unused), unused.size()));
}

TEST(Text, IsShortByHand) {
  const Graph graph = read(R"(
# a comment
graph (%x x: float32[1,4,4,2]) {
  %y = conv(%x, float32[3,3,2,3] random(7), float32[3](1, 2, 3)) {padding: same, has_bias: true, strides: [2,2]}
  # what follows is cut in two
  %a, %b = split(%y) {axis: 1,
                      parts: 2}
  %c = constant() {value: string[2](plain, "with \"quotes\" and \\ and \x00")}
  return %a a, %b b, %c c
})");
  EXPECT_EQ(describe(graph.fact(graph.outputs()[0].value)), "float32[1,1,2,3]");
  const Tensor strings = *graph.fact(graph.outputs()[2].value).constant;
  EXPECT_EQ(strings.string_data()[1], std::string("with \"quotes\" and \\ and \0", 25));
}

Tensor constant(const std::string& literal) {
  const Graph graph = read("graph () { %0 = constant() {value: " + literal + "} return %0 y }");
  return *graph.fact(graph.outputs()[0].value).constant;
}

TEST(Text, WritesTensorsOfEveryType) {
  EXPECT_TRUE(identical(constant("float32[2,2](1, -2.5, inf, 1e-3)"), f32({2, 2}, {1, -2.5F, INFINITY, 1e-3F})));
  EXPECT_TRUE(identical(constant("uint8[2](0, 255)"), u8({2}, {0, 255})));
  EXPECT_TRUE(identical(constant("int64[](-9223372036854775808)"), i64({}, {INT64_MIN})));
  EXPECT_TRUE(identical(constant("bool[2](true, false)"), boolean({2}, {true, false})));
  EXPECT_TRUE(identical(constant("float32[2,1] fill(0.5)"), f32({2, 1}, {0.5F, 0.5F})));
  EXPECT_TRUE(identical(constant("int32[3] ..."), i32({3}, {0, 0, 0})));
  EXPECT_EQ(constant("list[](float32[1](1), list[]())").items().size(), 2U);
  const Tensor random = constant("float16[50] random(3, 2, 4)");
  for (const Half x : random.data<Half>()) EXPECT_TRUE(x >= 2 && x <= 4);
  EXPECT_FALSE(identical(random, constant("float16[50] random(4, 2, 4)")));
}

TEST(Text, SaysWhereItIsWrong) {
  const auto node = [](const std::string& line) { return refusal("graph (%0 x: float32[2,3]) {\n  " + line + "\n  return %0 y\n}"); };
  EXPECT_EQ(node("%0 = relu(%0)"), "line 2, column 5: %0 is made twice");
  EXPECT_EQ(node("%1 = relu(%2)"), "line 2, column 15: %2 is not made before it is used");
  EXPECT_EQ(node("%1 = rule(%0)"), "line 2, column 8: there is no operator rule");
  EXPECT_EQ(node("%1 = relu(%0) {alpha: 1}"), "line 2, column 23: relu has no attribute alpha");
  EXPECT_EQ(node("%1 = softmax(%0) {axis: last}"), "line 2, column 27: a number is expected");
  EXPECT_NE(node("%1 = max_pool(%0) {padding: most}").find("line 2, column 8: operator max_pool does not take"), std::string::npos);
  EXPECT_EQ(node("%1 = constant() {value: float32[2](1)}"), "line 2, column 40: 1 elements do not fit shape [2]");
  EXPECT_EQ(node("%1 = constant() {value: float32[1000000000] fill(1)}"), "line 2, column 54: so many elements must be written out");
  EXPECT_EQ(node("%1 = constant() {value: uint8[1](256)}"), "line 2, column 36: the number is out of range");
  EXPECT_EQ(node("%1, %2 = relu(%0)"), "line 2, column 12: relu has 1 outputs, not 2");
  EXPECT_NE(node("%1 = if(%0)").find("needs a bool"), std::string::npos);
  EXPECT_NE(node("%1 = loop(%0) {carried: 1}").find("a loop has 0 regions"), std::string::npos);
  EXPECT_EQ(refusal(""), "line 1, column 1: 'graph' is expected");
  EXPECT_EQ(refusal("graph () { return } }"), "line 1, column 21: nothing is expected after the graph");
}

std::string nested(int depth) {
  if (depth == 0) return "graph () { return }";
  return "graph () { %0 = identity() region " + nested(depth - 1) + " return }";
}

TEST(Text, NestsNoDeeperThanItCan) {
  EXPECT_NE(refusal(nested(1000)).find("nested too deep"), std::string::npos);
  std::string lists = "float32[1](1)";
  for (int i = 0; i < 1000; ++i) lists = "list[](" + lists + ")";
  EXPECT_NE(refusal("graph () { %0 = constant() {value: " + lists + "} return %0 y }").find("only so deep"), std::string::npos);
}

/// A text with a few bytes, words or lines changed.
std::string damaged(std::string text, const std::string& other, std::mt19937& random) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random()) % std::max<std::size_t>(n, 1); };
  static const std::vector<std::string> words = {"-1", "9223372036854775807", "99999999999999999999", "nan", "...", "?", "%0", "list[]",
                                                 "region graph () { return }", "{", ")", "\"", "fill(1)", "random(1)", "#", "\\x"};
  for (std::size_t round = 1 + below(4); round > 0 && !text.empty(); --round) {
    const std::size_t at = below(text.size());
    switch (below(6)) {
      case 0: text[at] = static_cast<char>(random()); break;
      case 1: text.erase(at, below(20)); break;
      case 2: text.insert(at, words[below(words.size())]); break;
      case 3: text.insert(at, other.substr(below(other.size()), below(80))); break;
      case 4: text.resize(at); break;
      default: {
        const std::size_t digit = text.find_first_of("0123456789", at);
        if (digit != std::string::npos) text.replace(digit, 1, words[below(3)]);
      }
    }
  }
  return text;
}

TEST(Text, DamagedTextIsRefusedOrRead) {
  std::vector<std::string> texts;
  for (const auto& file : recorded_files()) {
    for (const RecordedCase& c : read_cases(file)) texts.push_back(to_text(imported(c)));
  }
  const std::size_t limit = memory_limit();
  set_memory_limit(std::size_t{256} << 20);
  std::mt19937 random(1);
  std::size_t accepted = 0;
  for (int round = 0; round < 4000; ++round) {
    const std::string text = damaged(texts[random() % texts.size()], texts[random() % texts.size()], random);
    try {
      read(text);
      ++accepted;
    } catch (const ModelError&) {
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what() << "\n" << text;
    }
  }
  set_memory_limit(limit);
  EXPECT_GT(accepted, 0U);
}

}  // namespace
}  // namespace temper::testing
