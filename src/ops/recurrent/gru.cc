#include <cmath>

#include "ops/recurrent/cells.h"

namespace temper {

/// One step of a gated recurrent unit, from the state h' before it:
///     r, u = sigmoid([x, h'] * w_ru + b_ru), c = tanh([x, r * h'] * w_c + b_c), h = u * h' + (1 - u) * c.
/// Inputs: x [B, I], h' [B, C], w_ru [I + C, 2C], w_c [I + C, C], b_ru [2C], b_c [C]. Outputs, each [B, C]: r, u, c, h.
/// Types: float32 and the half types, computed in float32.
struct GruCell {
  static constexpr std::string_view kName = "gru_cell";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 6);
    require_floats(in);
    require_rank(in[0], 2, "x");
    require_rank(in[1], 2, "the state");
    const Dim batch = agreed(dim_of(in[0], 0), dim_of(in[1], 0), "the batch");
    const Dim cells = dim_of(in[1], 1);
    const auto twice = map_dims([](std::int64_t c) { return std::min(c, kLargest) * 2; }, cells);
    const auto rows = map_dims([](std::int64_t i, std::int64_t c) { return i + c; }, dim_of(in[0], 1), cells);
    require_matrix(in[2], rows, twice, "w_ru");
    require_matrix(in[3], rows, cells, "w_c");
    require_vector(in[4], twice, "b_ru");
    require_vector(in[5], cells, "b_c");
    return Facts(4, Fact{in[0].dtype, ShapeFact({batch, cells}), {}});
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 6);
    require_rank(in[0], 2, "x");
    require_rank(in[1], 2, "the state");
    const std::int64_t batch = in[0].dim(0), inputs = in[0].dim(1), cells = in[1].dim(1);
    require(cells < kLargest && inputs < kLargest, "{} cells are too many", cells);
    require_matrix(in[1], batch, cells, "the state");
    require_matrix(in[2], inputs + cells, 2 * cells, "w_ru");
    require_matrix(in[3], inputs + cells, cells, "w_c");
    require_vector(in[4], 2 * cells, "b_ru");
    require_vector(in[5], cells, "b_c");
    Tensors out = step(widened_floats(in), batch, inputs, cells);
    for (Tensor& tensor : out) tensor = narrowed(std::move(tensor), in[0].dtype());
    return out;
  }

 private:
  static constexpr std::int64_t kLargest = std::int64_t{1} << 40;

  static Tensors step(Inputs in, std::int64_t batch, std::int64_t inputs, std::int64_t cells) {
    Tensors out;
    for (int k = 0; k < 4; ++k) out.emplace_back(DType::kFloat32, Shape{batch, cells});
    if (out[0].elements() == 0) return out;
    const auto at = [&](std::size_t i) { return in[i].data<float>().data(); };
    const auto before = in[1].data<float>();
    const auto reset = out[0].mutable_data<float>();
    const auto update = out[1].mutable_data<float>();
    std::vector<float> z;
    gate_sums(batch, inputs, cells, 2 * cells, at(0), at(1), at(2), at(4), z);
    std::vector<float> gated(before.size());
    const auto width = static_cast<std::size_t>(cells);
    for (std::size_t i = 0; i < before.size(); ++i) {
      const std::size_t gate = i / width * 2 * width + i % width;
      reset[i] = sigmoid(z[gate]);
      update[i] = sigmoid(z[gate + width]);
      gated[i] = reset[i] * before[i];
    }
    gate_sums(batch, inputs, cells, cells, at(0), gated.data(), at(3), at(5), z);
    const auto candidate = out[2].mutable_data<float>();
    const auto after = out[3].mutable_data<float>();
    for (std::size_t i = 0; i < before.size(); ++i) {
      candidate[i] = std::tanh(z[i]);
      after[i] = update[i] * before[i] + (1.0F - update[i]) * candidate[i];
    }
    return out;
  }
};
REGISTER_OP(GruCell);

}  // namespace temper
