#pragma once
#include "import/tensorflow/proto/graph.pb.h"

namespace temper {

/// Writes what TensorFlow 1.15 does not know as it does: attributes that have their defaults go, and operators get the older spelling of the same meaning. Throws
/// ModelError naming every operator and attribute for which there is none.
void write_for_tensorflow_1_15(tensorflow::GraphDef& graph);

}  // namespace temper
