#pragma once
#include "import/tensorflow/proto/graph.pb.h"

namespace temper::tensorflow {

/// Gives what a graph for training does otherwise than when it serves the form that serves:
///     x / keep * floor(keep + random)   or   where(random >= rate, x * scale, 0)      =>  x
///     FusedBatchNorm(x, scale, offset) of the batch's own mean and variance            =>  of the moving ones, where it updates such variables
/// Dropout that does not scale, and a normalisation without moving averages, stay as they are.
void to_inference_form(GraphDef& graph);

}  // namespace temper::tensorflow
