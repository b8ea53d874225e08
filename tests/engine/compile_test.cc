#include "engine/compile.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/memory.h"
#include "engine/session.h"
#include "import/tensorflow/proto/graph.pb.h"
#include "plan/file/plan_file.h"
#include "support/tensors.h"

/// Models are optimised within the memory that is allowed, to the same plan.
namespace temper::testing {
namespace {

constexpr std::int64_t kWidth = 1024;
constexpr int kLayers = 12;
constexpr std::size_t kMegabyte = std::size_t{1} << 20;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kCountsPages = false;  // what the sanitizer takes is not the program's
#else
constexpr bool kCountsPages = true;
#endif

/// relu(x * w) * 0.5 twelve times over, 4 MB each; the files go with it.
class LargeModel {
 public:
  LargeModel() : folder_(std::filesystem::path(::testing::TempDir()) / fmt::format("temper_compile_{}", ::getpid())) {
    std::filesystem::create_directories(folder_);
    tensorflow::GraphDef graph;
    auto& x = *graph.add_node();
    x.set_name("x");
    x.set_op("Placeholder");
    (*x.mutable_attr())["dtype"].set_type(tensorflow::DT_FLOAT);
    auto& shape = *(*x.mutable_attr())["shape"].mutable_shape();
    shape.add_dim()->set_size(-1);
    shape.add_dim()->set_size(kWidth);
    constant(graph, "half", {}, {0.5F});
    std::string last = "x";
    for (int i = 0; i < kLayers; ++i) {
      std::vector<float> weights(kWidth * kWidth);
      for (std::size_t j = 0; j < weights.size(); ++j) weights[j] = static_cast<float>((j * 31 + static_cast<std::size_t>(i) * 7) % 101) * 0.001F - 0.05F;
      constant(graph, fmt::format("w{}", i), {kWidth, kWidth}, weights);
      last = node(graph, fmt::format("product{}", i), "MatMul", last, fmt::format("w{}", i));
      last = node(graph, fmt::format("scaled{}", i), "Mul", last, "half");
      last = node(graph, fmt::format("relu{}", i), "Relu", last);
    }
    std::ofstream out(path(), std::ios::binary);
    graph.SerializeToOstream(&out);
  }
  ~LargeModel() { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder() const { return folder_; }
  std::filesystem::path path() const { return folder_ / "model.pb"; }

 private:
  static std::string node(tensorflow::GraphDef& graph, const std::string& name, const std::string& op, const std::string& a, const std::string& b = {}) {
    auto& made = *graph.add_node();
    made.set_name(name);
    made.set_op(op);
    made.add_input(a);
    if (!b.empty()) made.add_input(b);
    return name;
  }
  static void constant(tensorflow::GraphDef& graph, const std::string& name, const std::vector<std::int64_t>& shape, const std::vector<float>& values) {
    auto& made = *graph.add_node();
    made.set_name(name);
    made.set_op("Const");
    (*made.mutable_attr())["dtype"].set_type(tensorflow::DT_FLOAT);
    auto& tensor = *(*made.mutable_attr())["value"].mutable_tensor();
    tensor.set_dtype(tensorflow::DT_FLOAT);
    tensor.mutable_tensor_shape();
    for (const std::int64_t dim : shape) tensor.mutable_tensor_shape()->add_dim()->set_size(dim);
    tensor.set_tensor_content(std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)));
  }

  std::filesystem::path folder_;
};

CompileOptions options_for(const LargeModel& model, std::int64_t batch, std::size_t limit_bytes) {
  CompileOptions options;
  options.profile = {{"x", {{batch, batch, batch}, {kWidth, kWidth, kWidth}}}};
  options.threads = 1;
  options.memory_limit_bytes = limit_bytes;
  options.scratch_folder = model.folder();
  return options;
}

TEST(Compile, KeepsToTheMemoryLimit) {
  const LargeModel model;
  const std::size_t limit = std::max(baseline_resident_bytes(), resident_bytes()) + 30 * kMegabyte;  // 48 MB are weights
  std::size_t most = 0, allowed = memory_limit();
  CompileOptions options = options_for(model, 2, limit);
  options.progress = [&](std::string_view, double) { most = std::max(most, resident_bytes()); };
  save_plan(compile(model.path(), options), model.folder() / "limited.plan");
  most = std::max(most, resident_bytes());
  if (kCountsPages) {
    EXPECT_LE(most, limit);
  }
  EXPECT_EQ(memory_limit(), allowed) << "it is given back";
  save_plan(compile(model.path(), options_for(model, 2, 0)), model.folder() / "free.plan");
  Tensor x(DType::kFloat32, Shape{2, kWidth});
  for (std::size_t i = 0; i < x.mutable_data<float>().size(); ++i) x.mutable_data<float>()[i] = static_cast<float>(i % 17) - 8;
  const auto answer = [&](const char* plan) { return Session::load(model.folder() / plan).run({{"x", x}})[0].tensor; };
  EXPECT_TRUE(identical(answer("limited.plan"), answer("free.plan")));
  EXPECT_EQ(load_plan(model.folder() / "limited.plan").graph.node_count(), load_plan(model.folder() / "free.plan").graph.node_count());
}

TEST(Compile, HoldsWeightsOnce) {
  const LargeModel model;
  const std::size_t before = memory_in_use();
  const std::size_t limit = memory_limit();
  set_memory_limit(before + 48 * kMegabyte + 16 * kMegabyte);  // 4 MB are dropped late, 4 MB made, 4 MB packed
  const Plan plan = compile(model.path(), options_for(model, 2, 0));
  set_memory_limit(limit);
  const auto order = plan.graph.order();
  EXPECT_EQ(std::ranges::count_if(order, [&](NodeId id) { return plan.graph.node(id).op.name() == "mul"; }), 0);
  EXPECT_LT(memory_in_use(), before + 50 * kMegabyte);
}

TEST(Compile, SaysEarlyWhatCannotFit) {
  const LargeModel model;
  const std::size_t limit = std::max(baseline_resident_bytes(), resident_bytes()) + 40 * kMegabyte;
  bool chose = false;
  CompileOptions options = options_for(model, 65536, limit);
  options.progress = [&](std::string_view stage, double) { chose |= stage == "choosing kernels"; };
  try {
    compile(model.path(), options);
    ADD_FAILURE() << "was not refused";
  } catch (const ModelError& error) {
    EXPECT_NE(std::string(error.what()).find("alone reads and writes"), std::string::npos) << error.what();
  }
  EXPECT_FALSE(chose);
  EXPECT_THROW(compile(model.path(), options_for(model, 2, kMegabyte)), ModelError) << "less than the program itself";
}

}  // namespace
}  // namespace temper::testing
