#include "backends/cpu/backend.h"

namespace temper {
namespace {

class CpuBackend : public Backend {
 public:
  std::string_view name() const override { return "cpu"; }

  Prepared prepare(const Node&, std::span<const Fact>) const override {
    return Refusal{"operator is not handled", true};
  }
};

}  // namespace

std::unique_ptr<Backend> make_cpu_backend() { return std::make_unique<CpuBackend>(); }

}  // namespace temper
