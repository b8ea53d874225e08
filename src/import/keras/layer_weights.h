#pragma once
#include <string>
#include <vector>

#include "import/keras/model_config.h"

namespace temper::keras {

struct WeightName {
  std::string name;
  bool trainable = true;
};

/// The weights that a layer has, in the order in which Keras makes them; not those of layers in it. They are what the layer's row in the
/// table of rules lists, less those that its configuration does without.
std::vector<WeightName> weight_names(const Layer& layer);

}  // namespace temper::keras
