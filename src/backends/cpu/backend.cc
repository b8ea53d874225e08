#include "backends/cpu/backend.h"

#include "backends/cpu/families.h"

namespace temper {

const Backend& cpu_backend() {
  static const Backend backend{
      "cpu",
      {
          {"cpu/binary", cpu::prepare_binary},
          {"cpu/cast", cpu::prepare_cast},
          {"cpu/crop_and_resize", cpu::prepare_crop_and_resize},
          {"cpu/detection", cpu::prepare_detection},
          {"cpu/fill", cpu::prepare_fill},
          {"cpu/gather", cpu::prepare_gather},
          {"cpu/normalise", cpu::prepare_normalise},
          {"cpu/row_norm", cpu::prepare_row_norm},
          {"cpu/order", cpu::prepare_order},
          {"cpu/pad", cpu::prepare_pad},
          {"cpu/peaks", cpu::prepare_peaks},
          {"cpu/rearrange", cpu::prepare_rearrange},
          {"cpu/reduce", cpu::prepare_reduce},
          {"cpu/resize", cpu::prepare_resize},
          {"cpu/scan", cpu::prepare_scan},
          {"cpu/select", cpu::prepare_select},
          {"cpu/slice", cpu::prepare_slice},
          {"cpu/softmax", cpu::prepare_softmax},
          {"cpu/space_batch", cpu::prepare_space_batch},
          {"cpu/unary", cpu::prepare_unary},
      }};
  return backend;
}

}  // namespace temper
