#pragma once
#include <optional>
#include <vector>

#include "import/keras/weights.h"

namespace temper::keras {

/// The weights that Keras 1 stored for a layer, as Keras 2 has them: the parts of an LSTM's and a GRU's gates joined, the filters of
/// convolutions with their channels last, and turned about where Theano (which mirrors them) wrote them. None where nothing changes.
std::optional<std::vector<Weight>> join_old_weights(const Layer& layer, const Hdf5File& file, const std::vector<Weight>& stored, bool mirrored);

}  // namespace temper::keras
