#include "ops/linalg/matmul.h"

#include "ops/linalg/gemm.h"
#include "ops/linalg/products.h"

namespace temper {
namespace {

/// All dims but the last two.
Shape batch_of(const Shape& shape) { return Shape(shape.dims().first(shape.rank() - 2)); }

MatrixLayout layout_of(const Shape& shape, bool transposed) {
  const std::int64_t columns = shape[shape.rank() - 1];
  return transposed ? MatrixLayout{1, columns} : MatrixLayout{columns, 1};
}

/// The matrices of `b`, each transposed so that its columns lie together.
template <class Sum>
Tensor with_rows_of_columns(const Sum* b, std::int64_t matrices, std::int64_t n, std::int64_t k) {
  Tensor result = make_sums<Sum>(matrices * n * k);
  Sum* to = result.mutable_data<Sum>().data();
  for (std::int64_t matrix = 0; matrix < matrices; ++matrix, to += n * k, b += n * k) {
    for (std::int64_t j = 0; j < n; ++j) {
      for (std::int64_t p = 0; p < k; ++p) to[p * n + j] = b[j * k + p];
    }
  }
  return result;
}

template <class Sum>
Tensor product(const MatMul& op, const MatMulGeometry& geometry, Inputs in) {
  const auto& [m, n, k, batch, output] = geometry;
  Tensor sums = make_sums<Sum>(output.elements());
  if (output.elements() == 0 || k == 0) return tensor_of_sums<Sum>(sums, output, in[0].dtype());
  const SumElements<Sum> a(in[0]);
  const SumElements<Sum> b(in[1]);
  const Shape a_batch = batch_of(in[0].shape());
  const Shape b_batch = batch_of(in[1].shape());
  const MatrixLayout a_layout = layout_of(in[0].shape(), op.transpose_a);
  MatrixLayout b_layout = layout_of(in[1].shape(), op.transpose_b);
  const Sum* b_data = b.data();
  Tensor turned;
  if (op.transpose_b && m > 1 && n >= 4) {
    turned = with_rows_of_columns(b_data, b_batch.elements(), n, k);
    b_data = turned.data<Sum>().data();
    b_layout = {n, 1};
  }
  const auto a_strides = broadcast_strides(a_batch, batch);
  const auto b_strides = broadcast_strides(b_batch, batch);
  Position at(batch);
  Sum* c = sums.mutable_data<Sum>().data();
  for (std::int64_t i = 0; i < batch.elements(); ++i, at.next()) {
    multiply_add(m, n, k, a.data() + at.offset(a_strides) * m * k, a_layout, b_data + at.offset(b_strides) * k * n,
                 b_layout, c + i * m * n);
  }
  return tensor_of_sums<Sum>(sums, output, in[0].dtype());
}

template <class T>
T sum_of(T x, T y) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(static_cast<std::uint64_t>(x) + static_cast<std::uint64_t>(y));
  else
    return x + y;
}

/// Adds bias and residual and applies the activation, on the elements' own type (half types: float32).
template <class T>
void finish(const MatMul& op, Inputs in, std::span<T> c) {
  if (op.has_bias) {
    const auto bias = in[2].data<T>();
    for (std::size_t i = 0; i < c.size(); i += bias.size()) {
      for (std::size_t j = 0; j < bias.size(); ++j) c[i + j] = sum_of(c[i + j], bias[j]);
    }
  }
  if (op.has_residual) std::ranges::transform(c, in.back().data<T>(), c.begin(), sum_of<T>);
  if constexpr (requires { apply_activation(op.activation, op.alpha, c); })
    apply_activation(op.activation, op.alpha, c);
}

bool activation_fits(Activation activation, DType dtype) {
  if (activation == Activation::kNone) return true;
  require_activation(activation, dtype);
  return is_float(dtype) || dtype == DType::kInt32 || dtype == DType::kInt64;
}

void require_matmul_dtype(const MatMul& op, DType dtype) {
  require(is_number(dtype), "needs number inputs, got {}", dtype);
  require(activation_fits(op.activation, dtype), "an activation is not supported on {}", dtype);
}

/// The batch dims of a fact of known rank.
ShapeFact batch_of(const Fact& fact) {
  std::vector<Dim> dims = fact.shape.dims();
  dims.resize(dims.size() - 2);
  return ShapeFact(std::move(dims));
}

}  // namespace

MatMulGeometry matmul_geometry(const MatMul& matmul, const Shape& a, const Shape& b) {
  require(a.rank() >= 2 && b.rank() >= 2, "needs matrices, got shapes {} and {}", a, b);
  MatMulGeometry geometry;
  geometry.m = a[a.rank() - (matmul.transpose_a ? 1 : 2)];
  geometry.k = a[a.rank() - (matmul.transpose_a ? 2 : 1)];
  geometry.n = b[b.rank() - (matmul.transpose_b ? 2 : 1)];
  require(b[b.rank() - (matmul.transpose_b ? 1 : 2)] == geometry.k, "matrices of shapes {}{} and {}{} do not multiply",
          a, matmul.transpose_a ? " transposed" : "", b, matmul.transpose_b ? " transposed" : "");
  geometry.batch = broadcast(batch_of(a), batch_of(b));
  geometry.output = geometry.batch;
  geometry.output.push_back(geometry.m);
  geometry.output.push_back(geometry.n);
  return geometry;
}

Facts MatMul::infer(std::span<const Fact> in) const {
  require_inputs(in, input_count());
  require_matmul_dtype(*this, in[0].dtype);
  for (const Fact& fact : in) require_same_dtype(in[0], fact);
  for (const Fact& fact : in.first(2)) {
    require(!fact.shape.rank_known() || fact.shape.rank() >= 2, "needs matrices, got {}", fact);
  }
  agreed(dim_of(in[0], transpose_a ? -2 : -1), dim_of(in[1], transpose_b ? -1 : -2), "the inner dimension");
  Dim columns = dim_of(in[1], transpose_b ? -2 : -1);
  if (has_bias) {
    require_vector(in[2], columns, "bias");
    columns = agreed(columns, dim_of(in[2], 0), "the number of columns");
  }
  if (!in[0].shape.rank_known() || !in[1].shape.rank_known()) return {{in[0].dtype, {}, {}}};
  std::vector<Dim> dims = broadcast(batch_of(in[0]), batch_of(in[1])).dims();
  dims.push_back(dim_of(in[0], transpose_a ? -1 : -2));
  dims.push_back(columns);
  return {{in[0].dtype, ShapeFact(std::move(dims)), {}}};
}

Tensors MatMul::reference(Inputs in) const {
  require_inputs(in, input_count());
  const DType dtype = in[0].dtype();
  require_matmul_dtype(*this, dtype);
  for (const Tensor& tensor : in) {
    require(tensor.dtype() == dtype, "inputs are of different types: {} and {}", dtype, tensor.dtype());
  }
  const MatMulGeometry geometry = matmul_geometry(*this, in[0].shape(), in[1].shape());
  if (has_bias) require_vector(in[2], geometry.n, "bias");
  require(!has_residual || in.back().shape() == geometry.output, "a residual of shape {} does not fit a product of {}",
          in.back().shape(), geometry.output);
  Tensors wide;
  for (const Tensor& tensor : in) wide.push_back(widened(tensor));
  Tensor out = visit_sums(dtype, [&]<class Sum>(Type<Sum>) { return product<Sum>(*this, geometry, wide); });
  if (out.elements() == 0 || (input_count() == 2 && activation == Activation::kNone)) return {narrowed(out, dtype)};
  const auto finish_as = [&]<class T>(Type<T>) { finish<T>(*this, wide, out.mutable_data<T>()); };
  if (is_float(dtype))
    visit_widened(dtype, finish_as);
  else
    visit_integers(dtype, finish_as);
  return {narrowed(std::move(out), dtype)};
}
REGISTER_OP(MatMul);

}  // namespace temper
