#pragma once
#include <string>
#include <vector>

#include "fuzz/mutate.h"

namespace temper::testing {

/// Real graphs to damage: those of the recorded cases, the small ones among the models at hand, and pieces of the large
/// ones. Models are those under models/, and under the folder that TEMPER_FUZZ_MODELS names.
std::vector<tensorflow::GraphDef> seed_graphs();

/// The same graph whose large constants are one value repeated.
void lighten(tensorflow::GraphDef& graph);

/// A node with up to `count` nodes that it depends on, and their constants; what is cut off is a placeholder.
tensorflow::GraphDef piece(const tensorflow::GraphDef& graph, std::size_t count, Random& random);

}  // namespace temper::testing
