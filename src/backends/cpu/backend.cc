#include "backends/cpu/backend.h"

#include "backends/cpu/families.h"

namespace temper {
namespace cpu {
namespace {

class CpuBackend : public Backend {
 public:
  std::string_view name() const override { return "cpu"; }

  Prepared prepare(const Node& node, std::span<const Fact> in) const override {
    for (const auto family : {prepare_elementwise, prepare_crop_and_resize}) {
      if (auto prepared = family(node, in)) return std::move(*prepared);
    }
    return Refusal{"operator is not handled", true};
  }
};

}  // namespace
}  // namespace cpu

std::unique_ptr<Backend> make_cpu_backend() { return std::make_unique<cpu::CpuBackend>(); }

}  // namespace temper
