#pragma once
#include <random>

#include "backends/allocation_count.h"
#include "base/threads.h"
#include "ops/evaluate.h"
#include "ops/registry.h"
#include "plan/select.h"
#include "support/tensors.h"

/// Kernels of a backend against the operators' definitions.
namespace temper::testing {

/// Numbers in [-2, 2], of a fixed seed.
inline Tensor random_f32(const Shape& shape, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> number(-2, 2);
  Tensor tensor(DType::kFloat32, shape);
  for (float& x : tensor.mutable_data<float>()) x = number(random);
  return tensor;
}

inline Node node_of(std::string_view op, const Attributes& attributes) {
  return {op_registry().make(op, attributes), "node", {}, {}, {}, {}};
}

inline Facts facts_of(Inputs inputs, bool constants) {
  Facts facts;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    facts.push_back({inputs[i].dtype(), inputs[i].shape(), {}});
    if (constants && (i > 0 || inputs[i].dtype() != DType::kFloat32)) facts.back().constant = inputs[i];
  }
  return facts;
}

/// The outputs, each in memory of its own, a residual's too. Fails where the kernel writes beyond its workspace. `allocated`, if given, is
/// how often memory was taken meanwhile.
inline Tensors run(const Kernel& kernel, const Node& node, Inputs inputs, std::int64_t* allocated = nullptr) {
  Tensors outputs;
  for (const Fact& fact : node.op.infer(facts_of(inputs, true), {})) outputs.emplace_back(fact.dtype, *fact.shape.known());
  constexpr std::size_t kGuard = 64;
  constexpr std::byte kMark{0xa5};
  Tensor workspace(DType::kUInt8, Shape{static_cast<std::int64_t>(kernel.workspace_bytes() + kGuard)});
  const std::span<std::byte> bytes = workspace.mutable_bytes();
  std::ranges::fill(bytes.last(kGuard), kMark);
  const std::int64_t before = allocation_count();
  kernel.run(inputs, outputs, bytes.first(kernel.workspace_bytes()));
  if (allocated != nullptr) *allocated = allocation_count() - before;
  EXPECT_TRUE(std::ranges::all_of(bytes.last(kGuard), [](std::byte b) { return b == kMark; })) << "the workspace is too small";
  return outputs;
}

/// What a kernel of Temper's own gives, on as many threads as there are cores and on more than it was prepared for: it takes no memory.
inline void expect_own_kernel_agrees(const Kernel& kernel, const Node& node, Inputs inputs, const Tensors& want, double tolerance) {
  for (const int threads : {1, 0, 5}) {
    set_thread_count(threads);
    std::int64_t allocated = 0;
    run(kernel, node, inputs);  // threads are started
    const Tensors got = run(kernel, node, inputs, &allocated);
    EXPECT_EQ(allocated, 0) << kernel.name() << " takes memory while it runs";
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(near(got[i], want[i], tolerance, tolerance)) << kernel.name() << " on threads " << threads;
  }
  set_thread_count(0);
}

/// Expects that the backend takes the node, with its weights constant, packed and given at run time, and agrees with its definition.
inline void expect_agrees(const Backend& backend, std::string_view op, const Attributes& attributes, const Tensors& inputs,
                          double tolerance = 1e-4) {
  const Node node = node_of(op, attributes);
  SCOPED_TRACE(fmt::format("{} on {}", op, describe(inputs[0])));
  const Tensors want = evaluate_node(node, inputs);
  const Backend* const backends[] = {&backend};
  const auto check = [&](const Facts& facts) {
    const Selection selection = select_kernel(node, facts, backends);
    EXPECT_NE(selection.kernel, nullptr) << fmt::format("{}", fmt::join(selection.refusals, "; "));
    if (selection.kernel == nullptr) return std::vector<PackedInput>();
    if (backend.name == "cpu") expect_own_kernel_agrees(*selection.kernel, node, inputs, want, tolerance);
    for (int turn = 0; turn < 2; ++turn) {
      const Tensors got = run(*selection.kernel, node, inputs);
      EXPECT_EQ(got.size(), want.size());
      for (std::size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(near(got[i], want[i], tolerance, tolerance));
    }
    return selection.kernel->packed();
  };
  Facts facts = facts_of(inputs, false);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].dtype() != DType::kFloat32) facts[i].constant = inputs[i];  // sizes are known beforehand
  }
  check(facts);
  facts = facts_of(inputs, true);
  for (const PackedInput& packed : check(facts)) {
    Fact& fact = facts[packed.input];
    const Tensor original = *std::exchange(fact.constant, std::nullopt);
    fact.packed = packed.packed;
    EXPECT_TRUE(identical(unpacked(fact, backends), original));
  }
  check(facts);
}

inline void expect_refused(const Backend& backend, std::string_view op, const Attributes& attributes, Inputs inputs,
                           const std::string& reason) {
  const Backend* const backends[] = {&backend};
  const Selection selection = select_kernel(node_of(op, attributes), facts_of(inputs, false), backends);
  ASSERT_EQ(selection.kernel, nullptr) << "was accepted";
  const std::string reasons = fmt::format("{}", fmt::join(selection.refusals, "; "));
  EXPECT_NE(reasons.find(reason), std::string::npos) << reasons;
}

using Ints = std::vector<std::int64_t>;

}  // namespace temper::testing
