#include <limits>

#include "backends/cpu/backend.h"
#include "backends/harness.h"

namespace temper::testing {
namespace {

void agrees(std::string_view op, const Attributes& attributes, const Tensors& inputs, double tolerance = 0) {
  expect_agrees(cpu_backend(), op, attributes, inputs, tolerance);
}

Attributes suppression(std::int64_t per_class, std::int64_t total, Attributes more = {}) {
  more.insert(more.end(), {{"max_per_class", per_class}, {"max_total", total}, {"iou_threshold", 0.6}, {"score_threshold", 0.1}});
  return more;
}

TEST(CpuNms, IsTheDefinition) {
  const Tensor boxes = random_f32({2, 200, 1, 4});
  const Tensor scores = random_f32({2, 200, 7}, 2);
  agrees("multiclass_nms", suppression(10, 30), {boxes, scores});
  agrees("multiclass_nms", suppression(10, 30, {{"first_class", std::int64_t{1}}}), {boxes, scores});
  agrees("multiclass_nms", suppression(5, 50, {{"has_counts", true}}), {boxes, scores, i32({2}, {-1, 60})});
  agrees("multiclass_nms", suppression(5, 50, {{"has_counts", true}}), {boxes, scores, i32({2}, {0, 200})});
  agrees("multiclass_nms", suppression(10, 30, {{"clipping", std::string("after")}, {"change_frame", true}}), {boxes, scores, f32({2, 4}, {0, 0, 1, 1, -1, -1, 0.5F, 2})});
  agrees("multiclass_nms", suppression(3, 30), {random_f32({1, 40, 7, 4}), random_f32({1, 40, 7}, 2)});
}

TEST(CpuNms, LeavesBoxesThatAreNotFiniteToTheDefinition) {
  Tensor boxes = random_f32({1, 20, 1, 4});
  boxes.mutable_data<float>()[17] = std::numeric_limits<float>::infinity();
  boxes.mutable_data<float>()[41] = std::numeric_limits<float>::quiet_NaN();
  const Backend* const backends[] = {&cpu_backend()};
  const Node node = node_of("multiclass_nms", suppression(10, 30));
  const Tensors in{boxes, random_f32({1, 20, 3}, 2)};
  const Selection selection = select_kernel(node, facts_of(in, false), backends);
  ASSERT_NE(selection.kernel, nullptr);
  const Tensors want = evaluate_node(node, in);
  const Tensors got = run(*selection.kernel, node, in);
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(near(got[i], want[i]));
}

TEST(CpuNms, Refuses) {
  expect_refused(cpu_backend(), "multiclass_nms", suppression(3, 3), Tensors{random_f32({1, 0, 1, 4}), random_f32({1, 0, 3})}, "nothing to compute");
  expect_refused(cpu_backend(), "multiclass_nms", suppression(3, 3), Tensors{random_f32({1, 5, 2, 4}), random_f32({1, 5, 3})}, "do not fit");
  const Backend* const backends[] = {&cpu_backend()};
  const Tensors in{random_f32({1, 5, 1, 4}), random_f32({1, 5, 3}), i32({1}, {6})};
  const Node node = node_of("multiclass_nms", suppression(3, 3, {{"has_counts", true}}));
  const Selection selection = select_kernel(node, facts_of(in, false), backends);
  ASSERT_NE(selection.kernel, nullptr);
  EXPECT_THROW(run(*selection.kernel, node, in), ModelError);
}

TEST(CpuDecodeBoxes, Agrees) {
  const auto check = [](const Shape& codes, const Shape& anchors) {
    for (const char* form : {"corners", "centres"}) {
      agrees("decode_boxes", {{"anchors", std::string(form)}, {"scales", std::vector<double>{10, 10, 5, 5}}}, {random_f32(codes), random_f32(anchors, 2)}, 1e-6);
    }
  };
  check({1, 1917, 4}, {1917, 4});
  check({3, 70, 4}, {1, 70, 4});
  check({3, 70, 4}, {3, 70, 4});
  check({1, 4}, {1, 4});
  check({2, 3, 4}, {1, 4});
  expect_refused(cpu_backend(), "decode_boxes", {}, Tensors{random_f32({2, 3, 4}), random_f32({2, 1, 4})}, "repeat within");
  expect_refused(cpu_backend(), "decode_boxes", {}, Tensors{random_f32({0, 4}), random_f32({0, 4})}, "nothing to compute");
}

TEST(CpuGatherOrZero, IsTheDefinition) {
  agrees("gather_or_zero", {}, {random_f32({2, 5, 3}), i32({2, 4}, {4, -1, 0, 0, 1, 2, -1, -1})});
  agrees("gather_or_zero", {}, {i64({1, 2}, {7, 8}), i32({1, 3}, {1, -1, 0})});
  agrees("gather_or_zero", {}, {random_f32({2, 5, 3}), i32({2, 0}, {})});
  const Backend* const backends[] = {&cpu_backend()};
  const Tensors in{random_f32({1, 5, 3}), i32({1, 1}, {5})};
  const Node node = node_of("gather_or_zero", {});
  const Selection selection = select_kernel(node, facts_of(in, false), backends);
  ASSERT_NE(selection.kernel, nullptr);
  EXPECT_THROW(run(*selection.kernel, node, in), ModelError);
}

}  // namespace
}  // namespace temper::testing
