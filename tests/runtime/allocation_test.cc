#include <dlfcn.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>

#include "backends/cpu/backend.h"
#include "backends/onednn/backend.h"
#include "base/memory.h"
#include "base/threads.h"
#include "runtime/executor.h"
#include "support/graphs.h"
#include "support/tensors.h"

/// What C++ allocates in a thread while that counts; not what oneDNN does, which describes each of its calls anew.
namespace {
thread_local bool counts = false;
thread_local std::size_t counted = 0;

bool in_onednn(const void* code) {
  Dl_info info{};
  return dladdr(code, &info) != 0 && info.dli_fname != nullptr && std::strstr(info.dli_fname, "libdnnl") != nullptr;
}

void* counted_new(std::size_t size, const void* caller) {
  if (counts && !in_onednn(caller)) ++counted;
  void* const made = std::malloc(size);
  if (made == nullptr) throw std::bad_alloc();
  return made;
}
}  // namespace

void* operator new(std::size_t size) { return counted_new(size, __builtin_return_address(0)); }
void* operator new[](std::size_t size) { return counted_new(size, __builtin_return_address(0)); }
void operator delete(void* given) noexcept { std::free(given); }
void operator delete[](void* given) noexcept { std::free(given); }
void operator delete(void* given, std::size_t) noexcept { std::free(given); }
void operator delete[](void* given, std::size_t) noexcept { std::free(given); }

namespace temper::testing {
namespace {

Tensor numbers(const Shape& shape, std::int64_t step) {
  Tensor tensor(DType::kFloat32, shape);
  std::int64_t i = 0;
  for (float& x : tensor.mutable_data<float>()) x = static_cast<float>((i++ * step) % 23 - 11) * 0.05F;
  return tensor;
}

/// A small detector: convolutions, a pool, two branches joined in place, boxes and scores of which the best are taken.
Graph detector() {
  Builder b;
  const auto conv = [&](ValueId x, std::int64_t side, std::int64_t in, std::int64_t out, Attributes attributes) {
    attributes.emplace_back("padding", std::string("same"));
    attributes.emplace_back("has_bias", true);
    return b.op("conv", {x, b.constant(numbers({side, side, in, out}, 7)), b.constant(numbers({out}, 5))}, attributes);
  };
  const ValueId x = b.input("x", fact(DType::kFloat32, {1, 16, 16, 8}));
  const ValueId first = conv(x, 3, 8, 16, {{"activation", std::string("relu")}});
  const ValueId pooled = b.op("max_pool", {first}, {{"kernel", std::vector<std::int64_t>{2, 2}}, {"strides", std::vector<std::int64_t>{2, 2}}});
  const ValueId again = b.op("conv", {pooled, b.constant(numbers({1, 1, 16, 16}, 3)), pooled}, {{"has_residual", true}});
  const auto rows = [&](ValueId value, std::int64_t columns) { return b.op("reshape", {value, b.constant(i32({3}, {1, 64, static_cast<std::int32_t>(columns)}))}); };
  const ValueId boxes = b.op("concat", {rows(conv(again, 1, 16, 4, {}), 4), rows(conv(pooled, 1, 16, 4, {}), 4)}, {{"axis", std::int64_t{1}}});
  const ValueId scores = b.op("sigmoid", {b.op("concat", {rows(conv(again, 1, 16, 3, {}), 3), rows(conv(pooled, 1, 16, 3, {}), 3)}, {{"axis", std::int64_t{1}}})});
  const ValueId many = b.op("reshape", {boxes, b.constant(i32({4}, {1, 128, 1, 4}))});
  const auto best = b.ops("multiclass_nms", {many, scores}, {{"max_per_class", std::int64_t{5}}, {"max_total", std::int64_t{8}}, {"first_class", std::int64_t{1}}});
  b.output(best[0], "boxes").output(best[1], "scores").output(best[2], "classes").output(best[3], "count");
  return b.graph;
}

std::size_t step_count(const Program& program, std::string_view op, bool elided) {
  return static_cast<std::size_t>(std::ranges::count_if(program.steps(), [&](const Program::Step& step) {
    return step.node->op.name() == op && step.kind == Program::Kind::kPlanned && step.elided == elided;
  }));
}

TEST(Allocation, ADetectorTakesNoMemoryWhileItRuns) {
  set_thread_count(1);
  const Executor executor(detector(), {&onednn_backend(), &cpu_backend()});
  const Tensors in{numbers({1, 16, 16, 8}, 13)};
  ExecutionContext context(executor);
  context.run(in);
  EXPECT_EQ(step_count(*context.program(), "conv", false), 6U);
  EXPECT_EQ(step_count(*context.program(), "max_pool", false), 1U);
  EXPECT_EQ(step_count(*context.program(), "concat", true), 2U) << "their operands are made in place";
  EXPECT_EQ(step_count(*context.program(), "multiclass_nms", false), 1U);
  const Tensor scores = Tensor::from<float>(context.output(1).shape(), context.output(1).data<float>());
  EXPECT_GT(scores.data<float>()[0], 0);
  const std::size_t limit = memory_limit();
  set_memory_limit(0);
  counted = 0;
  counts = true;
  for (int turn = 0; turn < 5; ++turn) context.run(in);
  counts = false;
  set_memory_limit(limit);
  EXPECT_EQ(counted, 0U);
  EXPECT_TRUE(near(context.output(1), scores));
}

TEST(Allocation, NorDoManyContextsOfOneExecutor) {
  set_thread_count(1);
  const Executor executor(detector(), {&onednn_backend(), &cpu_backend()});
  std::array<std::size_t, 4> counts_of{};
  std::array<Tensor, 4> answers;
  std::vector<std::thread> threads;
  const Tensors in{numbers({1, 16, 16, 8}, 13)};
  ExecutionContext first(executor);
  first.run(in);
  std::atomic<int> ready{0};
  for (std::size_t t = 0; t < answers.size(); ++t) {
    threads.emplace_back([&, t] {
      set_thread_count(1);
      ExecutionContext context(executor);
      for (int turn = 0; turn < 3; ++turn) context.run(in);
      // The descriptions of a kernel's call are made for as many as call it at a time: all have to have met first.
      ++ready;
      while (ready < 4) std::this_thread::yield();
      for (int turn = 0; turn < 200; ++turn) context.run(in);
      counted = 0;
      counts = true;
      for (int turn = 0; turn < 20; ++turn) context.run(in);
      counts = false;
      counts_of[t] = counted;
      answers[t] = context.output(1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t t = 0; t < answers.size(); ++t) {
    EXPECT_TRUE(near(answers[t], first.output(1)));
    EXPECT_LE(counts_of[t], 3U * 10U) << "calls that had not met before are all that may be new";
  }
}

}  // namespace
}  // namespace temper::testing
