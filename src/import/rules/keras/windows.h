#pragma once
#include "import/keras/layer_import.h"

namespace temper::keras {

/// Where a layer over images, sequences or volumes has its channels. Temper's operators have them last.
struct Windows {
  std::size_t spatial = 2;
  bool channels_first = false;

  /// Reads attribute data_format. Throws ModelError where the input has another rank.
  Windows(LayerImport& layer, std::size_t spatial_dims);

  ValueId channels_last(LayerImport& layer, ValueId value) const;
  ValueId back(LayerImport& layer, ValueId value) const;
  /// The axes of the spatial dims as the layer has them.
  std::vector<std::int64_t> axes() const;
};

}  // namespace temper::keras
