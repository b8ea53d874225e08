#pragma once
#include "plan/backend.h"

/// What the functions that prepare kernels have in common.
namespace temper::cpu {

/// An operator's attribute by name, for operators whose struct no header shows.
template <class T>
T attribute_of(const Op& op, std::string_view name) {
  for (const auto& [given, attribute] : op.attributes()) {
    T value{};
    if (given == name && from_attribute(attribute, value)) return value;
  }
  throw InternalError(fmt::format("operator {} has no attribute {} of this kind", op.name(), name));
}

inline Refusal refuse_dtype(DType dtype) { return {fmt::format("{} is not handled", dtype), true}; }

inline Shape shape_of(const Fact& fact) { return *fact.shape.known(); }

/// Shapes that the operator infers, one an output.
inline std::vector<Shape> output_shapes(const Node& node, std::span<const Fact> in) {
  std::vector<Shape> shapes;
  for (const Fact& fact : node.op.infer(in, node.regions)) shapes.push_back(shape_of(fact));
  return shapes;
}

}  // namespace temper::cpu
