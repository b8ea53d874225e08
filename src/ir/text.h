#pragma once
#include <string_view>

#include "ir/graph.h"

/// Graphs as text; docs/text-ir.md has the grammar. to_text(graph), in graph.h, writes out the elements of small tensors.
namespace temper {

/// The most elements that are written out unless it is said otherwise.
inline constexpr std::int64_t kMostPrintedElements = 32;

/// The graph as text, with the elements of tensors that have at most `most_elements`; of others "..." stands for them.
std::string to_text(const Graph& graph, std::int64_t most_elements);

/// The graph that a text describes. Facts are inferred; elements that stand as "..." become zeros. Throws ModelError, with line
/// and column, where the text is not of the grammar or speaks of what `operators` do not know or do not take.
Graph from_text(std::string_view text, const OpRegistry& operators);

/// Whether text stands without quotes: letters, digits, and any of "_./-", at least one.
bool is_word(std::string_view text);

}  // namespace temper
