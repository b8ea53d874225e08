#pragma once
#include <vector>

#include "import/keras/weights.h"

namespace temper::keras {

/// Which Keras wrote a file, on what.
struct OldWriter {
  int version = 2;
  bool theano = false;
};

/// A layer's weights as Keras 2 has them on TensorFlow: the parts of an LSTM's and a GRU's gates, which Keras 1 kept apart, are joined, the
/// filters of its convolutions have their channels last, and are turned about where Theano, which mirrors them, wrote them. (Keras 1 does
/// not say what it ran on; it is taken to be TensorFlow.)
std::vector<Weight> modern_weights(const Layer& layer, const Hdf5File& file, std::vector<Weight> stored, const OldWriter& writer);

}  // namespace temper::keras
