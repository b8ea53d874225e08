#include "ops/linalg/matmul.h"

#include "backends/onednn/families.h"
#include "backends/onednn/post_ops.h"

namespace temper::onednn {
namespace {

/// A stack of matrices under `rank` dims, missing ones 1; `transposed` exchanges the last two.
Memory::desc matrices(const Shape& shape, std::size_t rank, bool transposed) {
  const auto own = shape.strides();
  Memory::dims dims(rank - shape.rank(), 1);
  Memory::dims strides(rank - shape.rank(), shape.elements());
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    dims.push_back(shape[axis]);
    strides.push_back(own[axis]);
  }
  if (transposed) {
    std::swap(dims[rank - 1], dims[rank - 2]);
    std::swap(strides[rank - 1], strides[rank - 2]);
  }
  return {dims, Memory::data_type::f32, strides};
}

/// The operands' shapes as the primitive sees them. A stack times one matrix is one tall product.
struct Product {
  Shape a, b, output;

  Product(const MatMul& matmul, const Shape& x, const Shape& y) : a(x), b(y) {
    output = matmul_geometry(matmul, x, y).output;
    if (matmul.transpose_a || b.rank() != 2 || a.rank() == 2) return;
    const std::int64_t rows = a.elements(0, a.rank() - 1);
    a = Shape{rows, a[a.rank() - 1]};
    output = Shape{rows, output[output.rank() - 1]};
  }
};

class MatMulKernel final : public Kernel {
 public:
  MatMulKernel(const MatMul& matmul, const Memory::desc& b, std::span<const Fact> in, const dnnl::matmul::primitive_desc& desc)
      : has_bias_(matmul.has_bias),
        has_residual_(matmul.has_residual),
        name_(fmt::format("onednn_matmul {}", desc.impl_info_str())),
        weights_(in[1], b, desc.weights_desc()),
        primitive_(dnnl::matmul(desc), desc.scratchpad_desc()) {
    primitive_.add(DNNL_ARG_SRC, desc.src_desc());
    primitive_.add(DNNL_ARG_WEIGHTS, desc.weights_desc());
    primitive_.add(DNNL_ARG_DST, desc.dst_desc());
    if (has_bias_) primitive_.add(DNNL_ARG_BIAS, desc.bias_desc());
  }

  std::string_view name() const override { return name_; }
  std::size_t workspace_bytes() const override { return primitive_.workspace_bytes(); }
  bool in_place(std::size_t input) const override { return has_residual_ && input == (has_bias_ ? 3U : 2U); }
  bool made_at_run_time() const override { return true; }
  std::size_t held_bytes() const override { return weights_.held_bytes(); }
  std::vector<PackedInput> packed() const override { return weights_.packed(1); }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte> workspace) const override {
    if (has_residual_) start_from(in.back(), out[0]);
    const std::byte* const weights = weights_.data(in[1]);
    const std::byte* const to = out[0].bytes().data();
    if (has_bias_) primitive_.run({in[0].bytes().data(), weights, to, in[2].bytes().data()}, workspace);
    else primitive_.run({in[0].bytes().data(), weights, to}, workspace);
  }

 private:
  bool has_bias_;
  bool has_residual_;
  std::string name_;
  Weights weights_;
  Primitive primitive_;
};

}  // namespace

std::optional<Prepared> prepare_matmul(const Node& node, std::span<const Fact> in) {
  const auto* matmul = node.op.as<MatMul>();
  if (matmul == nullptr) return std::nullopt;
  for (const Fact& fact : in) {
    if (fact.dtype != DType::kFloat32) return Refusal{fmt::format("{} is not handled", fact.dtype), true};
  }
  const MatMulGeometry geometry = matmul_geometry(*matmul, *in[0].shape.known(), *in[1].shape.known());
  if (matmul->has_bias && !in[2].shape.elements().is(geometry.n)) return Refusal{"the bias does not fit"};
  if (matmul->has_residual && in.back().shape != ShapeFact(geometry.output)) return Refusal{"the residual does not fit"};
  if (geometry.output.elements() == 0 || geometry.k == 0) return Refusal{"there is nothing to compute"};
  const Product product(*matmul, *in[0].shape.known(), *in[1].shape.known());
  const std::size_t rank = product.output.rank();
  const Memory::desc b = matrices(product.b, rank, matmul->transpose_b);
  Memory::dims bias_dims(rank, 1);
  Memory::dims bias_strides(rank, 1);
  bias_dims.back() = geometry.n;
  std::fill(bias_strides.begin(), bias_strides.end() - 1, geometry.n);
  const Memory::desc bias = matmul->has_bias ? Memory::desc(bias_dims, Memory::data_type::f32, bias_strides) : Memory::desc();
  const auto layouts = rank == 2 ? weight_layouts(in[1], b) : std::vector{b};
  for (const Memory::desc& layout : layouts) {
    try {
      const dnnl::matmul::primitive_desc desc({matrices(product.a, rank, matmul->transpose_a), layout, bias, matrices(product.output, rank, false)},
                                              attributes(matmul->has_residual, matmul->activation, matmul->alpha), cpu());
      if (!std::string_view(desc.impl_info_str()).starts_with("ref")) return std::make_unique<MatMulKernel>(*matmul, b, in, desc);
    } catch (const dnnl::error&) {  // not with the weights in this layout
    }
  }
  return Refusal{"oneDNN has no fast kernel for it"};
}

}  // namespace temper::onednn
