#include "ops/nn/pool.h"

#include "backends/onednn/families.h"
#include "backends/onednn/primitive.h"

namespace temper::onednn {
namespace {

class PoolKernel final : public Kernel {
 public:
  explicit PoolKernel(const dnnl::pooling_forward::primitive_desc& desc)
      : name_(fmt::format("onednn_pool {}", desc.impl_info_str())),
        primitive_(dnnl::pooling_forward(desc), desc.scratchpad_desc()) {
    primitive_.add(DNNL_ARG_SRC, desc.src_desc());
    primitive_.add(DNNL_ARG_DST, desc.dst_desc());
  }

  std::string_view name() const override { return name_; }

  bool made_at_run_time() const override { return true; }
  std::size_t workspace_bytes() const override { return primitive_.workspace_bytes(); }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte> workspace) const override {
    primitive_.run({in[0].bytes().data(), out[0].bytes().data()}, workspace);
  }

 private:
  std::string name_;
  Primitive primitive_;
};

Prepared prepare(dnnl::algorithm algorithm, const Fact& fact, std::span<const std::int64_t> kernel,
                 const WindowRule& rule) {
  if (fact.dtype != DType::kFloat32) return Refusal{fmt::format("{} is not handled", fact.dtype), true};
  const Shape x = *fact.shape.known();
  const auto axes = pool_axes(x, kernel, rule);
  const Shape output = window_shape(x[0], axes, x[x.rank() - 1]);
  if (output.elements() == 0 || x.elements() == 0) return Refusal{"there is nothing to compute"};
  Memory::dims strides, sizes, before, after;
  for (const WindowAxis& axis : axes) {
    if (axis.dilation != 1) return Refusal{"dilated windows are not handled", true};
    if (axis.pad_before >= axis.kernel || axis.pad_after >= axis.kernel) return Refusal{"a window may hold no element"};
    strides.push_back(axis.stride);
    sizes.push_back(axis.kernel);
    before.push_back(axis.pad_before);
    after.push_back(axis.pad_after);
  }
  require_code_memory();
  const dnnl::pooling_forward::primitive_desc desc({dnnl::prop_kind::forward_inference, algorithm, channels_last(x),
                                                    channels_last(output), strides, sizes, before, after},
                                                   with_workspace(), cpu());
  return std::make_unique<PoolKernel>(desc);
}

}  // namespace

std::optional<Prepared> prepare_pool(const Node& node, std::span<const Fact> in) {
  if (const auto* pool = node.op.as<MaxPool>()) {
    return prepare(dnnl::algorithm::pooling_max, in[0], pool->kernel, pool->rule());
  }
  if (const auto* pool = node.op.as<AvgPool>()) {
    const auto algorithm = pool->count_include_pad ? dnnl::algorithm::pooling_avg_include_padding
                                                   : dnnl::algorithm::pooling_avg_exclude_padding;
    return prepare(algorithm, in[0], pool->kernel, pool->rule());
  }
  return std::nullopt;
}

}  // namespace temper::onednn
