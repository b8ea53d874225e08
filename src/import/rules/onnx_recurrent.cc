#include "import/regions.h"
#include "import/rules/onnx.h"

/// Recurrent layers. Inputs: x [time, batch, features], weights [directions, gates * units, features], recurrent weights [directions, gates * units,
/// units], biases [directions, 2 * gates * units], the length of each sequence, and the states before the first step [directions, batch, units].
namespace temper {
namespace {

/// What all recurrent layers have in common.
struct Layer {
  std::int64_t gates = 1;
  std::int64_t units = 0;
  std::size_t directions = 1;
  bool backwards_alone = false;
  bool batch_first = false;
  ValueId lengths = ValueId::kNone;
  DType dtype = DType::kFloat32;
};

Layer read_layer(NodeImport& node, std::int64_t gates) {
  Layer layer;
  layer.gates = gates;
  const auto direction = node.attribute("direction", std::string("forward"));
  require(direction == "forward" || direction == "reverse" || direction == "bidirectional", "attribute 'direction' is '{}'", direction);
  layer.directions = direction == "bidirectional" ? 2 : 1;
  layer.backwards_alone = direction == "reverse";
  layer.batch_first = onnx_flag(node, "layout", false);
  const ShapeFact& weights = node.input_fact(2).shape;
  require(weights.rank_known() && weights.rank() == 3 && weights[2].known() && weights[2].value() > 0,
          "the number of units must be known, the recurrent weights are {}", node.input_fact(2));
  layer.units = weights[2].value();
  require(!node.has_attribute("clip"), "attribute 'clip' is not supported");
  layer.dtype = node.input_fact(0).dtype;
  if (node.has_input(4)) layer.lengths = cast(node, node.input(4), DType::kInt64);
  return layer;
}

/// The part of an input of one direction, without that dim.
ValueId of_direction(NodeImport& node, ValueId value, std::size_t direction) {
  return node.emit("gather", {value, int64(node, static_cast<std::int64_t>(direction))});
}

/// The rows of some gates, in another order: [gates * units, ...].
ValueId gates_in_order(NodeImport& node, ValueId value, const Layer& layer, const Ints& order) {
  Ints rows;
  for (const std::int64_t gate : order) {
    for (std::int64_t unit = 0; unit < layer.units; ++unit) rows.push_back(gate * layer.units + unit);
  }
  return node.emit("gather", {value, int64s(node, rows)});
}

/// Sequences [time, batch, ...] turned around, each within its length.
ValueId turned(NodeImport& node, ValueId x, const Layer& layer) {
  if (layer.lengths == ValueId::kNone) return node.emit("reverse", {x}, {{"axes", Ints{0}}});
  return node.emit("reverse_sequence", {x, layer.lengths}, {{"batch_axis", std::int64_t{1}}, {"seq_axis", std::int64_t{0}}});
}

/// What a state is after the last step of each sequence, of its values [time, batch, units] after every step.
ValueId after_last(NodeImport& node, ValueId states, const Layer& layer) {
  if (layer.lengths == ValueId::kNone) return node.emit("gather", {states, node.emit("sub", {dim_of(node, states, 0), int64(node, 1)})});
  const ValueId last = reshape(node, node.emit("maximum", {node.emit("sub", {layer.lengths, int64(node, 1)}), int64(node, 0)}), {-1, 1});
  const ValueId batch = reshape(node, node.emit("range", {int64(node, 0), dim_of(node, states, 1), int64(node, 1)}), {-1, 1});
  return node.emit("gather_nd", {states, node.emit("concat", {last, batch}, {{"axis", std::int64_t{1}}})});
}

/// 0 after the end of each sequence.
ValueId within_lengths(NodeImport& node, ValueId states, const Layer& layer) {
  if (layer.lengths == ValueId::kNone) return states;
  const ValueId time = reshape(node, node.emit("range", {int64(node, 0), dim_of(node, states, 0), int64(node, 1)}), {-1, 1, 1});
  const ValueId valid = node.emit("less", {time, reshape(node, layer.lengths, {1, -1, 1})});
  return node.emit("select", {valid, states, number(node, 0, layer.dtype)});
}

/// The state before the first step, or zeros.
ValueId initial_state(NodeImport& node, std::size_t i, const Layer& layer, std::size_t direction, ValueId x) {
  if (node.has_input(i)) {
    const ValueId given = layer.batch_first ? transpose(node, node.input(i), {1, 0, 2}) : node.input(i);
    return of_direction(node, given, direction);
  }
  const ValueId batch = reshape(node, dim_of(node, x, 1), {1});
  const ValueId shape = node.emit("concat", {batch, int64s(node, {layer.units})}, {{"axis", std::int64_t{0}}});
  return node.emit("fill", {shape, number(node, 0, layer.dtype)});
}

/// Runs one direction: given x [time, batch, features], gives the states [time, batch, units] that are collected, the first being the result.
using RunDirection = std::function<ValueIds(ValueId x, std::size_t direction)>;

/// Runs the layer's directions and puts results together: all steps [time, directions, batch, units], then each state after the last.
ValueIds run_layer(NodeImport& node, const Layer& layer, const RunDirection& run) {
  const ValueId x = layer.batch_first ? transpose(node, node.input(0), {1, 0, 2}) : node.input(0);
  ValueIds steps;
  std::vector<ValueIds> last;
  for (std::size_t direction = 0; direction < layer.directions; ++direction) {
    const bool backwards = direction == 1 || layer.backwards_alone;
    const ValueIds states = run(backwards ? turned(node, x, layer) : x, direction);
    const ValueId all = within_lengths(node, states[0], layer);
    steps.push_back(backwards ? turned(node, all, layer) : all);
    last.resize(states.size());
    for (std::size_t i = 0; i < states.size(); ++i) last[i].push_back(after_last(node, states[i], layer));
  }
  ValueIds outputs{node.emit("pack", steps, {{"axis", std::int64_t{1}}})};
  if (layer.batch_first) outputs[0] = transpose(node, outputs[0], {2, 0, 1, 3});
  for (const ValueIds& state : last) outputs.push_back(node.emit("pack", state, {{"axis", std::int64_t{layer.batch_first ? 1 : 0}}}));
  return outputs;
}

/// Throws ModelError unless activations are the usual ones.
void require_activations(const NodeImport& node, const Layer& layer, const std::vector<std::string>& usual) {
  const auto given = node.attribute("activations", std::vector<std::string>{});
  for (std::size_t i = 0; i < given.size(); ++i) {
    require(given.size() == usual.size() * layer.directions && given[i] == usual[i % usual.size()],
            "attribute 'activations' is [{}]; only [{}] are supported", fmt::join(given, ","), fmt::join(usual, ","));
  }
}

/// Weights and recurrent weights as one matrix [features + units, gates * units], and the sum of biases.
std::pair<ValueId, ValueId> joined_weights(NodeImport& node, const Layer& layer, std::size_t direction, const Ints& order) {
  const auto part = [&](std::size_t i) { return transpose(node, gates_in_order(node, of_direction(node, node.input(i), direction), layer, order), {1, 0}); };
  const ValueId weights = node.emit("concat", {part(1), part(2)}, {{"axis", std::int64_t{0}}});
  const std::int64_t rows = layer.gates * layer.units;
  if (!node.has_input(3)) return {weights, node.emit("fill", {int64s(node, {rows}), number(node, 0, layer.dtype)})};
  const ValueId biases = reshape(node, of_direction(node, node.input(3), direction), {2, layer.gates, layer.units});
  const ValueId sum = reshape(node, node.emit("sum", {biases}, {{"axes", Ints{0}}}), {rows});
  return {weights, gates_in_order(node, sum, layer, order)};
}

/// Gates are stored input, output, forget, cell.
ValueIds lstm(NodeImport& node) {
  const Layer layer = read_layer(node, 4);
  require_activations(node, layer, {"Sigmoid", "Tanh", "Tanh"});
  require(!onnx_flag(node, "input_forget", false), "attribute 'input_forget' is not supported");
  const auto run = [&](ValueId x, std::size_t direction) -> ValueIds {
    const auto [weights, bias] = joined_weights(node, layer, direction, {0, 3, 2, 1});
    ValueIds inputs{dim_of(node, x, 0), x, initial_state(node, 6, layer, direction, x), initial_state(node, 5, layer, direction, x), weights};
    for (const std::int64_t gate : {0, 2, 1}) {  // peepholes are stored input, output, forget
      if (node.has_input(7)) inputs.push_back(gates_in_order(node, of_direction(node, node.input(7), direction), layer, {gate}));
      else inputs.push_back(node.emit("fill", {int64s(node, {layer.units}), number(node, 0, layer.dtype)}));
    }
    inputs.push_back(bias);
    const ValueIds states = node.emit_all("lstm", inputs, {{"gates", std::string("icfo")}, {"use_peephole", node.has_input(7)}});
    return {states[6], states[1]};
  };
  return run_layer(node, layer, run);
}

/// Emits one step in a region: given what a step has of its input, and the state before it, gives the state after it.
using EmitStep = std::function<ValueId(NodeImport& step, ValueId x, ValueId state, Captures& captures)>;

/// A loop over the steps of `x` [time, batch, ...]; gives all states [time, batch, units].
ValueId emit_steps(NodeImport& node, const Layer& layer, ValueId x, ValueId initial, const EmitStep& emit_step) {
  const ValueId time = dim_of(node, x, 0);
  const ValueId list = node.emit("list_create", {node.constant(Tensor::scalar(std::int32_t{0}))});
  const auto emit = [&](LoopRegions& regions, Captures& captures, const ValueIds& in_condition, const ValueIds& in_body) {
    NodeImport before = node.within(regions.condition);
    NodeImport step = node.within(regions.body);
    const ValueId now = step.emit("gather", {captures.capture(x, 1), in_body[0]});
    const ValueId state = emit_step(step, now, in_body[1], captures);
    LoopEnds ends;
    ends.condition = before.emit("less", {in_condition[0], captures.capture(time, 0)});
    ends.next = {step.emit("add", {in_body[0], int64(step, 1)}), state, step.emit("list_push_back", {in_body[2], state})};
    return ends;
  };
  const ValueIds results = build_loop(node.graph(), node.name(), {int64(node, 0), initial, list}, emit);
  const ShapeFact& shape = node.fact(x).shape;
  const std::int64_t batch = shape.rank_known() && shape[1].known() ? shape[1].value() : -1;
  return node.emit("list_stack", {results[2]}, {{"dtype", layer.dtype}, {"has_element_shape", true}, {"element_shape", Ints{batch, layer.units}}});
}

/// What every step has of x: x * weights + bias, [time, batch, gates * units].
ValueId projected(NodeImport& node, ValueId x, std::size_t direction, ValueId bias) {
  const ValueId product = node.emit("matmul", {x, of_direction(node, node.input(1), direction)}, {{"transpose_b", true}});
  return bias == ValueId::kNone ? product : node.emit("add", {product, bias});
}

/// Both biases of a direction [gates * units] each, or kNone.
std::pair<ValueId, ValueId> biases_of(NodeImport& node, std::size_t direction) {
  if (!node.has_input(3)) return {ValueId::kNone, ValueId::kNone};
  const ValueIds parts = node.emit_all("split", {of_direction(node, node.input(3), direction)}, {{"axis", std::int64_t{0}}, {"parts", std::int64_t{2}}});
  return {parts[0], parts[1]};
}

ValueId product_with(NodeImport& step, ValueId state, ValueId weights) { return step.emit("matmul", {state, weights}, {{"transpose_b", true}}); }

/// h = f(x * w + h' * r + b)
ValueIds simple_recurrent(NodeImport& node) {
  const Layer layer = read_layer(node, 1);
  const auto activations = node.attribute("activations", std::vector<std::string>(layer.directions, "Tanh"));
  static const std::map<std::string, std::string, std::less<>> kKnown = {{"Tanh", "tanh"}, {"Sigmoid", "sigmoid"}, {"Relu", "relu"}};
  require(activations.size() == layer.directions && std::ranges::all_of(activations, [&](const auto& name) { return kKnown.contains(name); }),
          "attribute 'activations' is [{}]; only Tanh, Sigmoid and Relu are supported", fmt::join(activations, ","));
  const auto run = [&](ValueId x, std::size_t direction) -> ValueIds {
    const auto [bias, recurrent_bias] = biases_of(node, direction);
    const ValueId sum = bias == ValueId::kNone ? bias : node.emit("add", {bias, recurrent_bias});
    const ValueId weights = of_direction(node, node.input(2), direction);
    const auto step = [&](NodeImport& in, ValueId now, ValueId state, Captures& captures) {
      return in.emit(kKnown.at(activations[direction]), {in.emit("add", {now, product_with(in, state, captures.capture(weights, 1))})});
    };
    return {emit_steps(node, layer, projected(node, x, direction, sum), initial_state(node, 5, layer, direction, x), step)};
  };
  return run_layer(node, layer, run);
}

/// Gates are update, reset, new: h = z * h' + (1 - z) * n. With linear_before_reset n = tanh(x * w + r * (h' * rn + bn)), else tanh(x * w +
/// (r * h') * rn + bn).
ValueIds gated_recurrent(NodeImport& node) {
  const Layer layer = read_layer(node, 3);
  require_activations(node, layer, {"Sigmoid", "Tanh"});
  const bool linear = onnx_flag(node, "linear_before_reset", false);
  const auto run = [&](ValueId x, std::size_t direction) -> ValueIds {
    auto [bias, recurrent_bias] = biases_of(node, direction);
    if (bias != ValueId::kNone && !linear) bias = node.emit("add", {bias, recurrent_bias});
    const ValueId weights = of_direction(node, node.input(2), direction);
    const ValueId of_gates = gates_in_order(node, weights, layer, {0, 1});
    const ValueId of_new = gates_in_order(node, weights, layer, {2});
    const auto step = [&, bias_of_state = linear ? recurrent_bias : ValueId::kNone](NodeImport& in, ValueId now, ValueId state, Captures& captures) {
      const auto parts = [&](ValueId value, std::int64_t count) { return in.emit_all("split", {value}, {{"axis", std::int64_t{-1}}, {"parts", count}}); };
      const ValueIds from_x = parts(now, 3);
      ValueIds from_state;
      if (linear) {
        ValueId product = product_with(in, state, captures.capture(weights, 1));
        if (bias_of_state != ValueId::kNone) product = in.emit("add", {product, captures.capture(bias_of_state, 1)});
        from_state = parts(product, 3);
      } else {
        from_state = parts(product_with(in, state, captures.capture(of_gates, 1)), 2);
      }
      const ValueId update = in.emit("sigmoid", {in.emit("add", {from_x[0], from_state[0]})});
      const ValueId reset = in.emit("sigmoid", {in.emit("add", {from_x[1], from_state[1]})});
      const ValueId past = linear ? in.emit("mul", {reset, from_state[2]})
                                  : product_with(in, in.emit("mul", {reset, state}), captures.capture(of_new, 1));
      const ValueId fresh = in.emit("tanh", {in.emit("add", {from_x[2], past})});
      return in.emit("add", {fresh, in.emit("mul", {update, in.emit("sub", {state, fresh})})});
    };
    return {emit_steps(node, layer, projected(node, x, direction, bias), initial_state(node, 5, layer, direction, x), step)};
  };
  return run_layer(node, layer, run);
}

}  // namespace

REGISTER_RULES(onnx_recurrent) {
  rules.onnx("LSTM", lstm);
  rules.onnx("RNN", simple_recurrent);
  rules.onnx("GRU", gated_recurrent);
}

}  // namespace temper
