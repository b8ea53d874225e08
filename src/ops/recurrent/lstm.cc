#include "ops/recurrent/lstm.h"

#include <array>
#include <cmath>

#include "ops/recurrent/cells.h"

namespace temper {
namespace {

constexpr std::size_t kOutputs = 7;

struct Sizes {
  std::int64_t batch, inputs, cells;
};

/// What steps of an LSTM read besides x; positions in the inputs of lstm_cell, which lstm has after its `steps`.
enum Input : std::size_t { kX, kCell, kHidden, kWeights, kPeepInput, kPeepForget, kPeepOutput, kBias, kInputs };

/// Checks what lstm_cell takes, x aside; gives [batch, cells].
std::array<Dim, 2> check_facts(std::span<const Fact> in, const Dim& batch, const Dim& inputs) {
  require_floats(in);
  const Dim rows = agreed(batch, agreed(dim_of(in[kCell], 0), dim_of(in[kHidden], 0), "the batch"), "the batch");
  const Dim cells = agreed(dim_of(in[kCell], 1), dim_of(in[kHidden], 1), "the number of cells");
  require_matrix(in[kCell], rows, cells, "the cell state");
  require_matrix(in[kHidden], rows, cells, "the hidden state");
  const auto gates = map_dims([](std::int64_t c) { return std::min(c, std::int64_t{1} << 40) * 4; }, cells);
  require_matrix(in[kWeights], map_dims([](std::int64_t i, std::int64_t c) { return i + c; }, inputs, cells), gates,
                 "w");
  for (const std::size_t peephole : {kPeepInput, kPeepForget, kPeepOutput})
    require_vector(in[peephole], cells, "a peephole");
  require_vector(in[kBias], gates, "b");
  return {rows, cells};
}

void check_tensors(Inputs in, const Sizes& s) {
  require(s.cells < (std::int64_t{1} << 40) && s.inputs < (std::int64_t{1} << 40), "{} cells are too many", s.cells);
  require_matrix(in[kCell], s.batch, s.cells, "the cell state");
  require_matrix(in[kHidden], s.batch, s.cells, "the hidden state");
  require_matrix(in[kWeights], s.inputs + s.cells, 4 * s.cells, "w");
  for (const std::size_t peephole : {kPeepInput, kPeepForget, kPeepOutput})
    require_vector(in[peephole], s.cells, "a peephole");
  require_vector(in[kBias], 4 * s.cells, "b");
}

/// What follows a step's matrix product. `out` points at the step's i, c, f, o, g, tanh(c), h.
void finish_step(const Lstm& lstm, Inputs in, const Sizes& s, std::span<const float> z, const float* cell,
                 const std::array<float*, kOutputs>& out) {
  const bool ifco = lstm.gates == GateOrder::kIfco;
  const auto peep = [&](std::size_t input, std::size_t c) {
    return lstm.use_peephole ? in[input].data<float>()[c] : 0.0F;
  };
  const auto cells = static_cast<std::size_t>(s.cells);
  for (std::size_t at = 0; at < static_cast<std::size_t>(s.batch) * cells; ++at) {
    const std::size_t c = at % cells;
    const float* gate = z.data() + at / cells * 4 * cells + c;
    const float before = cell[at];
    const float input = sigmoid(gate[0] + peep(kPeepInput, c) * before);
    const float forget = sigmoid(gate[(ifco ? 1 : 2) * cells] + lstm.forget_bias + peep(kPeepForget, c) * before);
    const float candidate = std::tanh(gate[(ifco ? 2 : 1) * cells]);
    float state = candidate * input + before * forget;
    if (lstm.cell_clip > 0) state = std::clamp(state, -lstm.cell_clip, lstm.cell_clip);
    const float output = sigmoid(gate[3 * cells] + peep(kPeepOutput, c) * state);
    const float squashed = std::tanh(state);
    const std::array<float, kOutputs> values{input, state, forget, output, candidate, squashed, output * squashed};
    for (std::size_t k = 0; k < kOutputs; ++k) out[k][at] = values[k];
  }
}

/// `in` as lstm_cell takes them, widened; x holds `steps` steps or more. Outputs are of `shape`, 0 after those.
Tensors run_steps(const Lstm& lstm, Inputs in, const Sizes& s, std::int64_t steps, const Shape& shape, DType dtype) {
  check_tensors(in, s);
  Tensors out;
  for (std::size_t k = 0; k < kOutputs; ++k) out.push_back(Tensor::zeros(DType::kFloat32, shape));
  std::vector<float> z;
  const float* cell = in[kCell].data<float>().data();
  const float* hidden = in[kHidden].data<float>().data();
  const std::int64_t step_size = s.batch * s.cells;
  if (step_size == 0) steps = 0;
  for (std::int64_t step = 0; step < steps; ++step) {
    std::array<float*, kOutputs> at{};
    for (std::size_t k = 0; k < kOutputs; ++k) at[k] = out[k].mutable_data<float>().data() + step * step_size;
    gate_sums(s.batch, s.inputs, s.cells, 4 * s.cells, in[kX].data<float>().data() + step * s.batch * s.inputs, hidden,
              in[kWeights].data<float>().data(), in[kBias].data<float>().data(), z);
    finish_step(lstm, in, s, z, cell, at);
    cell = at[1];
    hidden = at[6];
  }
  for (Tensor& tensor : out) tensor = narrowed(std::move(tensor), dtype);
  return out;
}

}  // namespace

Facts Lstm::infer(std::span<const Fact> in) const {
  require_inputs(in, 1 + kInputs);
  require(is_integer(in[0].dtype), "the number of steps is {}, not an integer", in[0].dtype);
  require_rank(in[1], 3, "x");
  const auto [batch, cells] = check_facts(in.subspan(1), dim_of(in[1], 1), dim_of(in[1], 2));
  return Facts(kOutputs, Fact{in[1].dtype, ShapeFact({dim_of(in[1], 0), batch, cells}), {}});
}

Tensors Lstm::reference(Inputs in) const {
  require_inputs(in, 1 + kInputs);
  const std::int64_t steps = in[0].to_int64("the number of steps");
  require_rank(in[1], 3, "x");
  require_rank(in[1 + kCell], 2, "the cell state");
  require(steps >= 0 && steps <= in[1].dim(0), "{} steps are asked of a sequence of {}", steps, in[1].dim(0));
  const Sizes sizes{in[1].dim(1), in[1].dim(2), in[1 + kCell].dim(1)};
  const Tensors wide = widened_floats(in.subspan(1));
  return run_steps(*this, wide, sizes, steps, Shape{in[1].dim(0), sizes.batch, sizes.cells}, in[1].dtype());
}
REGISTER_OP(Lstm);

Facts LstmCell::infer(std::span<const Fact> in) const {
  require_inputs(in, kInputs);
  require_rank(in[kX], 2, "x");
  const auto [batch, cells] = check_facts(in, dim_of(in[kX], 0), dim_of(in[kX], 1));
  return Facts(kOutputs, Fact{in[kX].dtype, ShapeFact({batch, cells}), {}});
}

Tensors LstmCell::reference(Inputs in) const {
  require_inputs(in, kInputs);
  require_rank(in[kX], 2, "x");
  require_rank(in[kCell], 2, "the cell state");
  const Sizes sizes{in[kX].dim(0), in[kX].dim(1), in[kCell].dim(1)};
  return run_steps(sequence(), widened_floats(in), sizes, 1, Shape{sizes.batch, sizes.cells}, in[kX].dtype());
}
REGISTER_OP(LstmCell);

}  // namespace temper
