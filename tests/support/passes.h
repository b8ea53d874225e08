#pragma once
#include <random>

#include "ops/evaluate.h"
#include "passes/driver.h"
#include "support/graphs.h"
#include "support/tensors.h"

/// What tests of passes share.
namespace temper::testing {

inline Graph optimised(const Graph& graph) {
  Graph copy = graph;
  optimise(copy);
  return copy;
}

inline std::vector<std::string> op_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const NodeId id : graph.order()) names.emplace_back(graph.node(id).op.name());
  return names;
}

/// Numbers in [-2, 2], 0 or 1, for the inputs of a graph; unknown dims become 3, unknown ranks 2.
inline Tensors random_inputs(const Graph& graph, unsigned seed = 1) {
  std::mt19937 random(seed);
  Tensors inputs;
  for (const Port& port : graph.inputs()) {
    const Fact& fact = graph.fact(port.value);
    Shape shape;
    const ShapeFact known = fact.shape.rank_known() ? fact.shape : ShapeFact::of_rank(2);
    for (const Dim& dim : known.dims()) shape.push_back(dim.known() ? dim.value() : 3);
    Tensor tensor(fact.dtype, shape);
    visit_elements(fact.dtype, [&]<class T>(Type<T>) {
      for (T& x : tensor.mutable_data<T>()) {
        if constexpr (is_float_type<T>) x = static_cast<T>(std::uniform_real_distribution<float>(-2, 2)(random));
        else x = static_cast<T>(random() % 2);
      }
    });
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

/// Expects that optimising leaves the graph's answers (to `rtol`) and ends, and that doing it again changes nothing.
inline Graph expect_equivalent(const Graph& graph, double rtol = 1e-5) {
  Graph after = graph;
  optimise(after);
  const Tensors inputs = random_inputs(graph);
  const Tensors want = evaluate(graph, inputs);
  const Tensors got = evaluate(after, inputs);
  EXPECT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_TRUE(near(got[i], want[i], rtol, rtol));
    EXPECT_EQ(after.outputs()[i].name, graph.outputs()[i].name);
  }
  for (const PassReport& report : [&] { Graph again = after; return optimise(again); }()) {
    EXPECT_EQ(report.patch_count, 0) << report.name << " changes its own result";
  }
  return after;
}

/// expect_equivalent, and that these operators are left, producers first.
inline void expect_ops(const Graph& graph, const std::vector<std::string>& names) {
  EXPECT_EQ(op_names(expect_equivalent(graph)), names);
}

}  // namespace temper::testing
