#include "backends/backends.h"

#include "backends/cpu/backend.h"
#include "backends/onednn/backend.h"

namespace temper {

std::vector<const Backend*> available_backends() { return {&cpu_backend(), &onednn_backend()}; }

}  // namespace temper
