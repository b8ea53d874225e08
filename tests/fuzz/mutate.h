#pragma once
#include <random>
#include <string>
#include <vector>

#include "import/tensorflow/proto/graph.pb.h"

namespace temper::testing {

using Random = std::mt19937_64;

/// A number in [0, count).
std::size_t below(Random& random, std::size_t count);

/// A number that code is likely to get wrong.
std::int64_t edge(Random& random);

/// The same bytes with a few flipped, cut out, doubled, overwritten by edge values, or spliced with those of `other`.
std::string mutate_bytes(std::string bytes, const std::string& other, Random& random);

/// As many bytes, with a few flipped, overwritten by small numbers or edge values, or by others of them.
std::string mutate_in_place(std::string bytes, Random& random);

/// The same text with numbers replaced by edge values, lines dropped, doubled or swapped, or bytes changed.
std::string mutate_text(const std::string& text, const std::string& other, Random& random);

/// A well-formed graph that is wrong: inputs rewired, operators and attributes swapped between nodes or replaced by any that
/// a rule imports, nodes of `other` grafted on, shapes, types and numbers replaced by edge values.
void mutate_graph(tensorflow::GraphDef& graph, const tensorflow::GraphDef& other, Random& random);

}  // namespace temper::testing
