#pragma once
#include <random>

#include "ops/evaluate.h"
#include "ops/registry.h"
#include "plan/backend.h"
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

inline Prepared prepare(const Backend& backend, const Node& node, Inputs inputs, bool constants) {
  Facts facts;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    facts.push_back({inputs[i].dtype(), inputs[i].shape(), {}});
    if (constants && i > 0) facts.back().constant = inputs[i];
  }
  return backend.prepare(node, facts);
}

/// Expects that the backend takes the node, with inputs but the first constant and not, and agrees with its definition.
inline void expect_agrees(const Backend& backend, std::string_view op, const Attributes& attributes, const Tensors& inputs,
                          double tolerance = 1e-4) {
  const Node node = node_of(op, attributes);
  SCOPED_TRACE(fmt::format("{} on {}", op, describe(inputs[0])));
  const Tensors want = evaluate_node(node, inputs);
  for (const bool constants : {false, true}) {
    const Prepared prepared = prepare(backend, node, inputs, constants);
    const auto* kernel = std::get_if<std::unique_ptr<Kernel>>(&prepared);
    ASSERT_NE(kernel, nullptr) << std::get<Refusal>(prepared).reason;
    for (int turn = 0; turn < 2; ++turn) {
      const Tensors got = (*kernel)->run(Tensors(inputs));
      ASSERT_EQ(got.size(), want.size());
      for (std::size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(near(got[i], want[i], tolerance, tolerance));
    }
  }
}

inline void expect_refused(const Backend& backend, std::string_view op, const Attributes& attributes, Inputs inputs,
                           const std::string& reason) {
  const Prepared prepared = prepare(backend, node_of(op, attributes), inputs, false);
  const auto* refusal = std::get_if<Refusal>(&prepared);
  ASSERT_NE(refusal, nullptr) << "was accepted";
  EXPECT_NE(refusal->reason.find(reason), std::string::npos) << refusal->reason;
}

using Ints = std::vector<std::int64_t>;

}  // namespace temper::testing
