#include "backends/cpu/backend.h"

#include "backends/cpu/families.h"

namespace temper {

const Backend& cpu_backend() {
  static const Backend backend{
      "cpu",
      {
          {"cpu/crop_and_resize", cpu::prepare_crop_and_resize},
          {"cpu/elementwise", cpu::prepare_elementwise},
          {"cpu/fill", cpu::prepare_fill},
          {"cpu/gather", cpu::prepare_gather},
          {"cpu/pad", cpu::prepare_pad},
          {"cpu/rearrange", cpu::prepare_rearrange},
          {"cpu/slice", cpu::prepare_slice},
      }};
  return backend;
}

}  // namespace temper
