#include "backends/cpu/backend.h"

#include "backends/cpu/families.h"

namespace temper {

const Backend& cpu_backend() {
  static const Backend backend{"cpu",
                               {{"cpu/elementwise", cpu::prepare_elementwise},
                                {"cpu/crop_and_resize", cpu::prepare_crop_and_resize},
                                {"cpu/detection", cpu::prepare_detection}}};
  return backend;
}

}  // namespace temper
