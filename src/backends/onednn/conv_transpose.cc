#include "ops/nn/conv_transpose.h"

#include "backends/onednn/families.h"
#include "backends/onednn/post_ops.h"

namespace temper::onednn {
namespace {

/// A filter [spatial..., C/groups, M] as oneDNN names its dims for a map from M to C: (groups, C/groups, M/groups, spatial...).
Memory::desc filter_desc(const Shape& filter, std::int64_t groups) {
  const std::size_t spatial = filter.rank() - 2;
  const auto steps = filter.strides();
  const std::int64_t group = filter[spatial + 1] / groups;
  Memory::dims dims{filter[spatial], group};
  Memory::dims strides{steps[spatial], 1};
  for (std::size_t axis = 0; axis < spatial; ++axis) {
    dims.push_back(filter[axis]);
    strides.push_back(steps[axis]);
  }
  if (groups > 1) {
    dims.insert(dims.begin(), groups);
    strides.insert(strides.begin(), group);
  }
  return {dims, Memory::data_type::f32, strides};
}

dnnl::deconvolution_forward::primitive_desc describe_deconvolution(const ConvTranspose& conv, const Shape& filter,
                                                                   const Shape& x, const ConvGeometry& geometry,
                                                                   const Shape& y) {
  Memory::dims strides, dilations, before, after;
  for (const WindowAxis& axis : geometry.axes) {
    strides.push_back(axis.stride);
    dilations.push_back(axis.dilation - 1);
    before.push_back(axis.pad_before);
    after.push_back(axis.pad_after);
  }
  const Memory::desc any_filter(filter_desc(filter, conv.groups).dims(), Memory::data_type::f32, Memory::format_tag::any);
  const Memory::desc bias = conv.has_bias ? row_major(Shape{geometry.channels}) : Memory::desc();
  return {{dnnl::prop_kind::forward_inference, dnnl::algorithm::deconvolution_direct, channels_last(x), any_filter, bias,
           channels_last(y), strides, dilations, before, after},
          attributes(conv.has_residual, conv.activation, conv.alpha),
          cpu()};
}

/// The primitive for one output size.
struct Deconvolution {
  Deconvolution(const ConvTranspose& conv, std::span<const Fact> in, const Shape& y,
                const dnnl::deconvolution_forward::primitive_desc& desc)
      : output(y),
        weights(in[1], filter_desc(*in[1].shape.known(), conv.groups), desc.weights_desc()),
        primitive(dnnl::deconvolution_forward(desc)) {
    primitive.add(DNNL_ARG_SRC, desc.src_desc());
    weights.add_to(primitive, DNNL_ARG_WEIGHTS);
    if (conv.has_bias) primitive.add(DNNL_ARG_BIAS, desc.bias_desc());
    primitive.add(DNNL_ARG_DST, desc.dst_desc());
  }

  Shape output;
  Weights weights;
  Primitive primitive;
};

/// The output's size is a value that comes when the graph runs; the primitive of the last one is kept.
class ConvTransposeKernel final : public Kernel {
 public:
  ConvTransposeKernel(ConvTranspose conv, std::span<const Fact> in)
      : conv_(std::move(conv)), facts_(in.begin(), in.end()) {}

  std::string_view name() const override { return "onednn_conv_transpose"; }

  Tensors run(Inputs in) override {
    const auto sizes = in[0].to_int64s();
    if (!made_ || sizes != sizes_) make(sizes);
    if (!deconvolution_) return conv_.reference(in);
    Deconvolution& d = *deconvolution_;
    if (conv_.has_residual && in.back().shape() != d.output) return conv_.reference(in);
    Tensor out = conv_.has_residual ? output_with_residual(in.back()) : Tensor(DType::kFloat32, d.output);
    d.weights.set(d.primitive, DNNL_ARG_WEIGHTS, in[1]);
    d.primitive.set(DNNL_ARG_SRC, in[2]);
    if (conv_.has_bias) d.primitive.set(DNNL_ARG_BIAS, in[3]);
    d.primitive.set(DNNL_ARG_DST, out);
    d.primitive.run();
    return {std::move(out)};
  }

  /// Leaves no primitive where oneDNN has none.
  void make(const std::vector<std::int64_t>& sizes) {
    deconvolution_.reset();
    sizes_ = sizes;
    made_ = true;
    const Shape filter = *facts_[1].shape.known();
    const Shape x = *facts_[2].shape.known();
    const ConvGeometry geometry = conv_transpose_geometry(conv_, sizes, filter, x);
    Shape y{geometry.batch};
    for (const WindowAxis& axis : geometry.axes) y.push_back(axis.input);
    y.push_back(geometry.channels);
    if (y.elements() == 0 || x.elements() == 0) return;
    if (conv_.has_bias && !facts_[3].shape.elements().is(geometry.channels)) return;
    try {
      deconvolution_.emplace(conv_, facts_, y, describe_deconvolution(conv_, filter, x, geometry, y));
    } catch (const dnnl::error&) {
    }
  }

 private:
  ConvTranspose conv_;
  Facts facts_;
  bool made_ = false;
  std::vector<std::int64_t> sizes_;
  std::optional<Deconvolution> deconvolution_;
};

}  // namespace

std::optional<Prepared> prepare_conv_transpose(const Node& node, std::span<const Fact> in) {
  const auto* conv = node.op.as<ConvTranspose>();
  if (conv == nullptr) return std::nullopt;
  for (std::size_t i = 1; i < in.size(); ++i) {
    if (in[i].dtype != DType::kFloat32) return Refusal{fmt::format("{} is not handled", in[i].dtype), true};
  }
  return std::make_unique<ConvTransposeKernel>(*conv, in);
}

}  // namespace temper::onednn
