#pragma once
#include <memory>

#include "plan/backend.h"

namespace temper {

/// Convolutions, matrix products and pools by oneDNN, in float32.
std::unique_ptr<Backend> make_onednn_backend();

}  // namespace temper
