#include "import/rules/keras/activations.h"
#include "import/regions.h"

namespace temper::keras {
namespace {


/// One step of a recurrent layer: what it gives, and the states that follow.
struct Step {
  ValueId output;
  ValueIds states;
};

/// A kind of cell. `steps` are given x * kernel + bias for all its gates.
class Cell {
 public:
  Cell(LayerImport& source, std::string prefix) : source_(source), prefix_(std::move(prefix)) {
    units_ = source.attribute<std::int64_t>("units");
    require(units_ > 0 && units_ < (1 << 24), "attribute 'units' is {}", units_);
    activation_ = function("activation", "tanh");
    recurrent_activation_ = function("recurrent_activation", "sigmoid");
  }
  virtual ~Cell() = default;

  std::int64_t units() const { return units_; }
  LayerImport& source() { return source_; }
  Tensor tensor(const std::string& name) { return source_.weight_value(prefix_ + name); }
  bool has_bias() { return source_.has_weight(prefix_ + "bias"); }
  virtual std::size_t state_count() const { return 1; }
  /// The bias that is added to x * kernel.
  virtual std::optional<ValueId> input_bias() { return has_bias() ? std::optional(source_.constant(tensor("bias"))) : std::nullopt; }
  virtual Step step(NodeImport& node, ValueId x, const ValueIds& states) = 0;

 protected:
  ValueId activated_here(NodeImport& node, ValueId x) { return activated(node, x, activation_, source_.keras_version()); }
  ValueId gate(NodeImport& node, ValueId x) { return activated(node, x, recurrent_activation_, source_.keras_version()); }
  ValueIds parts(NodeImport& node, ValueId x, std::int64_t count) { return node.emit_all("split", {x}, {{"axis", std::int64_t{1}}, {"parts", count}}); }
  bool standard() const { return activation_ == "tanh" && recurrent_activation_ == "sigmoid"; }

 private:
  std::string function(std::string_view key, std::string fallback) {
    require(source_.layer().inner_named(key) == nullptr, "attribute '{}' is a layer, which is not supported here", key);
    return source_.attribute<std::string>(key, std::move(fallback));
  }

  LayerImport& source_;
  std::string prefix_;
  std::int64_t units_ = 0;
  std::string activation_;
  std::string recurrent_activation_;
};

/// h = f(x + h' * u)
class SimpleCell final : public Cell {
 public:
  using Cell::Cell;
  Step step(NodeImport& node, ValueId x, const ValueIds& states) override {
    const ValueId product = node.emit("matmul", {states[0], node.constant(tensor("recurrent_kernel"))});
    const ValueId h = activated_here(node, node.emit("add", {x, product}));
    return {h, {h}};
  }
};

/// i, f, g, o = x + h' * u; c = f * c' + i * g; h = o * tanh(c)
class LstmCell final : public Cell {
 public:
  using Cell::Cell;
  std::size_t state_count() const override { return 2; }
  Step step(NodeImport& node, ValueId x, const ValueIds& states) override {
    const ValueId product = node.emit("matmul", {states[0], node.constant(tensor("recurrent_kernel"))});
    const ValueIds z = parts(node, node.emit("add", {x, product}), 4);
    const ValueId kept = node.emit("mul", {gate(node, z[1]), states[1]});
    const ValueId c = node.emit("add", {kept, node.emit("mul", {gate(node, z[0]), activated_here(node, z[2])})});
    const ValueId h = node.emit("mul", {gate(node, z[3]), activated_here(node, c)});
    return {h, {h, c}};
  }
  bool is_standard() const { return standard(); }
};

/// z, r = gates(x + h' * u); the candidate sees r * h', or r * (h' * u + b) where the reset comes after; h = z * h' + (1 - z) * candidate
class GruCell final : public Cell {
 public:
  GruCell(LayerImport& source, std::string prefix) : Cell(source, std::move(prefix)), reset_after_(source.attribute("reset_after", false)) {}

  std::optional<ValueId> input_bias() override {
    if (!has_bias()) return std::nullopt;
    return source().constant(reset_after_ ? bias_row(0) : tensor("bias"));
  }
  Step step(NodeImport& node, ValueId x, const ValueIds& states) override {
    const ValueIds given = parts(node, x, 3);
    const ValueId h = states[0];
    const ValueId kernel = node.constant(tensor("recurrent_kernel"));
    ValueId z;
    ValueId r;
    ValueId candidate;
    if (reset_after_) {
      ValueId product = node.emit("matmul", {h, kernel});
      if (has_bias()) product = node.emit("add", {product, node.constant(bias_row(1))});
      const ValueIds inner = parts(node, product, 3);
      z = gate(node, node.emit("add", {given[0], inner[0]}));
      r = gate(node, node.emit("add", {given[1], inner[1]}));
      candidate = node.emit("add", {given[2], node.emit("mul", {r, inner[2]})});
    } else {
      const ValueIds kernels = parts(node, kernel, 3);
      z = gate(node, node.emit("add", {given[0], node.emit("matmul", {h, kernels[0]})}));
      r = gate(node, node.emit("add", {given[1], node.emit("matmul", {h, kernels[1]})}));
      candidate = node.emit("add", {given[2], node.emit("matmul", {node.emit("mul", {r, h}), kernels[2]})});
    }
    candidate = activated_here(node, candidate);
    const ValueId kept = node.emit("mul", {z, node.emit("sub", {h, candidate})});  // z * h' + (1 - z) * candidate
    const ValueId next = node.emit("add", {candidate, kept});
    return {next, {next}};
  }

 private:
  Tensor bias_row(std::int64_t row) {
    const Tensor bias = tensor("bias");
    require(bias.rank() == 2 && bias.dim(0) == 2, "the bias is {}, which needs 2 rows where the reset comes after", bias);
    return bias.rows(row, 1).reshaped(Shape{bias.dim(1)});
  }

  bool reset_after_;
};

/// A sequence through a cell.
class Sequence {
 public:
  Sequence(LayerImport& layer, Cell& cell) : layer_(layer), cell_(cell) {
    require(!layer.attribute("time_major", false), "time_major is not supported");
    backwards_ = layer.attribute("go_backwards", false);
    mask_ = layer.mask();
    // [steps, batch, ...] from here on
    x_ = turned(layer.cast(layer.input(0), layer.compute_dtype()));
    require(layer.rank(x_) == 3, "needs an input of 3 dims, got {}", layer.input_fact(0));
    find_states();
  }

  ValueIds outputs() {
    auto* lstm = dynamic_cast<LstmCell*>(&cell_);
    const bool known = lstm != nullptr && lstm->is_standard() && !mask_ && layer_.fact(x_).dtype == DType::kFloat32;
    known ? run_operator() : run_loop();
    ValueIds values{layer_.attribute("return_sequences", false) ? turned_back(sequence_) : last_};
    if (layer_.attribute("return_state", false)) values.insert(values.end(), states_.begin(), states_.end());
    return values;
  }

 private:
  /// [batch, steps, ...] to [steps, batch, ...], the last step first where the layer goes backwards.
  ValueId turned(ValueId x) {
    std::vector<std::int64_t> perm{1, 0};
    for (std::size_t axis = 2; axis < layer_.rank(x); ++axis) perm.push_back(static_cast<std::int64_t>(axis));
    const ValueId y = layer_.transpose(x, perm);
    return backwards_ ? layer_.emit("reverse", {y}, {{"axes", std::vector<std::int64_t>{0}}}) : y;
  }
  ValueId turned_back(ValueId y) { return layer_.transpose(y, {1, 0, 2}); }

  void find_states() {
    states_ = layer_.keyword("initial_state");
    for (std::size_t i = 1; i < layer_.input_count(); ++i) states_.push_back(layer_.input(i));
    if (states_.empty()) {
      const ValueId batch = layer_.slice(layer_.emit("shape", {x_}, {{"dtype", DType::kInt64}}), 0, 1, 2);
      const ValueId dims = layer_.emit("concat", {batch, layer_.ints({cell_.units()})}, {{"axis", std::int64_t{0}}});
      const ValueId zeros = layer_.emit("fill", {dims, layer_.number_like(0, x_)});
      states_.assign(cell_.state_count(), zeros);
    }
    require(states_.size() == cell_.state_count(), "is given {} states, and has {}", states_.size(), cell_.state_count());
  }

  ValueId step_count() {
    const ValueId shape = layer_.emit("shape", {x_}, {{"dtype", DType::kInt32}});
    return layer_.emit("gather", {shape, layer_.constant(Tensor::scalar(std::int32_t{0}))});
  }

  /// The last row of `sequence`.
  ValueId last_of(ValueId sequence) {
    const ValueId at = layer_.emit("sub", {step_count(), layer_.constant(Tensor::scalar(std::int32_t{1}))});
    return layer_.emit("gather", {sequence, at});
  }

  void run_operator() {
    const ValueId w = layer_.emit("concat", {layer_.constant(cell_.tensor("kernel")), layer_.constant(cell_.tensor("recurrent_kernel"))}, {{"axis", std::int64_t{0}}});
    const ValueId none = layer_.constant(Tensor::zeros(DType::kFloat32, Shape{cell_.units()}));
    const ValueId bias = cell_.has_bias() ? *cell_.input_bias() : layer_.constant(Tensor::zeros(DType::kFloat32, Shape{4 * cell_.units()}));
    const ValueIds out = layer_.emit_all("lstm", {step_count(), x_, states_[1], states_[0], w, none, none, none, bias}, {{"gates", std::string("ifco")}});
    sequence_ = out[6];
    last_ = last_of(out[6]);
    states_ = {last_, last_of(out[1])};
  }

  /// Variables of the loop: the step, the output so far (as a list), the last output, the states.
  void run_loop() {
    ValueId products = layer_.emit("matmul", {x_, layer_.constant(cell_.tensor("kernel"))});
    if (const auto bias = cell_.input_bias()) products = layer_.emit("add", {products, *bias});
    const ValueId steps = step_count();
    std::optional<ValueId> mask;
    if (mask_) mask = layer_.emit("expand_dims", {turned(layer_.cast(*mask_, DType::kBool))}, {{"axis", std::int64_t{2}}});
    const ValueId zeros = layer_.emit("zeros_like", {states_[0]});
    ValueIds initial{layer_.constant(Tensor::scalar(std::int32_t{0})), layer_.emit("list_create", {steps, layer_.ints({-1, cell_.units()})}), zeros};
    initial.insert(initial.end(), states_.begin(), states_.end());
    const LayerAttributes attributes(layer_.layer());
    const auto emit = [&](LoopRegions& regions, Captures& captures, const ValueIds& in_condition, const ValueIds& in_body) {
      NodeImport condition(regions.condition, layer_.name(), layer_.op(), attributes, {});
      NodeImport body(regions.body, layer_.name(), layer_.op(), attributes, {});
      LoopEnds ends;
      ends.condition = condition.emit("less", {in_condition[0], captures.capture(steps, 0)});
      const ValueId x = body.emit("gather", {captures.capture(products, 1), in_body[0]});
      const ValueIds before(in_body.begin() + 3, in_body.end());
      Step step = cell_.step(body, x, before);
      if (mask) apply_mask(body, body.emit("gather", {captures.capture(*mask, 1), in_body[0]}), in_body[2], before, step);
      ends.next = {body.emit("add", {in_body[0], body.constant(Tensor::scalar(std::int32_t{1}))}), body.emit("list_set", {in_body[1], in_body[0], step.output}),
                   step.output};
      ends.next.insert(ends.next.end(), step.states.begin(), step.states.end());
      return ends;
    };
    const ValueIds results = build_loop(layer_.graph(), layer_.name(), initial, emit);
    sequence_ = layer_.emit("list_stack", {results[1]},
                            {{"dtype", layer_.fact(x_).dtype}, {"has_element_shape", true}, {"element_shape", std::vector<std::int64_t>{-1, cell_.units()}}});
    last_ = results[2];
    states_.assign(results.begin() + 3, results.end());
  }

  /// Where a step does not count, the states stay, and so does the output, or it is zero.
  void apply_mask(NodeImport& body, ValueId counts, ValueId output_before, const ValueIds& before, Step& step) {
    const bool zero = layer_.attribute("zero_output_for_mask", false);
    const ValueId otherwise = zero ? body.emit("zeros_like", {step.output}) : output_before;
    step.output = body.emit("select", {counts, step.output, otherwise});
    for (std::size_t i = 0; i < before.size(); ++i) step.states[i] = body.emit("select", {counts, step.states[i], before[i]});
  }

  LayerImport& layer_;
  Cell& cell_;
  bool backwards_ = false;
  ValueId x_ = ValueId::kNone;
  ValueIds states_;
  std::optional<ValueId> mask_;
  ValueId sequence_ = ValueId::kNone;
  ValueId last_ = ValueId::kNone;
};

template <class Kind>
ValueIds recurrent(LayerImport& layer) {
  Kind cell(layer, "cell/");
  return Sequence(layer, cell).outputs();
}

/// A layer around a cell that stands by itself.
ValueIds around_cell(LayerImport& layer) {
  const Layer& inner = layer.inner("cell");
  const LayerAttributes attributes(inner);
  LayerImport source(layer.scope(), layer.graph(), layer.name(), inner, attributes, {});
  std::unique_ptr<Cell> cell;
  if (inner.class_name == "LSTMCell") cell = std::make_unique<LstmCell>(source, "");
  else if (inner.class_name == "GRUCell") cell = std::make_unique<GruCell>(source, "");
  else if (inner.class_name == "SimpleRNNCell") cell = std::make_unique<SimpleCell>(source, "");
  require(cell != nullptr, "a cell '{}' is not supported", inner.class_name);
  return Sequence(layer, *cell).outputs();
}

ValueIds no_layer(LayerImport& layer) { throw ModelError(fmt::format("'{}' is a part of other layers and is not called by itself", layer.op())); }

/// Forwards and backwards, each with its own weights.
ValueIds bidirectional(LayerImport& layer) {
  require(layer.input_count() == 1 && layer.keyword("initial_state").empty(), "initial states are not supported");
  const Layer& forward = layer.inner("layer");
  const LayerAttributes attributes(forward);
  const bool sequences = NodeImport(layer.graph(), layer.name(), "", attributes, {}).attribute("return_sequences", false);
  std::vector<Given> given{{"", layer.input(0), std::nullopt}};
  if (const auto mask = layer.mask()) given.push_back({"mask", *mask, std::nullopt});
  const ValueIds ahead = layer.scope().apply(layer.graph(), forward, layer.name() + "/forward", given);
  ValueIds back = layer.scope().apply(layer.graph(), layer.inner("backward_layer"), layer.name() + "/backward", given);
  if (sequences) back[0] = layer.emit("reverse", {back[0]}, {{"axes", std::vector<std::int64_t>{1}}});
  const auto mode = layer.attribute<std::string>("merge_mode", "none");
  ValueIds outputs;
  if (mode == "concat") outputs = {layer.emit("concat", {ahead[0], back[0]}, {{"axis", std::int64_t{-1}}})};
  else if (mode == "sum") outputs = {layer.emit("add", {ahead[0], back[0]})};
  else if (mode == "mul") outputs = {layer.emit("mul", {ahead[0], back[0]})};
  else if (mode == "ave") outputs = {layer.emit("mul", {layer.emit("add", {ahead[0], back[0]}), layer.number_like(0.5, ahead[0])})};
  else outputs = {ahead[0], back[0]};
  outputs.insert(outputs.end(), ahead.begin() + 1, ahead.end());
  outputs.insert(outputs.end(), back.begin() + 1, back.end());
  return outputs;
}

/// The inner layer for each step by itself: the steps become part of the batch.
ValueIds time_distributed(LayerImport& layer) {
  const ValueId x = layer.input(0);
  require(layer.rank(x) >= 3, "needs an input of 3 dims or more, got {}", layer.fact(x));
  std::vector<std::int64_t> dims{-1};
  for (std::size_t axis = 2; axis < layer.rank(x); ++axis) dims.push_back(layer.known_dim(x, static_cast<std::ptrdiff_t>(axis), "the size of a step"));
  const ValueIds inner = layer.apply(layer.inner("layer"), {layer.reshape(x, dims)});
  ValueIds outputs;
  for (const ValueId y : inner) {
    std::vector<std::int64_t> rest;
    for (std::size_t axis = 1; axis < layer.rank(y); ++axis) rest.push_back(layer.known_dim(y, static_cast<std::ptrdiff_t>(axis), "the size of a step's output"));
    const ValueId rows = layer.slice(layer.emit("shape", {x}, {{"dtype", DType::kInt64}}), 0, 0, 2);
    const Dim steps = layer.dim(x, 1);
    if (steps.known()) {
      rest.insert(rest.begin(), {-1, steps.value()});
      outputs.push_back(layer.reshape(y, rest));
    } else {
      outputs.push_back(layer.emit("reshape", {y, layer.emit("concat", {rows, layer.ints(rest)}, {{"axis", std::int64_t{0}}})}));
    }
  }
  return outputs;
}

}  // namespace
}  // namespace temper::keras

namespace temper {

REGISTER_RULES(keras_recurrent) {
  using namespace keras;
  constexpr std::string_view kWeights = "cell/kernel cell/recurrent_kernel cell/bias?use_bias";
  constexpr std::string_view kCellWeights = "kernel recurrent_kernel bias?use_bias";
  rules.keras("SimpleRNN", kWeights, recurrent<SimpleCell>);
  rules.keras("LSTM", kWeights, recurrent<keras::LstmCell>);
  rules.keras("GRU", kWeights, recurrent<GruCell>);
  rules.keras("SimpleRNNCell", kCellWeights, no_layer);
  rules.keras("LSTMCell", kCellWeights, no_layer);
  rules.keras("GRUCell", kCellWeights, no_layer);
  rules.keras("RNN", "", around_cell);
  rules.keras("Bidirectional", "", bidirectional);
  rules.keras("TimeDistributed", "", time_distributed);
}

}  // namespace temper
