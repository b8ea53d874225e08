#pragma once
#include "plan/backend.h"

namespace temper {

/// Convolutions, matrix products and pools by oneDNN, in float32.
const Backend& onednn_backend();

}  // namespace temper
