#pragma once
#include "ir/graph.h"
#include "plan/file/tensors.h"

namespace temper {

/// The graph as bytes, less what outputs do not depend on; elements of tensors go to `tensors`.
std::string write_graph(const Graph& graph, TensorWriter& tensors);

/// Facts are inferred anew. Throws ModelError where the bytes are no graph, or operators do not take what they are given;
/// `made_by` is the Temper to name where they are not known.
Graph read_graph(std::span<const std::byte> bytes, const TensorReader& tensors, const std::string& made_by);

/// Graphs may lie so deep in nodes of one another.
inline constexpr std::size_t kMostRegionDepth = 200;

/// How attributes are marked in files.
enum class AttributeKind : std::uint8_t { kBool = 1, kInt, kDouble, kString, kDType, kInts, kDoubles, kStrings, kTensor };

}  // namespace temper
