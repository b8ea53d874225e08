#pragma once
#include <vector>

#include "ops/nn/compute.h"

namespace temper {

/// The gates of one step, before any activation: z = [x, h] * w + b, as float32. x [batch, inputs], h [batch, cells],
/// w [inputs + cells, gates], b [gates], z [batch, gates].
void gate_sums(std::int64_t batch, std::int64_t inputs, std::int64_t cells, std::int64_t gates, const float* x,
               const float* h, const float* w, const float* b, std::vector<float>& z);

float sigmoid(float x);

/// Facts or tensors of float inputs of one type. Throws ModelError otherwise.
void require_floats(std::span<const Fact> in);
Tensors widened_floats(Inputs in);

/// Throws ModelError unless the fact is, as far as known, of shape [rows, columns].
void require_matrix(const Fact& fact, const Dim& rows, const Dim& columns, std::string_view what);
void require_matrix(const Tensor& tensor, std::int64_t rows, std::int64_t columns, std::string_view what);

}  // namespace temper
