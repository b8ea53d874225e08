#include "engine/session.h"

#include <filesystem>
#include <fstream>
#include <limits>

#include "engine/bind_inputs.h"
#include "support/tensors.h"

namespace temper::testing {
namespace {

/// y = relu(x + 1) for x float32[?,2]; the file is removed with it.
class SmallModel {
 public:
  SmallModel() : path_(std::filesystem::temp_directory_path() / fmt::format("temper_engine_{}.pbtxt", ::getpid())) {
    std::ofstream(path_) << R"(
      node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
             attr { key: "shape" value { shape { dim { size: -1 } dim { size: 2 } } } } }
      node { name: "one" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
             attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 1 } } } }
      node { name: "sum" op: "AddV2" input: "x" input: "one" attr { key: "T" value { type: DT_FLOAT } } }
      node { name: "y" op: "Relu" input: "sum" attr { key: "T" value { type: DT_FLOAT } } })";
  }
  ~SmallModel() { std::filesystem::remove(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string refusal(auto&& body) {
  try {
    body();
  } catch (const ModelError& error) {
    return error.what();
  }
  return "was not refused";
}

TEST(Session, RunsOnEveryBackend) {
  const SmallModel model;
  for (const char* backend : {"cpu", "reference"}) {
    Session session = Session::load(model.path(), {.backend = backend});
    for (const char* name : {"x", "x:0", ""}) {
      const auto outputs = session.run({{name, f32({1, 2}, {-3, 4})}});
      ASSERT_EQ(outputs.size(), 1U);
      EXPECT_EQ(outputs[0].name, "y");
      EXPECT_TRUE(near(outputs[0].tensor, f32({1, 2}, {0, 5})));
    }
    EXPECT_TRUE(near(session.run({{"x", i32({2, 2}, {1, 2, 3, 4})}})[0].tensor, f32({2, 2}, {2, 3, 4, 5})));
  }
}

TEST(Session, SaysWhatDoesNotFit) {
  const SmallModel model;
  Session session = Session::load(model.path());
  const Tensor fits = f32({1, 2}, {1, 2});
  const auto expect = [&](const std::vector<NamedTensor>& inputs, const std::string& message) {
    const std::string text = refusal([&] { session.run(inputs); });
    EXPECT_NE(text.find(message), std::string::npos) << text;
  };
  expect({}, "input 'x' (float32[?,2]) is missing");
  expect({{"z", fits}}, "no input 'z'; its inputs are 'x'");
  expect({{"x", fits}, {"x:0", fits}}, "'x' is given twice");
  expect({{"x", f32({2}, {1, 2})}}, "input 'x' needs float32[?,2], got float32[2]");
  expect({{"x", f32({1, 3}, {1, 2, 3})}}, "needs float32[?,2], got float32[1,3]");
  expect({{"x", Tensor::strings({1, 2}, {"a", "b"})}}, "string cannot become float32");
  EXPECT_NE(refusal([&] { Session::load(model.path(), {.backend = "tpu"}); }).find("no backend 'tpu'"), std::string::npos);
  EXPECT_NE(refusal([&] { Session::load(model.path(), {.disabled_passes = {"none"}}); }).find("no pass 'none'"), std::string::npos);
}

TEST(Converted, KeepsEveryNumber) {
  EXPECT_TRUE(near(converted(i32({3}, {0, 7, 255}), DType::kUInt8), u8({3}, {0, 7, 255})));
  EXPECT_TRUE(near(converted(f32({2}, {3, -4}), DType::kInt32), i32({2}, {3, -4})));
  EXPECT_TRUE(near(converted(boolean({2}, {true, false}), DType::kFloat32), f32({2}, {1, 0})));
  EXPECT_TRUE(near(converted(u8({2}, {1, 0}), DType::kBool), boolean({2}, {true, false})));
  EXPECT_TRUE(near(converted(f64({1}, {0.1}), DType::kFloat32), f32({1}, {0.1F})));
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  const std::vector<std::pair<Tensor, DType>> lossy = {
      {i32({1}, {256}), DType::kUInt8},          {i32({1}, {-1}), DType::kUInt8},
      {f32({1}, {0.5F}), DType::kInt32},         {f32({1}, {kNaN}), DType::kInt32},
      {f32({1}, {2147483648.0F}), DType::kInt32}, {i32({1}, {16777217}), DType::kFloat32},
      {u8({1}, {2}), DType::kBool}};
  for (const auto& [tensor, dtype] : lossy) EXPECT_THROW(converted(tensor, dtype), ModelError) << describe(tensor);
}

}  // namespace
}  // namespace temper::testing
