#include "export/freeze.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "import/model_files.h"
#include "import/tensorflow/read_graph_def.h"
#include "ops/evaluate.h"
#include "support/recorded.h"

/// What freeze_model writes is the model, as a graph without variables.
namespace temper::testing {
namespace {

namespace fs = std::filesystem;
using tensorflow::GraphDef;

std::set<std::string> ops_of(const GraphDef& graph) {
  std::set<std::string> ops;
  for (const auto& node : graph.node()) ops.insert(node.op());
  for (const auto& function : graph.library().function()) {
    for (const auto& node : function.node_def()) ops.insert(node.op());
  }
  return ops;
}

class Freeze : public ::testing::Test {
 protected:
  FreezeReport freeze(const char* model, FreezeOptions options = {}) {
    return freeze_model(models_folder() / model, out(), options);
  }
  fs::path out() const { return folder_.path() / "frozen.pb"; }
  GraphDef written() const { return *tensorflow::read_graph_def(out()).graph; }

  TemporaryFolder folder_;
};

TEST_F(Freeze, AnswersAreTheModels) {
  for (const RecordedCase& c : read_cases(models_folder() / "answers.json")) {
    if (c.name.find('?') != std::string::npos) continue;
    for (const bool text : {false, true}) {
      const FreezeReport report = freeze(c.name.c_str(), {.import = {}, .text = text});
      EXPECT_GT(report.variable_count, 0U);
      for (const std::string& op : ops_of(written())) {
        EXPECT_TRUE(op.find("Variable") == std::string::npos && !op.starts_with("VarHandle") && !op.starts_with("Assign")) << op;
      }
      ImportOptions options;
      for (const FrozenPort& port : report.outputs) options.outputs.push_back(port.tensor);
      const Graph frozen = import_model(out(), options), source = import_model(models_folder() / c.name);
      ASSERT_EQ(frozen.inputs().size(), source.inputs().size());
      Tensors inputs;
      for (const auto& port : source.inputs()) inputs.push_back(c.inputs.at(port.name));
      ASSERT_EQ(inputs.size(), 1U);  // so that order does not matter
      const Tensors a = evaluate(frozen, inputs), b = evaluate(source, inputs);
      ASSERT_EQ(a.size(), b.size());
      for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(identical(a[i], b[i])) << c.name;
    }
  }
}

TEST_F(Freeze, NamesAreKept) {
  const FreezeReport report = freeze("tf1_refs");
  EXPECT_EQ(report.outputs.size(), 2U);
  EXPECT_EQ(report.inputs.at(0).tensor, "input:0");
  std::set<std::string> names;
  const GraphDef graph = written();
  for (const auto& node : graph.node()) names.insert(node.name());
  for (const char* name : {"input", "scope/w", "scope/v", "scope/w/read", "branch", "looped"}) EXPECT_TRUE(names.contains(name)) << name;
  for (const char* name : {"save/RestoreV2", "scope/w/Assign", "init"}) EXPECT_FALSE(names.contains(name)) << name;
}

TEST_F(Freeze, CutsBecomePlaceholders) {
  const FreezeReport report = freeze("sharded", {.import = {{{"batch", {}}, {"batch:1", {}}}, {"logits", "batch:1"}, {}}});
  ASSERT_EQ(report.inputs.size(), 2U);
  EXPECT_EQ(report.inputs[0].tensor, "batch:0");
  EXPECT_EQ(report.outputs[1].tensor, report.inputs[1].tensor);
  const GraphDef graph = written();
  const auto& nodes = graph.node();
  const auto label = std::ranges::find(nodes, report.inputs[1].tensor.substr(0, report.inputs[1].tensor.find(':')), &tensorflow::NodeDef::name);
  ASSERT_TRUE(label != nodes.end());
  EXPECT_EQ(label->attr().at("dtype").type(), tensorflow::DT_INT32);
}

TEST_F(Freeze, WhatAGraphCannotHoldIsRefused) {
  write_file(out(), "as it was");
  EXPECT_THROW(freeze("sharded", {.import = {{}, {"logits"}, {}}}), ModelError);                                   // a queue
  EXPECT_THROW(freeze("sharded", {.import = {{{"batch", {}}}, {"Mean"}, {}}}), ModelError);                        // one of two outputs
  EXPECT_THROW(freeze("sharded", {.import = {{{"batch", {}}, {"batch:1", {}}}, {"Momentum/update_layer/b/ApplyMomentum"}, {}}}), ModelError);
  EXPECT_THROW(freeze("sharded", {.import = {{{"batch", {}}, {"batch:1", {}}}, {"Momentum/update"}, {}}}), ModelError);  // gives nothing
  EXPECT_EQ(read_file(out()), "as it was");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(Freeze, ForAnOlderVersion) {
  freeze("tf1_refs", {.import = {}, .for_tensorflow_1_15 = true});
  const GraphDef older = written();
  for (const auto& node : older.node()) EXPECT_FALSE(node.attr().contains("grad_a")) << node.name();
  GraphDef graph;
  auto& node = *graph.add_node();
  node.set_name("new");
  node.set_op("Erfinv");
  write_file(folder_.path() / "new.pb", graph.SerializeAsString());
  EXPECT_NO_THROW(freeze_model(folder_.path() / "new.pb", out()));
  EXPECT_THROW(freeze_model(folder_.path() / "new.pb", out(), {.import = {}, .for_tensorflow_1_15 = true}), ModelError);
}

}  // namespace
}  // namespace temper::testing
