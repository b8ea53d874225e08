#pragma once
#include <string>
#include <vector>

#include "import/tensorflow/emitter.h"
#include "import/tensorflow/source_graph.h"

namespace temper::tensorflow {

/// An output of a model.
struct End {
  std::string name;
  SourceEdge edge;
};

/// Whether something imports the node: a rule, the emitter itself, or the functions of the file.
bool importable(const SourceNode& node, const FunctionLibrary& library);

/// Whether the node is given from outside when the model runs: a placeholder, or what takes elements from a queue or data set.
bool gives_input(std::string_view op);

/// The outputs of these names, without ":0".
std::vector<End> named_ends(const SourceGraph& source, const std::vector<std::string>& names);

/// Every node that nothing uses. One that has no rule does not count unless all are so: such a node hangs off a graph that is of use without it. Throws ModelError where
/// there is none.
std::vector<End> find_ends(const SourceGraph& source, const FunctionLibrary& library);

/// The same of a graph with variables, where more is left over: what no input reaches (initialisers, what saves and restores) does not count, nor does what is
/// inside a loop or needs one of `excluded`; and where authors marked some by an Identity, only those do.
std::vector<End> find_ends_reached(const SourceGraph& source, const FunctionLibrary& library, const std::vector<int>& excluded);

}  // namespace temper::tensorflow
