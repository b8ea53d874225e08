#pragma once
#include <vector>

#include "plan/backend.h"

namespace temper {

/// The kernels that this build has, in the order in which they are asked.
std::vector<const Backend*> available_backends();

}  // namespace temper
