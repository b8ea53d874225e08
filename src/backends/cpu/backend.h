#pragma once
#include "plan/backend.h"

namespace temper {

/// Temper's own kernels.
const Backend& cpu_backend();

}  // namespace temper
