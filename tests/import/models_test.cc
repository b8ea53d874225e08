#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "import/import.h"
#include "import/model_files.h"
#include "ops/evaluate.h"
#include "support/recorded.h"

/// Models with variables answer what TensorFlow does of them, and what is wrong with one is said.
namespace temper::testing {
namespace {

namespace fs = std::filesystem;

/// A case's name: the model's path, then `?` and options.
struct Named {
  fs::path path;
  ImportOptions options;
};

Named parse_name(const std::string& name) {
  Named named{models_folder() / name.substr(0, name.find('?')), {}};
  if (name.find('?') == std::string::npos) return named;
  const std::string option = name.substr(name.find('?') + 1);
  const std::string key = option.substr(0, option.find('=')), value = option.substr(option.find('=') + 1);
  if (key == "signature") named.options.choice.signature = value;
  else if (key == "tags") named.options.choice.tags = value;
  else named.options.outputs = {value};
  return named;
}

void expect_close(const Tensor& got, const Tensor& wanted, const RecordedCase& c) {
  ASSERT_EQ(got.dtype(), wanted.dtype());
  ASSERT_EQ(got.shape(), wanted.shape());
  if (got.dtype() != DType::kFloat32) {
    EXPECT_TRUE(identical(got, wanted)) << c.name;
    return;
  }
  for (std::size_t i = 0; i < got.data<float>().size(); ++i) {
    const double a = got.data<float>()[i], b = wanted.data<float>()[i];
    EXPECT_LE(std::abs(a - b), c.atol + c.rtol * std::abs(b)) << c.name << " at " << i;
  }
}

TEST(Models, AnswerAsTensorFlowDoes) {
  const auto cases = read_cases(models_folder() / "answers.json");
  ASSERT_GT(cases.size(), 5U);
  for (const RecordedCase& c : cases) {
    Named named = parse_name(c.name);
    for (const auto& [name, tensor] : c.inputs) named.options.inputs.push_back({name, Fact{tensor.dtype(), tensor.shape(), {}}});
    const Graph graph = import_model(named.path, named.options);
    ASSERT_EQ(graph.inputs().size(), c.inputs.size()) << c.name;
    Tensors inputs;
    for (const auto& port : graph.inputs()) inputs.push_back(c.inputs.at(port.name));
    const Tensors outputs = evaluate(graph, inputs);
    ASSERT_EQ(outputs.size(), c.outputs.size()) << c.name;
    for (std::size_t i = 0; i < outputs.size(); ++i) expect_close(outputs[i], c.outputs.at(graph.outputs()[i].name), c);
  }
}

TEST(Models, AreFoundUnderAnyNameOfTheirs) {
  for (const char* path : {"sharded", "sharded/model", "sharded/model.index", "sharded/model.meta", "first_format/model", "first_format"}) {
    EXPECT_EQ(import_model(models_folder() / path, {.inputs = {{"batch", Fact{DType::kFloat32, Shape{2, 4}, {}}}}, .outputs = {"logits"}}).outputs().size(), 1U) << path;
  }
  for (const char* path : {"flow", "flow/saved_model.pb"}) EXPECT_EQ(import_model(models_folder() / path).inputs().size(), 1U) << path;
  const TemporaryFolder folder;
  for (const char* version : {"1", "2", "10", "x11"}) fs::create_directories(folder.path() / version);
  fs::copy(models_folder() / "flow", folder.path() / "10", fs::copy_options::recursive);
  EXPECT_EQ(import_model(folder.path()).inputs().size(), 1U);
}

TEST(Models, AreDescribed) {
  const ModelSummary summary = summarise_model(models_folder() / "same_names");
  EXPECT_EQ(summary.format, "TensorFlow SavedModel (binary, tags serve)");
  ASSERT_EQ(summary.signatures.size(), 2U);
  EXPECT_EQ(summary.signatures[0].name, "embed");
  EXPECT_TRUE(summary.signatures[1].chosen);
  EXPECT_EQ(summary.variable_count, 2U);
  EXPECT_EQ(summary.unused_variables.size(), 1U);
  EXPECT_EQ(summary.inputs.at(0).name, "x");
}

void expect_refused(const fs::path& path, const ImportOptions& options, const std::vector<std::string>& parts) {
  try {
    import_model(path, options);
    ADD_FAILURE() << path << " is not refused";
  } catch (const ModelError& error) {
    for (const std::string& part : parts) EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(Models, WrongChoicesAreNamed) {
  expect_refused(models_folder() / "same_names", {{}, {}, {"nothing", ""}}, {"no signature 'nothing'", "embed, serving_default"});
  expect_refused(models_folder() / "tf1_refs", {{}, {}, {"", "train"}}, {"tags train", "serve; gpu,serve"});
  expect_refused(models_folder() / "same_names", {{}, {"q"}, {}}, {"no node named 'q'"});
  expect_refused(models_folder() / "sharded", {}, {"for training", "'logits'"});
  expect_refused(models_folder(), {}, {"neither a SavedModel", "answers.json"});
}

TEST(Models, MissingFilesAreNamed) {
  const TemporaryFolder folder;
  const auto fresh = [&](const char* model) {
    fs::remove_all(folder.path() / "m");
    fs::copy(models_folder() / model, folder.path() / "m", fs::copy_options::recursive);
    return folder.path() / "m";
  };
  const ImportOptions logits{.inputs = {{"batch", Fact{DType::kFloat32, Shape{2, 4}, {}}}}, .outputs = {"logits"}};
  auto m = fresh("sharded");
  fs::remove(m / "model.data-00001-of-00002");
  expect_refused(m, logits, {"tensor 'layer/w'", "model.data-00001-of-00002, which is missing"});
  m = fresh("sharded");
  fs::resize_file(m / "model.data-00001-of-00002", 20);
  expect_refused(m, logits, {"cut off"});
  m = fresh("sharded");
  std::fstream(m / "model.data-00001-of-00002", std::ios::in | std::ios::out | std::ios::binary).write("damage", 6);
  expect_refused(m, logits, {"another checksum"});
  m = fresh("sharded");
  fs::remove(m / "model.meta");
  expect_refused(m / "model", logits, {"model.meta", "is not there"});
  m = fresh("flow");
  fs::remove_all(m / "variables");
  expect_refused(m, {}, {"needs the values of 2 variables", "'w'", "no checkpoint beside it"});
  m = fresh("flow");
  fs::remove_all(m / "variables");
  fs::copy(models_folder() / "tf1_refs" / "variables", m / "variables");
  expect_refused(m, {}, {"no value for variables 'u', 'w'", "it has 2 tensors", "'scope/v'"});
}

TEST(Models, WrongShapesAreNamed) {
  const TemporaryFolder folder;
  fs::copy(models_folder() / "keras_cnn", folder.path() / "m", fs::copy_options::recursive);
  fs::remove_all(folder.path() / "m" / "variables");
  fs::copy(models_folder() / "flow" / "variables", folder.path() / "m" / "variables");
  expect_refused(folder.path() / "m", {}, {"no value for variable"});
}

}  // namespace
}  // namespace temper::testing
