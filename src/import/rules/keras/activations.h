#pragma once
#include "import/keras/layer_import.h"

namespace temper::keras {

/// The function of that name, as Keras names them, of x. Throws ModelError on one that is not known.
ValueId activated(LayerImport& layer, ValueId x, const std::string& function);
/// The function that attribute `key` names, or the layer that it holds, of x. None: x.
ValueId activated_by(LayerImport& layer, ValueId x, std::string_view key = "activation");

/// The same of operators that go elsewhere, into the region of a loop say; `version` is that of the Keras that wrote the model.
ValueId activated(NodeImport& node, ValueId x, const std::string& function, int version);

}  // namespace temper::keras
