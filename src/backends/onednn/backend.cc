#include "backends/onednn/backend.h"

#include "backends/onednn/families.h"
#include "backends/onednn/primitive.h"

namespace temper {
namespace {

template <auto kPrepare>
std::optional<Prepared> guarded(const Node& node, std::span<const Fact> in) {
  try {
    return kPrepare(node, in);
  } catch (const dnnl::error& error) {
    return Refusal{error.what()};
  }
}

}  // namespace

const Backend& onednn_backend() {
  static const Backend backend{"onednn",
                               {{"onednn/conv", guarded<onednn::prepare_conv>},
                                {"onednn/conv_transpose", guarded<onednn::prepare_conv_transpose>},
                                {"onednn/matmul", guarded<onednn::prepare_matmul>},
                                {"onednn/pool", guarded<onednn::prepare_pool>}},
                               onednn::unpack};
  return backend;
}

}  // namespace temper
