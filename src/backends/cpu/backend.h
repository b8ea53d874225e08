#pragma once
#include <memory>

#include "plan/backend.h"

namespace temper {

/// Temper's own kernels.
std::unique_ptr<Backend> make_cpu_backend();

}  // namespace temper
