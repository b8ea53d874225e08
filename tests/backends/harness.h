#pragma once
#include <random>

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

/// The outputs, each in memory of its own, a residual's too.
inline Tensors run(const Kernel& kernel, const Node& node, Inputs inputs) {
  Tensors outputs;
  for (const Fact& fact : node.op.infer(facts_of(inputs, true), {})) outputs.emplace_back(fact.dtype, *fact.shape.known());
  Tensor workspace(DType::kUInt8, Shape{static_cast<std::int64_t>(kernel.workspace_bytes())});
  kernel.run(inputs, outputs, workspace.mutable_bytes());
  return outputs;
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
