#include <gtest/gtest.h>

#include <cstdlib>

#include "import/import.h"
#include "import/model_files.h"
#include "ops/evaluate.h"

/// Trained models that lie beside the project, where they do (TEMPER_SHARED_DATA, or ../shared/data).
namespace temper::testing {
namespace {

namespace fs = std::filesystem;

fs::path shared_models() {
  const char* folder = std::getenv("TEMPER_SHARED_DATA");
  return fs::path(folder != nullptr ? folder : TEMPER_SOURCE_DIR "/../shared/data") / "models";
}

#define NEED(path) \
  if (!fs::exists(path)) GTEST_SKIP() << (path) << " is not there"

float run_scalar(const fs::path& model, const ModelChoice& choice, float x) {
  const Graph graph = import_model(model, {{}, {}, choice});
  Shape shape;
  const ShapeFact& fact = graph.fact(graph.inputs().at(0).value).shape;
  for (std::size_t axis = 0; fact.rank_known() && axis < fact.rank(); ++axis) shape.push_back(1);
  return evaluate(graph, std::vector{Tensor::from<float>(shape, std::span(&x, 1))}).at(0).data<float>()[0];
}

TEST(SharedModels, HalfPlusTwoInEveryForm) {
  const fs::path serving = shared_models() / "savedmodel" / "tf_serving";
  NEED(serving);
  for (const char* model : {"saved_model_half_plus_two_2_versions", "saved_model_half_plus_two_cpu", "saved_model_half_plus_two_gpu", "saved_model_half_plus_two_gpu_trt",
                            "saved_model_half_plus_two_mkl", "saved_model_half_plus_two_mlmd", "saved_model_half_plus_two_tf2_cpu", "bad_half_plus_two"}) {
    EXPECT_EQ(run_scalar(serving / model, {}, 3), 3.5F) << model;
  }
  EXPECT_EQ(run_scalar(serving / "saved_model_half_plus_three", {}, 3), 4.5F);
  EXPECT_EQ(run_scalar(serving / "saved_model_half_plus_two_cpu", {"regress_x2_to_y3", ""}, 3), 4.5F);
  EXPECT_THROW(import_model(serving / "tf_text_regression"), ModelError);
  EXPECT_THROW(import_model(serving / "saved_model_counter"), ModelError);
  EXPECT_THROW(import_model(serving / "saved_model_counter", {{}, {}, {"incr_counter", ""}}), ModelError);
  const Graph counter = import_model(serving / "saved_model_counter", {{}, {}, {"get_counter", ""}});
  EXPECT_EQ(evaluate(counter, {}).at(0).elements(), 1);
}

/// A detector's MetaGraph with its checkpoint is the graph that its author froze.
TEST(SharedModels, DetectorFromItsCheckpoint) {
  const fs::path folder = shared_models() / "frozen" / "ssd_mobilenet_v1_075_coco";
  NEED(folder);
  const ImportOptions options{{}, {"concat", "concat_1"}, {}};
  const Graph a = import_model(folder / "model.ckpt.meta", options), b = import_model(folder / "frozen_inference_graph.pb", options);
  EXPECT_EQ(to_text(a), to_text(b));
  const ModelSummary summary = summarise_model(folder / "model.ckpt");
  EXPECT_EQ(summary.unused_variables, std::vector<std::string>{"global_step"});
  EXPECT_TRUE(std::ranges::any_of(summary.outputs, [](const SourcePort& port) { return port.name == "detection_boxes"; }));
}

TEST(SharedModels, TrainingGraphIsPruned) {
  const fs::path folder = shared_models() / "checkpoint" / "PNet_landmark";
  NEED(folder);
  const Graph graph = import_model(folder, {{}, {"cls_prob", "bbox_pred", "landmark_pred"}, {}});
  ASSERT_EQ(graph.inputs().size(), 1U);
  EXPECT_EQ(graph.inputs()[0].name, "input_image");
  EXPECT_THROW(import_model(folder), ModelError);
}

}  // namespace
}  // namespace temper::testing
