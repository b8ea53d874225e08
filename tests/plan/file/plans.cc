#include "plan/file/plans.h"

#include "ir/constant.h"
#include "ops/control/lists.h"
#include "support/graphs.h"
#include "support/tensors.h"

namespace temper::testing {
namespace {

std::string numbers_of(const Tensor& tensor) {
  if (tensor.dtype() == DType::kString) return fmt::format("{}", fmt::join(tensor.string_data(), "|"));
  std::string text;
  if (tensor.dtype() == DType::kList) {
    for (const Tensor& item : tensor.items()) text += fmt::format("({} {})", describe(item), numbers_of(item));
    return text;
  }
  for (const std::byte byte : tensor.bytes()) text += fmt::format("{:02x}", static_cast<int>(byte));
  return text;
}

Plan convolutions() {
  Builder b;
  const ValueId x = b.input("picture", fact(DType::kFloat32, {-1, 4, 4, 1}));
  const ValueId filter = b.constant(f32({2, 2, 1, 1}, {1, 2, 3, 4}));
  const ValueId y = b.op("conv", {x, filter}, {{"strides", std::vector<std::int64_t>{2, 2}}});
  const ValueId weights = b.constant(Tensor::zeros(DType::kFloat32, {4, 300}));
  const ValueId flat = b.op("reshape", {b.op("relu", {y}), b.constant(i64({2}, {-1, 4}))});
  b.output(b.op("matmul", {flat, weights}), "product").output(b.op("cast", {y}, {{"dtype", DType::kInt32}}), "whole");
  Plan plan{b.graph.compacted(), {{"picture", {{1, 1, 8}, {4, 4, 4}, {4, 4, 4}, {1, 1, 1}}}}, {}, {}, {}};
  for (const NodeId id : plan.graph.order()) {
    Node& node = plan.graph.node(id);
    node.created_by = node.op.name() == "relu" ? "fuse_something" : "";
    node.sources = {"source/" + node.name, "twice"};
    plan.tactics.push_back({"reference/" + std::string(node.op.name()), 1234, {{"own/fast", 99, ""}, {"other", 0, "is too odd"}}});
  }
  plan.passes = {{"fuse_something", 3, {{"is not alone", 2}, {"is of another type", 1}}}, {"remove_nothing", 0, {}}};
  plan.info = {"0.1.0", "A processor", "avx2", "fp32", 2, "model.pb", "0123abcd", 8, 1 << 20, 1 << 28, 4096, 5000, 1 << 24, {{"tune", "fast"}}};
  return plan;
}

Plan regions() {
  const Fact scalar = fact(DType::kFloat32, {});
  Builder condition;
  const ValueId left = condition.input("x", scalar);
  condition.output(condition.op("less", {left, condition.input("bound", scalar)}));
  Builder yes;
  yes.output(yes.op("add", {yes.input("x", scalar), yes.constant(f32({}, {1}))}));
  Builder no;
  no.output(no.input("x", scalar));
  Builder body;
  const ValueId x = body.input("x", scalar);
  const ValueId small = body.op("less", {x, body.input("bound", scalar)});
  body.output(body.op("if", {small, x}, {}, {yes.graph, no.graph}));
  Builder b;
  const std::vector<ValueId> in{b.input("x", scalar), b.input("bound", scalar)};
  b.output(b.op("loop", in, {{"carried", std::int64_t{1}}}, {condition.graph, body.graph}));
  return {b.graph, {}, {}, {}, {}};
}

Plan constants() {
  Builder b;
  b.output(b.constant(Tensor::strings({2, 2}, {"a", "", std::string("\0b", 2), "longer text"})), "strings");
  b.output(b.constant(Tensor::list({f32({2}, {1, 2}), unset_slot({}), unset_slot(ShapeFact::of_rank(2)), Tensor::list({})})), "list");
  b.output(b.constant(boolean({3}, {true, false, true})), "bools");
  b.output(b.constant(Tensor::zeros(DType::kFloat16, {0, 3})), "nothing");
  b.output(b.constant(i8({}, {-1})), "scalar");
  Tensor bytes(DType::kUInt8, {4100});
  for (std::size_t i = 0; i < 4100; ++i) bytes.mutable_data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i * 7);
  const NodeId packed = b.graph.add_node(PackedConstant{DType::kFloat32, {3, 5, 7}, "own/tiles 4", bytes}, {}, "packed");
  b.output(b.graph.node(packed).outputs[0], "packed");
  b.output(b.constant(Tensor(bytes)), "bytes");
  return {b.graph, {}, {}, {}, {}};
}

Plan empty() { return {}; }

}  // namespace

std::string full_text(const Graph& graph) {
  std::string text = to_text(graph);
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    text += fmt::format("{} {} by '{}' of [{}]\n", node.op.name(), node.name, node.created_by, fmt::join(node.sources, "|"));
    for (const auto& [name, attribute] : node.op.attributes()) {
      text += fmt::format("  {} ({}): {}\n", name, attribute.index(), to_string(attribute));
      if (const auto* tensor = std::get_if<Tensor>(&attribute)) text += numbers_of(*tensor) + "\n";
    }
    for (const ValueId output : node.outputs) text += fmt::format("  -> {}\n", describe(graph.fact(output)));
    for (const Graph& region : node.regions) text += full_text(region);
  }
  return text;
}

std::vector<std::pair<std::string, Plan>> small_plans() {
  return {{"convolutions", convolutions()}, {"regions", regions()}, {"constants", constants()}, {"empty", empty()}};
}

}  // namespace temper::testing
