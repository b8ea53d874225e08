#include "backends/cpu/suppress_classes.h"

#include <cstring>
#include <random>

#include "backends/cpu/backend.h"
#include "backends/harness.h"

namespace temper::testing {
namespace {

struct NmsCase {
  MulticlassNms op;
  std::int64_t boxes = 0;
  std::int64_t per_box = 1;
  std::int64_t columns = 1;
  std::int64_t levels = 0;  ///< how many different scores there are; 0: any
};

struct NmsRun {
  Tensors inputs;
  std::int64_t count = 0;
  Tensors outputs;
};

/// Boxes in clusters, some without area, some with corners swapped.
Tensor random_boxes(const Shape& shape, std::mt19937& random) {
  Tensor boxes(DType::kFloat32, shape);
  const auto numbers = boxes.mutable_data<float>();
  std::uniform_real_distribution<float> unit(0, 1);
  for (std::size_t i = 0; i + 3 < numbers.size(); i += 4) {
    const float y = std::floor(unit(random) * 8) / 8;
    const float x = std::floor(unit(random) * 8) / 8;
    const float size = random() % 11 == 0 ? 0 : 0.05F + 0.3F * unit(random);
    const float corners[] = {y + 0.05F * unit(random) - 0.2F, x, y + size, x + 0.2F + 0.1F * unit(random)};
    std::memcpy(&numbers[i], corners, sizeof corners);
    if (random() % 13 == 0) std::swap(numbers[i], numbers[i + 2]);
  }
  return boxes;
}

NmsRun run(const NmsCase& c, Tensor boxes, Tensor scores, Tensor window) {
  NmsRun result;
  result.inputs = {std::move(boxes), std::move(scores)};
  if (c.op.clipping != Clipping::kNone) result.inputs.push_back(std::move(window));
  const Tensors& in = result.inputs;
  const auto m = c.op.max_total;
  result.outputs = {Tensor(DType::kFloat32, {1, m, 4}), Tensor(DType::kFloat32, {1, m}), Tensor(DType::kFloat32, {1, m}),
                    Tensor(DType::kInt32, {1}), Tensor(DType::kInt32, {1, m})};
  std::vector<std::byte> scratch(cpu::nms_scratch_bytes(c.op, c.boxes, c.columns) + 64);
  auto* const start = reinterpret_cast<std::byte*>((reinterpret_cast<std::uintptr_t>(scratch.data()) + 63) / 64 * 64);
  Tensors& out = result.outputs;
  result.count = cpu::suppress_classes(
      c.op, {in[0].data<float>(), in[1].data<float>(), in.size() > 2 ? in[2].data<float>() : std::span<const float>(), c.boxes, c.per_box, c.columns},
      {out[0].mutable_data<float>(), out[1].mutable_data<float>(), out[2].mutable_data<float>(), out[4].mutable_data<std::int32_t>()},
      {start, scratch.size() - 64});
  out[3].mutable_data<std::int32_t>()[0] = static_cast<std::int32_t>(result.count);
  return result;
}

NmsRun run_random(const NmsCase& c, unsigned seed) {
  std::mt19937 random(seed);
  Tensor boxes = random_boxes({1, c.boxes, c.per_box, 4}, random);
  Tensor scores(DType::kFloat32, {1, c.boxes, c.columns});
  for (float& x : scores.mutable_data<float>()) {
    x = std::uniform_real_distribution<float>(c.op.conversion == ScoreConversion::kSigmoid ? -30 : -0.2F, c.op.conversion == ScoreConversion::kSigmoid ? 30 : 1)(random);
    if (c.levels > 0) x = std::floor(x * static_cast<float>(c.levels)) / static_cast<float>(c.levels);
    if (random() % 97 == 0) x = std::numeric_limits<float>::quiet_NaN();
    if (random() % 193 == 0) x = std::numeric_limits<float>::infinity();
  }
  return run(c, std::move(boxes), std::move(scores), f32({1, 4}, {0, 0.1F, 0.9F, 1}));
}

void expect_exact(const NmsCase& c) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(fmt::format("{} boxes, {} columns, seed {}", c.boxes, c.columns, seed));
    const NmsRun got = run_random(c, seed);
    ASSERT_GE(got.count, 0);
    const Tensors want = c.op.reference(got.inputs);
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(identical(got.outputs[i], want[i])) << "output " << i;
  }
}

MulticlassNms rules(std::int64_t max_per_class, std::int64_t max_total, Clipping clipping = Clipping::kNone, bool frame = false) {
  MulticlassNms op;
  op.max_per_class = max_per_class;
  op.max_total = max_total;
  op.clipping = clipping;
  op.change_frame = frame;
  op.filter_first = clipping == Clipping::kBefore;
  return op;
}

TEST(CpuMulticlassNms, IsTheDefinition) {
  for (const Clipping clipping : {Clipping::kNone, Clipping::kAfter, Clipping::kBefore}) {
    for (const bool frame : {false, true}) {
      if (frame && clipping == Clipping::kNone) continue;
      expect_exact({rules(100, 100, clipping, frame), 700, 1, 20});
      expect_exact({rules(3, 40, clipping, frame), 333, 7, 7, 5});
      expect_exact({rules(50, 300, clipping, frame), 90, 1, 1});
    }
  }
}

TEST(CpuMulticlassNms, IsTheDefinitionWhereScoresTie) {
  for (const std::int64_t levels : {1, 2, 30}) expect_exact({rules(20, 60), 500, 1, 33, levels});
  MulticlassNms saturated = rules(20, 60);
  saturated.conversion = ScoreConversion::kSigmoid;
  for (const std::int64_t levels : {0, 1, 8}) expect_exact({saturated, 900, 1, 17, levels});
}

TEST(CpuMulticlassNms, IsTheDefinitionAtLimits) {
  expect_exact({rules(10, 10), 0, 1, 5});
  expect_exact({rules(0, 10), 30, 1, 5});
  expect_exact({rules(10, 0), 30, 1, 5});
  expect_exact({rules(1, 1), 1, 1, 1});
  expect_exact({rules(1000000, 500), 200, 1, 3});
  MulticlassNms background = rules(10, 50);
  background.first_class = 1;
  background.score_threshold = 0.5F;
  expect_exact({background, 300, 1, 21});
  expect_exact({background, 300, 20, 21});
  expect_exact({background, 300, 1, 1});
}

TEST(CpuMulticlassNms, LeavesBoxesThatAreNotFiniteToTheDefinition) {
  const NmsCase c{rules(10, 10), 2, 1, 1};
  const Tensor infinite = f32({1, 2, 1, 4}, {0, 0, 1, std::numeric_limits<float>::infinity(), 0, 0, 1, 1});
  EXPECT_EQ(run(c, infinite, f32({1, 2, 1}, {0.5F, 0.6F}), {}).count, -1);
}

TEST(CpuDetection, AgreesOnBatches) {
  std::mt19937 random(5);
  const Attributes limits{{"max_per_class", std::int64_t{5}}, {"max_total", std::int64_t{20}}, {"first_class", std::int64_t{1}},
                          {"clipping", std::string("after")}, {"has_counts", true}};
  const Tensor windows = f32({3, 4}, {0, 0, 1, 1, 0.25F, 0, 1, 0.5F, 0, 0, 0, 0});
  const Tensor boxes = random_boxes({3, 60, 1, 4}, random);
  expect_agrees(cpu_backend(), "multiclass_nms", limits, {boxes, random_f32({3, 60, 9}), windows, i32({3}, {60, -1, 7})}, 0);
  Tensor wide = boxes;
  wide.mutable_data<float>()[60 * 4] = std::numeric_limits<float>::infinity();  // of the second picture
  expect_agrees(cpu_backend(), "multiclass_nms", limits, {wide, random_f32({3, 60, 9}), windows, i32({3}, {60, -1, 7})}, 0);
  expect_refused(cpu_backend(), "multiclass_nms", {}, Tensors{random_f32({1, 2, 3, 4}), random_f32({1, 2, 2})}, "do not fit");
}

TEST(CpuDetection, AgreesOnDecodedBoxes) {
  for (const char* form : {"corners", "centres"}) {
    const Attributes attributes{{"anchors", std::string(form)}, {"scales", std::vector<double>{10, 10, 5, 5}}};
    expect_agrees(cpu_backend(), "decode_boxes", attributes, {random_f32({77, 4}), random_f32({77, 4}, 2)}, 1e-6);
    expect_agrees(cpu_backend(), "decode_boxes", attributes, {random_f32({3, 33, 1, 4}), random_f32({1, 33, 1, 4}, 2)}, 1e-6);
    expect_agrees(cpu_backend(), "decode_boxes", attributes, {random_f32({2, 4096, 4}), random_f32({4}, 2).reshaped({1, 4})}, 1e-6);
  }
  expect_refused(cpu_backend(), "decode_boxes", {}, Tensors{random_f32({2, 3, 2, 4}), random_f32({3, 1, 4})}, "do not repeat");
}

}  // namespace
}  // namespace temper::testing
