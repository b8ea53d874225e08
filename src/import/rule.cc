#include "import/rule.h"

#include "ir/constant.h"
#include "ops/evaluate.h"
#include "ops/registry.h"

namespace temper {
namespace {

/// A constant made while importing may grow this much beyond the largest that it is made from: more is left for the run,
/// or a short file of constants that double would fill the memory.
constexpr std::int64_t kFoldGrowthElements = 1 << 20;

std::optional<Tensors> fold(const Graph& graph, const Op& op, const ValueIds& inputs, const std::string& name) {
  if (!op.pure()) return std::nullopt;
  Tensors in;
  Facts facts;
  std::int64_t largest = 0;
  for (const ValueId id : inputs) {
    const Fact& fact = graph.fact(id);
    if (!fact.constant) return std::nullopt;
    in.push_back(*fact.constant);
    facts.push_back(fact);
    largest = std::max(largest, fact.constant->elements());
  }
  const Node node{op, name, inputs, {}, {}, {}, {}};
  for (const Fact& out : op.infer(facts, {})) {
    const Dim size = out.shape.elements();
    if (size.known() && size.value() > largest + kFoldGrowthElements) return std::nullopt;
  }
  return evaluate_node(node, in);
}

}  // namespace

ValueId NodeImport::input(std::size_t i) const {
  require(i < inputs_.size(), "has {} inputs, but input {} is needed", inputs_.size(), i);
  require(inputs_[i] != ValueId::kNone, "input {} is left out, but is needed", i);
  return inputs_[i];
}

const Tensor& NodeImport::constant_input(std::size_t i, std::string_view what) const {
  const Fact& fact = input_fact(i);
  require(fact.constant.has_value(),
          "input {} ({}) must be constant, but is computed when the graph runs; fix the input shapes or fold it", i, what);
  return *fact.constant;
}

std::vector<std::int64_t> NodeImport::int64s_input(std::size_t i, std::string_view what) const {
  return constant_input(i, what).to_int64s();
}

std::int64_t NodeImport::int64_input(std::size_t i, std::string_view what) const {
  return constant_input(i, what).to_int64(what);
}

ValueIds NodeImport::emit_all(std::string_view op_name, ValueIds inputs, const Attributes& attributes,
                              std::vector<Graph> regions) {
  const auto missing = std::ranges::find(inputs, ValueId::kNone);
  require(missing == inputs.end(), "input {} is left out, but is needed", missing - inputs.begin());
  Op op = op_registry().make(op_name, attributes);
  if (regions.empty()) {
    if (auto folded = fold(graph_, op, inputs, name_)) {
      ValueIds outputs;
      for (Tensor& tensor : *folded) outputs.push_back(constant(std::move(tensor)));
      return outputs;
    }
  }
  const NodeId id = graph_.add_node(std::move(op), std::move(inputs), name_, std::move(regions));
  ValueIds outputs = graph_.node(id).outputs;
  for (ValueId& output : outputs) {
    if (const auto known = graph_.fact(output).constant) output = constant(*known);
  }
  return outputs;
}

ValueId NodeImport::emit(std::string_view op, ValueIds inputs, const Attributes& attributes) {
  const ValueIds outputs = emit_all(op, std::move(inputs), attributes);
  invariant(outputs.size() == 1, "operator {} has {} outputs where one is expected", op, outputs.size());
  return outputs[0];
}

ValueId NodeImport::constant(Tensor tensor) { return graph_.add_constant(std::move(tensor), name_); }

const Rule* RuleTable::find_tensorflow(std::string_view op) const {
  const auto found = tensorflow_.find(op);
  return found == tensorflow_.end() ? nullptr : &found->second;
}

const Rule* RuleTable::find_onnx(std::string_view op) const {
  const auto found = onnx_.find(op);
  return found == onnx_.end() ? nullptr : &found->second;
}

std::vector<std::string_view> RuleTable::tensorflow_ops() const {
  std::vector<std::string_view> ops;
  for (const auto& [op, rule] : tensorflow_) ops.push_back(op);
  return ops;
}

Rule emit_as(std::string_view op, Attributes attributes) {
  return [op, attributes = std::move(attributes)](NodeImport& node) {
    return node.emit_all(op, node.inputs(), attributes);
  };
}

}  // namespace temper
