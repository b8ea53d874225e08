#include "backends/onednn/backend.h"

#include "backends/onednn/families.h"
#include "backends/onednn/primitive.h"

namespace temper {
namespace onednn {
namespace {

class OnednnBackend : public Backend {
 public:
  std::string_view name() const override { return "onednn"; }

  Prepared prepare(const Node& node, std::span<const Fact> in) const override {
    for (const auto family : {prepare_conv, prepare_conv_transpose, prepare_matmul, prepare_pool}) {
      try {
        if (auto prepared = family(node, in)) return std::move(*prepared);
      } catch (const dnnl::error& error) {
        return Refusal{error.what()};
      }
    }
    return Refusal{"operator is not handled", true};
  }
};

}  // namespace
}  // namespace onednn

std::unique_ptr<Backend> make_onednn_backend() { return std::make_unique<onednn::OnednnBackend>(); }

}  // namespace temper
