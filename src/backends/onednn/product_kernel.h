#pragma once
#include <algorithm>

#include "backends/onednn/post_ops.h"
#include "ops/nn/window.h"

namespace temper::onednn {

/// Which input of a convolution or matrix product is which; its filter is input 1.
struct ProductInputs {
  std::size_t source = 0;
  std::optional<std::size_t> bias = {};
  std::optional<std::size_t> residual = {};
};

/// Whether a window is as networks have them. oneDNN unrolls windows into code, and writes beyond its buffer where they are huge.
inline bool is_usual(std::span<const WindowAxis> axes) {
  constexpr std::int64_t kMost = 64;
  return std::ranges::all_of(axes, [](const WindowAxis& axis) {
    return axis.kernel <= kMost && axis.stride <= kMost && axis.dilation <= kMost && axis.pad_before <= kMost * kMost && axis.pad_after <= kMost * kMost;
  });
}

/// Sums of products with what follows them, whichever primitive makes them.
class ProductKernel final : public Kernel {
 public:
  template <class Desc>
  ProductKernel(std::string_view name, const ProductInputs& inputs, const Fact& filter, const Memory::desc& plain, const Desc& desc,
                dnnl::primitive primitive)
      : inputs_(inputs),
        name_(fmt::format("{} {}", name, desc.impl_info_str())),
        weights_(filter, plain, desc.weights_desc()),
        primitive_(std::move(primitive), desc.scratchpad_desc()) {
    primitive_.add(DNNL_ARG_SRC, desc.src_desc());
    primitive_.add(DNNL_ARG_WEIGHTS, desc.weights_desc());
    primitive_.add(DNNL_ARG_DST, desc.dst_desc());
    if (inputs_.bias) primitive_.add(DNNL_ARG_BIAS, desc.bias_desc());
  }

  std::string_view name() const override { return name_; }
  std::size_t workspace_bytes() const override { return primitive_.workspace_bytes(); }
  bool in_place(std::size_t input) const override { return inputs_.residual == input; }
  bool made_at_run_time() const override { return true; }
  std::size_t held_bytes() const override { return weights_.held_bytes(); }
  std::vector<PackedInput> packed() const override { return weights_.packed(1); }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte> workspace) const override {
    if (inputs_.residual) start_from(in[*inputs_.residual], out[0]);
    const auto data = [&](std::size_t i) { return in[i].bytes().data(); };
    const std::byte* const weights = weights_.data(in[1]);
    const std::byte* const to = out[0].bytes().data();
    if (inputs_.bias) primitive_.run({data(inputs_.source), weights, to, data(*inputs_.bias)}, workspace);
    else primitive_.run({data(inputs_.source), weights, to}, workspace);
  }

 private:
  ProductInputs inputs_;
  std::string name_;
  Weights weights_;
  Primitive primitive_;
};

/// A kernel of the first layout of the weights for which oneDNN has more than its reference. `describe` makes the primitive's description
/// for a layout, of which `Primitive` is made.
template <class Primitive, class Describe>
Prepared prepare_product(std::string_view name, const ProductInputs& inputs, const Fact& filter, const Memory::desc& plain,
                         std::span<const Memory::desc> layouts, const Describe& describe) {
  require_code_memory();
  for (const Memory::desc& layout : layouts) {
    try {
      const auto desc = describe(layout);
      if (std::string_view(desc.impl_info_str()).starts_with("ref")) continue;
      return std::make_unique<ProductKernel>(name, inputs, filter, plain, desc, Primitive(desc));
    } catch (const dnnl::error&) {  // not with the weights in this layout
    }
  }
  return Refusal{"oneDNN has no fast kernel for it"};
}

}  // namespace temper::onednn
