#include <gtest/gtest.h>

#include "base/memory.h"
#include "import/tensorflow/import_graph_def.h"
#include "import/tensorflow/read_graph_def.h"

/// Graphs that are well-formed and meant to hurt, or look so.
namespace temper::testing {
namespace {

Graph import_text(const std::string& text) {
  const auto file = tensorflow::parse_graph_def(text);
  return tensorflow::import_graph_def(file, {});
}

const std::string kInputs =
    "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }"
    "node { name: 'p' op: 'Placeholder' attr { key: 'dtype' value { type: DT_BOOL } } }";

/// The function 'name' of one float, which gives `result` of the nodes.
std::string function(const std::string& name, const std::string& nodes, const std::string& result) {
  return fmt::format("library {{ function {{ signature {{ name: '{}' input_arg {{ name: 'x' type: DT_FLOAT }} "
                     "output_arg {{ name: 'y' type: DT_FLOAT }} }} {} ret {{ key: 'y' value: '{}' }} }} }}",
                     name, nodes, result);
}

std::string call(const std::string& kind, const std::string& name, const std::string& input, const std::string& callee) {
  return fmt::format("{} {{ name: '{}' op: 'PartitionedCall' input: '{}' attr {{ key: 'f' value {{ func {{ name: '{}' }} }} }} }}",
                     kind, name, input, callee);
}

TEST(HostileGraph, OutputNumbersDoNotOverflow) {
  const std::string result = "v:output_true:2147483647";
  EXPECT_THROW(import_text(kInputs + function("f", "node_def { name: 'v' op: 'Switch' input: 'x' input: 'x' }", result) +
                           call("node", "y", "x", "f")),
               ModelError);
}

TEST(HostileGraph, ConditionalsInARowAreNotNested) {
  std::string text = kInputs;
  std::string last = "x";
  for (int i = 0; i < 400; ++i) {
    text += fmt::format("node {{ name: 's{0}' op: 'Switch' input: '{1}' input: 'p' }} node {{ name: 'n{0}' op: 'Neg' input: 's{0}' }}"
                        "node {{ name: 'm{0}' op: 'Merge' input: 'n{0}' input: 's{0}:1' }}",
                        i, last);
    last = fmt::format("m{}", i);
  }
  EXPECT_EQ(import_text(text).inputs().size(), 2U);
}

TEST(HostileGraph, ConstantsDoNotDouble) {
  std::string text =
      "node { name: 'axis' op: 'Const' attr { key: 'value' value { tensor { dtype: DT_INT32 tensor_shape {} int_val: 0 } } } }"
      "node { name: 'c0' op: 'Const' attr { key: 'value' value { tensor { dtype: DT_FLOAT tensor_shape { dim { size: 1000 } } "
      "float_val: 1 } } } }";
  for (int i = 1; i < 50; ++i) {
    text += fmt::format("node {{ name: 'c{0}' op: 'ConcatV2' input: 'c{1}' input: 'c{1}' input: 'axis' attr {{ key: 'N' value {{ i: 2 }} }} }}",
                        i, i - 1);
  }
  const std::size_t before = memory_in_use();
  const Graph graph = import_text(text);
  EXPECT_LT(memory_in_use() - before, std::size_t{64} << 20);
  EXPECT_EQ(graph.fact(graph.outputs()[0].value).shape, ShapeFact(Shape{1000LL << 49}));
}

TEST(HostileGraph, SumsOfDimsDoNotOverflow) {
  EXPECT_THROW(
      import_text("node { name: 'axis' op: 'Const' attr { key: 'value' value { tensor { dtype: DT_INT32 tensor_shape {} int_val: 0 } } } }"
                  "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'shape' value { "
                  "shape { dim { size: 9223372036854775807 } } } } }"
                  "node { name: 'y' op: 'ConcatV2' input: 'x' input: 'x' input: 'axis' attr { key: 'N' value { i: 2 } } }"),
      ModelError);
}

TEST(HostileGraph, BranchesOfDifferentResultsAreRefused) {
  const auto branch = [](const std::string& name) {
    return fmt::format("attr {{ key: '{0}_branch' value {{ func {{ name: '{0}' }} }} }}", name);
  };
  EXPECT_THROW(import_text(kInputs + "node { name: 'y' op: 'If' input: 'p' input: 'x'" + branch("then") + branch("else") + "}" +
                           function("then", "", "x") +
                           "library { function { signature { name: 'else' input_arg { name: 'x' type: DT_FLOAT } } } }"),
               ModelError);}

TEST(HostileGraph, FunctionsThatCallTwiceEnd) {
  std::string text = kInputs + call("node", "y", "x", "f0");
  for (int i = 0; i < 40; ++i) {
    const std::string next = fmt::format("f{}", i + 1);
    text += function(fmt::format("f{}", i), call("node_def", "a", "x", next) + call("node_def", "b", "a:output:0", next),
                     "b:output:0");
  }
  text += function("f40", "node_def { name: 'a' op: 'Relu' input: 'x' }", "a:activations:0");
  EXPECT_THROW(import_text(text), ModelError);
}

TEST(HostileGraph, FunctionsThatCallThemselvesEnd) {
  EXPECT_THROW(import_text(kInputs + call("node", "y", "x", "f") + function("f", call("node_def", "a", "x", "f"), "a:output:0")),
               ModelError);
}

}  // namespace
}  // namespace temper::testing
