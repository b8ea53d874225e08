#include "ops/recurrent/cells.h"

#include <cmath>

#include "ops/linalg/gemm.h"

namespace temper {

void gate_sums(std::int64_t batch, std::int64_t inputs, std::int64_t cells, std::int64_t gates, const float* x,
               const float* h, const float* w, const float* b, std::vector<float>& z) {
  z.resize(static_cast<std::size_t>(batch * gates));
  for (std::int64_t row = 0; row < batch; ++row) std::copy_n(b, gates, z.begin() + row * gates);
  multiply_add(batch, gates, inputs, x, {inputs, 1}, w, {gates, 1}, z.data());
  multiply_add(batch, gates, cells, h, {cells, 1}, w + inputs * gates, {gates, 1}, z.data());
}

float sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }

void require_floats(std::span<const Fact> in) {
  for (const Fact& fact : in) {
    require(compute_dtype(fact.dtype) == DType::kFloat32, "needs float inputs of at most 32 bits, got {}", fact.dtype);
    require_same_dtype(in[0], fact);
  }
}

Tensors widened_floats(Inputs in) {
  Tensors wide;
  for (const Tensor& tensor : in) {
    require(tensor.dtype() == in[0].dtype(), "inputs are of different types: {} and {}", in[0].dtype(), tensor.dtype());
    require(compute_dtype(tensor.dtype()) == DType::kFloat32, "needs float inputs of at most 32 bits, got {}",
            tensor.dtype());
    wide.push_back(widened(tensor));
  }
  return wide;
}

void require_matrix(const Fact& fact, const Dim& rows, const Dim& columns, std::string_view what) {
  require_rank(fact, 2, what);
  agreed(dim_of(fact, 0), rows, what);
  agreed(dim_of(fact, 1), columns, what);
}

void require_matrix(const Tensor& tensor, std::int64_t rows, std::int64_t columns, std::string_view what) {
  require(tensor.shape() == Shape({rows, columns}), "{} needs shape [{},{}], got {}", what, rows, columns,
          tensor);
}

}  // namespace temper
