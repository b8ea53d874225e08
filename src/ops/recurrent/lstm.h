#pragma once
#include "ops/definition.h"

namespace temper {

/// The order in which an LSTM's weights hold its gates: input, forget, cell, output.
enum class GateOrder : std::uint8_t { kIcfo, kIfco };

template <>
struct EnumNames<GateOrder> {
  static constexpr std::array<std::string_view, 2> kNames = {"icfo", "ifco"};
};

/// A sequence through a long short-term memory. One step, from the states c' and h' before it:
///     zi, zf, zc, zo = [x, h'] * w + b, in the order `gates`
///     i = sigmoid(zi + wci * c'), f = sigmoid(zf + forget_bias + wcf * c'), g = tanh(zc)
///     c = i * g + f * c', kept within +-cell_clip where that is above 0
///     o = sigmoid(zo + wco * c), h = o * tanh(c)
/// wci, wcf and wco (diagonal peepholes) count where use_peephole. Inputs: steps (one integer, how many steps are
/// valid), x [T, B, I], c' [B, C], h' [B, C], w [I + C, 4C], wci, wcf, wco [C], b [4C]. Outputs, each [T, B, C]: i, c,
/// f, o, g, tanh(c), h; all 0 after the valid steps. Types: float32 and the half types, computed in float32.
struct Lstm {
  static constexpr std::string_view kName = "lstm";

  GateOrder gates = GateOrder::kIfco;
  float forget_bias = 0.0F;
  float cell_clip = 0.0F;
  bool use_peephole = false;

  static void fields(auto& self, auto&& field) {
    field("gates", self.gates);
    field("forget_bias", self.forget_bias);
    field("cell_clip", self.cell_clip);
    field("use_peephole", self.use_peephole);
  }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// One step of `lstm`. Inputs: x [B, I], c' [B, C], h' [B, C], w, wci, wcf, wco, b. Outputs, each [B, C]: as of lstm.
struct LstmCell {
  static constexpr std::string_view kName = "lstm_cell";

  GateOrder gates = GateOrder::kIfco;
  float forget_bias = 0.0F;
  float cell_clip = 0.0F;
  bool use_peephole = false;

  static void fields(auto& self, auto&& field) {
    field("gates", self.gates);
    field("forget_bias", self.forget_bias);
    field("cell_clip", self.cell_clip);
    field("use_peephole", self.use_peephole);
  }

  Lstm sequence() const { return {gates, forget_bias, cell_clip, use_peephole}; }
  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
