#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include <unistd.h>

#include "temper/engine.h"
#include "temper/temper.h"

namespace temper::testing {
namespace {

constexpr const char* kModel = R"(node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: -1 } dim { size: 2 } } } } }
node { name: "w" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "value" value { tensor { dtype: DT_FLOAT
  tensor_shape { dim { size: 2 } dim { size: 2 } } float_val: 1 float_val: 2 float_val: 3 float_val: 4 } } } }
node { name: "p" op: "MatMul" input: "x" input: "w" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "y" op: "Relu" input: "p" attr { key: "T" value { type: DT_FLOAT } } })";

class ApiTest : public ::testing::Test {
 protected:
  ApiTest() : folder_(std::filesystem::temp_directory_path() / ("temper_api_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    std::ofstream(model()) << kModel;
  }
  ~ApiTest() override { std::filesystem::remove_all(folder_); }

  std::string model() const { return folder_ / "m.pbtxt"; }
  std::string plan(const OptimizeOptions& options = {}) const {
    const auto path = folder_ / "m.plan";
    optimize(model(), path, options);
    return path;
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(ApiTest, RunsModelsAndPlansInTheCallersMemory) {
  for (const Engine& engine : {Engine::load_model(model()), Engine::load_plan(plan())}) {
    ASSERT_EQ(engine.inputs().size(), 1U);
    EXPECT_EQ(engine.inputs()[0].name, "x");
    EXPECT_EQ(engine.inputs()[0].dims, (std::vector<std::int64_t>{-1, 2}));
    EXPECT_EQ(engine.outputs()[0].name, "y");
    Context context(engine);
    std::array<float, 4> x{1, 1, -1, 0};
    std::array<float, 4> y{};
    context.set_input("x", {DType::kFloat32, {2, 2}, x.data()});
    context.set_output(0, {DType::kFloat32, {2, 2}, y.data()});
    context.run();
    EXPECT_EQ(y, (std::array<float, 4>{4, 6, 0, 0}));
    EXPECT_EQ(context.output(0).data, y.data());
    x = {0, 1, 0, 2};
    context.run();
    EXPECT_EQ(y, (std::array<float, 4>{3, 4, 6, 8}));
  }
}

TEST_F(ApiTest, OneEngineManyThreads) {
  const Engine engine = Engine::load_plan(plan());
  std::array<float, 4> answers{};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < answers.size(); ++t) {
    threads.emplace_back([&, t] {
      Context context(engine);
      std::array<float, 2> x{static_cast<float>(t), 1};
      context.set_input(0, {DType::kFloat32, {1, 2}, x.data()});
      for (int turn = 0; turn < 50; ++turn) context.run();
      answers[t] = static_cast<const float*>(context.output(0).data)[0];
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answers, (std::array<float, 4>{3, 4, 5, 6}));
}

std::string refusal(const std::function<void()>& body) {
  try {
    body();
  } catch (const ModelError& error) {
    return error.what();
  }
  return "was not refused";
}

TEST_F(ApiTest, SaysWhatIsWrong) {
  EXPECT_NE(refusal([&] { Engine::load_plan(model()); }).find("m.pbtxt"), std::string::npos);
  OptimizeOptions options;
  options.max_batch = 2;
  const Engine engine = Engine::load_plan(plan(options));
  Context context(engine);
  std::array<float, 8> x{};
  EXPECT_NE(refusal([&] { context.run(); }).find("input 'x' was not set"), std::string::npos);
  EXPECT_NE(refusal([&] { context.set_input("z", {DType::kFloat32, {1, 2}, x.data()}); }).find("no input 'z'"), std::string::npos);
  EXPECT_NE(refusal([&] { context.set_input(0, {DType::kInt32, {1, 2}, x.data()}); }).find("needs float32"), std::string::npos);
  EXPECT_NE(refusal([&] { context.set_input(0, {DType::kFloat32, {1, 2}, nullptr}); }).find("null"), std::string::npos);
  EXPECT_NE(refusal([&] { context.set_input(0, {DType::kFloat32, {4, 2}, x.data()}); }).find("--max-batch 4"), std::string::npos);
  EXPECT_NE(refusal([&] { context.output(0); }).find("nothing has run"), std::string::npos);
}

TEST_F(ApiTest, TheSameFromC) {
  temper_engine* engine = nullptr;
  EXPECT_EQ(temper_engine_load_plan("/nowhere.plan", 1, 0, &engine), TEMPER_MODEL_ERROR);
  EXPECT_NE(std::string(temper_last_error()).find("/nowhere.plan"), std::string::npos);
  ASSERT_EQ(temper_optimize(model().c_str(), (model() + ".plan").c_str(), 1), TEMPER_OK) << temper_last_error();
  ASSERT_EQ(temper_engine_load_plan((model() + ".plan").c_str(), 1, 0, &engine), TEMPER_OK) << temper_last_error();
  EXPECT_EQ(temper_engine_input_count(engine), 1U);
  EXPECT_STREQ(temper_engine_input_name(engine, 0), "x");
  EXPECT_EQ(temper_engine_input_name(engine, 1), nullptr);
  temper_tensor tensor;
  ASSERT_EQ(temper_engine_input(engine, 0, &tensor), TEMPER_OK);
  EXPECT_EQ(tensor.rank, 2);
  EXPECT_EQ(tensor.dims[0], -1);
  temper_context* context = nullptr;
  ASSERT_EQ(temper_context_create(engine, &context), TEMPER_OK);
  temper_engine_free(engine);  // the context keeps what it needs
  std::array<float, 2> x{1, 1};
  tensor.dims[0] = 1;
  tensor.data = x.data();
  ASSERT_EQ(temper_context_set_input(context, 0, &tensor), TEMPER_OK) << temper_last_error();
  ASSERT_EQ(temper_context_run(context), TEMPER_OK) << temper_last_error();
  ASSERT_EQ(temper_context_output(context, 0, &tensor), TEMPER_OK);
  EXPECT_EQ(static_cast<const float*>(tensor.data)[1], 6);
  tensor.rank = 99;
  EXPECT_EQ(temper_context_set_input(context, 0, &tensor), TEMPER_MODEL_ERROR);
  temper_context_free(context);
}

}  // namespace
}  // namespace temper::testing
