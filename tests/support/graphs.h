#pragma once
#include "ir/graph.h"
#include "ops/registry.h"

/// Builds graphs in tests: Builder b; b.output(b.op("relu", {b.input("x", fact)})).
namespace temper::testing {

class Builder {
 public:
  ValueId input(std::string name, Fact fact) { return graph.add_input(std::move(name), std::move(fact)); }
  ValueId constant(Tensor tensor) { return graph.add_constant(std::move(tensor), "constant"); }
  ValueId op(std::string_view name, std::vector<ValueId> inputs, const Attributes& attributes = {},
             std::vector<Graph> regions = {}) {
    return ops(name, std::move(inputs), attributes, std::move(regions)).at(0);
  }
  std::vector<ValueId> ops(std::string_view name, std::vector<ValueId> inputs, const Attributes& attributes = {},
                           std::vector<Graph> regions = {}) {
    const NodeId id = graph.add_node(op_registry().make(name, attributes), std::move(inputs),
                                     fmt::format("{}_{}", name, graph.node_count()), std::move(regions));
    return graph.node(id).outputs;
  }
  Builder& output(ValueId value, std::string name = "y") {
    graph.add_output(std::move(name), value);
    return *this;
  }

  Graph graph;
};

/// A fact of these dims, -1 for unknown.
inline Fact fact(DType dtype, std::initializer_list<std::int64_t> dims) {
  std::vector<Dim> known;
  for (const std::int64_t dim : dims) known.push_back(dim < 0 ? Dim() : Dim(dim));
  return {dtype, ShapeFact(std::move(known)), {}};
}

}  // namespace temper::testing
