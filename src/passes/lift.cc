#include "passes/lift.h"

#include "ops/control/if.h"
#include "ops/control/map.h"
#include "ops/registry.h"
#include "passes/copy_nodes.h"
#include "passes/operator_kinds.h"

namespace temper {
namespace {

using Ints = std::vector<std::int64_t>;

/// Operators of one input that is stacked, and others that are not.
constexpr std::array kOfOne = std::to_array<std::string_view>({
    "reshape",
    "slice",
    "strided_slice",
    "pad",
    "tile",
    "broadcast_to",
    "squeeze",
    "transpose",
    "ensure_shape",
    "top_k",
    "shape",
});

bool contains(std::span<const std::string_view> names, std::string_view op) {
  return std::ranges::find(names, op) != names.end();
}

template <class T>
T read(const Node& node, std::string_view name) {
  for (const auto& [key, value] : node.op.attributes()) {
    if (key == name) return std::get<T>(value);
  }
  throw InternalError(fmt::format("operator {} has no attribute {}", node.op.name(), name));
}

Attributes with(Attributes attributes, std::string_view name, Attribute value) {
  for (auto& [key, old] : attributes) {
    if (key == name) old = std::move(value);
  }
  return attributes;
}

/// An axis after a new first one has come.
std::int64_t shifted(std::int64_t axis) { return axis < 0 ? axis : axis + 1; }
Ints shifted(Ints axes) {
  for (std::int64_t& axis : axes) axis = shifted(axis);
  return axes;
}

bool ranks_known(const Graph& region, const Node& node) {
  return std::ranges::all_of(node.inputs, [&](ValueId id) { return region.fact(id).shape.rank_known(); });
}

/// The first `count` inputs begin with a dim of 1, which another first axis can take the place of.
bool single(const Graph& region, const Node& node, std::size_t count) {
  for (std::size_t i = 0; i < std::min(count, node.inputs.size()); ++i) {
    const ShapeFact& shape = region.fact(node.inputs[i]).shape;
    if (!shape.rank_known() || shape.rank() == 0 || !shape[0].is(1)) return false;
  }
  return true;
}

bool liftable(const Graph& region, const Node& node, const std::vector<bool>& stacked) {
  const std::string_view op = node.op.name();
  const bool rest_common =
      std::ranges::none_of(node.inputs.begin() + 1, node.inputs.end(), [&](ValueId id) { return stacked[index(id)]; });
  if (op == "bucketize" || is_elementwise(op)) return node.inputs.size() == 1 || ranks_known(region, node);
  if (op == "matmul") {
    return ranks_known(region, node) &&
           std::ranges::all_of(node.inputs, [&](ValueId id) { return region.fact(id).shape.rank() >= 2; });
  }
  if (op == "concat" || op == "pack") return ranks_known(region, node);
  if (op == "gather") {
    const bool picks = stacked[index(node.inputs[1])];
    return !picks || stacked[index(node.inputs[0])] ||
           (read<std::int64_t>(node, "axis") == 0 && read<std::int64_t>(node, "batch_dims") == 0);
  }
  if (const std::size_t count = std::min(batch_inputs(op), node.inputs.size())) {
    for (std::size_t i = count; i < node.inputs.size(); ++i) {
      if (stacked[index(node.inputs[i])]) return false;
    }
    return single(region, node, count);
  }
  if (op == "if") return !stacked[index(node.inputs[0])];
  if (!rest_common) return false;
  if (op == "squeeze") return !read<Ints>(node, "axes").empty();
  if (op == "reshape" || op == "slice" || op == "strided_slice" || op == "pad")
    return region.fact(node.inputs[0]).shape.rank_known();
  if (op == "tile" || op == "broadcast_to")
    return region.fact(node.inputs[0]).shape.rank_known() && region.fact(node.outputs[0]).shape.rank_known();
  return contains(kOfOne, op) || ((is_along_axis(op) || is_reduction(op)) && node.inputs.size() == 1);
}

}  // namespace

std::optional<bool> Lifter::stacks(const Graph& region, const Node& node, const std::vector<bool>& stacked) {
  const bool differs = std::ranges::any_of(node.inputs, [&](ValueId id) { return stacked[index(id)]; });
  if (!differs) return node.op.pure() ? std::optional(false) : std::nullopt;
  if (!liftable(region, node, stacked)) return std::nullopt;
  return node.op.name() != "shape";
}

std::vector<Lifted> Lifter::lift(const Node& node, const All& in) {
  All out;
  if (std::ranges::none_of(in, &Lifted::stacked)) {
    ValueIds inputs;
    for (const Lifted& value : in) inputs.push_back(value.value);
    for (const ValueId output : rewriter_.add_all(node.op, std::move(inputs), node.regions))
      out.push_back({output, false});
    return out;
  }
  const std::string_view op = node.op.name();
  if (op == "if") return choice(node, in);
  if (batch_inputs(op) > 0) return over_batch(node, in);
  if (op == "shape") return {{shape(node, in[0].value), false}};
  if (is_along_axis(op) || op == "top_k") {
    Attributes attributes = node.op.attributes();
    if (op != "top_k") attributes = with(std::move(attributes), "axis", shifted(read<std::int64_t>(node, "axis")));
    ValueIds inputs;
    for (const Lifted& value : in) inputs.push_back(value.value);
    for (const ValueId output : rewriter_.add_all(op_registry().make(op, attributes), std::move(inputs)))
      out.push_back({output, true});
    return out;
  }
  return {{lift_one(node, in), true}};
}

ValueId Lifter::lift_one(const Node& node, const All& in) {
  const std::string_view op = node.op.name();
  const Attributes attributes = node.op.attributes();
  const ValueId x = in[0].value;
  if (op == "select" && read<bool>(node, "by_row")) return select(node, in);
  if (is_elementwise(op) || op == "matmul") return elementwise(node, in);
  if (op == "gather") return gather(node, in);
  if (op == "concat" || op == "pack") return concat(node, in);
  if (op == "strided_slice") return strided_slice(node, in);
  if (op == "squeeze" || is_reduction(op))
    return remade(node, {x}, with(attributes, "axes", shifted(read<Ints>(node, "axes"))));
  if (op == "reshape") return remade(node, {x, prepend_turns(in[1].value)}, attributes);
  if (op == "slice") return remade(node, {x, prepend(0, in[1].value), prepend(-1, in[2].value)}, attributes);
  if (op == "tile") return remade(node, {x, prepend(1, in[1].value)}, attributes);
  if (op == "broadcast_to") {
    const std::size_t rank = region_.fact(node.outputs[0]).shape.rank();
    return remade(node, {with_rank(x, region_.fact(node.inputs[0]).shape.rank(), rank), prepend_turns(in[1].value)},
                  attributes);
  }
  if (op == "ensure_shape") {
    Ints shape = read<Ints>(node, "shape");
    shape.insert(shape.begin(), -1);
    return remade(node, {x}, with(attributes, "shape", shape));
  }
  if (op == "transpose") {
    Ints perm = read<Ints>(node, "perm");
    for (std::int64_t& axis : perm) axis += axis < 0 ? static_cast<std::int64_t>(perm.size()) + 1 : 1;
    perm.insert(perm.begin(), 0);
    return remade(node, {x}, with(attributes, "perm", perm));
  }
  invariant(op == "pad", "no rule lifts operator {}", op);
  Tensor none = Tensor::zeros(rewriter_.fact(in[1].value).dtype, Shape{1, 2});
  ValueIds inputs{x, rewriter_.add("concat", {rewriter_.add_constant(std::move(none)), in[1].value})};
  if (in.size() > 2) inputs.push_back(in[2].value);
  return remade(node, std::move(inputs), attributes);
}

ValueId Lifter::remade(const Node& node, ValueIds inputs, const Attributes& attributes) {
  return rewriter_.add(op_registry().make(node.op.name(), attributes), std::move(inputs));
}

ValueId Lifter::with_rank(ValueId stacked, std::size_t row_rank, std::size_t rank) {
  for (; row_rank < rank; ++row_rank) stacked = rewriter_.add("expand_dims", {stacked}, {{"axis", std::int64_t{1}}});
  return stacked;
}

ValueId Lifter::elementwise(const Node& node, const All& in) {
  std::size_t rank = 0;
  for (const ValueId input : node.inputs) {
    if (node.inputs.size() > 1) rank = std::max(rank, region_.fact(input).shape.rank());
  }
  ValueIds inputs;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const bool alone =
        in.size() == 1 || (!in[i].stacked && node.op.name() != "add_n");  // add_n takes equal shapes only
    inputs.push_back(alone ? in[i].value : with_rank(stack(in[i]), region_.fact(node.inputs[i]).shape.rank(), rank));
  }
  return rewriter_.add(node.op, std::move(inputs));
}

/// By row, a condition of one dim lies along the first axis of the rows: dims of 1 come after it.
ValueId Lifter::select(const Node& node, const All& in) {
  const std::size_t rank = region_.fact(node.inputs[1]).shape.rank();
  Lifted condition = in[0];
  const std::size_t own = region_.fact(node.inputs[0]).shape.rank();
  for (std::size_t i = own; i < rank && own == 1; ++i)
    condition.value = rewriter_.add("expand_dims", {condition.value}, {{"axis", std::int64_t{-1}}});
  if (condition.stacked && own != 1) condition.value = with_rank(condition.value, own, rank);
  ValueIds inputs{condition.value};
  for (std::size_t i = 1; i < in.size(); ++i) inputs.push_back(in[i].value);
  return remade(node, std::move(inputs), with(node.op.attributes(), "by_row", false));
}

std::vector<Lifted> Lifter::over_batch(const Node& node, const All& in) {
  ValueIds inputs;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const bool batch = i < batch_inputs(node.op.name());
    inputs.push_back(batch ? rewriter_.add("squeeze", {stack(in[i])}, {{"axes", Ints{1}}}) : in[i].value);
  }
  All out;
  for (const ValueId output : rewriter_.add_all(node.op, std::move(inputs))) {
    out.push_back({rewriter_.add("expand_dims", {output}, {{"axis", std::int64_t{1}}}), true});
  }
  return out;
}

/// A branch that maps over what it takes; `order` says which of its inputs come first, second, ...
Graph Lifter::mapped_branch(const Graph& branch, const std::string& name, const All& in,
                            const std::vector<std::size_t>& order) {
  Graph rows;
  Graph outer;
  ValueIds inputs;
  NodeCopier copier(branch, rows);
  std::int64_t scanned = 0;
  for (const std::size_t i : order) {
    const Fact& known = rewriter_.fact(in[i + 1].value);
    const Fact fact{known.dtype, known.shape, {}};
    inputs.push_back(outer.add_input("captured", fact));
    copier.rename(branch.inputs()[i].value, rows.add_input("captured", in[i + 1].stacked ? row_fact(fact) : fact));
    scanned += in[i + 1].stacked ? 1 : 0;
  }
  for (const Port& output : branch.outputs()) rows.add_output(output.name, copier.copy(output.value));
  std::vector<Graph> regions;
  regions.push_back(std::move(rows));
  const NodeId map = outer.add_node(Map{scanned}, std::move(inputs), name, std::move(regions));
  for (const ValueId output : outer.node(map).outputs) outer.add_output("result", output);
  return outer;
}

/// The choice is made once for all turns.
std::vector<Lifted> Lifter::choice(const Node& node, const All& in) {
  std::vector<std::size_t> order;
  for (const bool stacked : {true, false}) {
    for (std::size_t i = 1; i < in.size(); ++i) {
      if (in[i].stacked == stacked) order.push_back(i - 1);
    }
  }
  ValueIds inputs{in[0].value};
  for (const std::size_t i : order) inputs.push_back(in[i + 1].value);
  std::vector<Graph> branches;
  for (const Graph& branch : node.regions) branches.push_back(mapped_branch(branch, node.name, in, order));
  All out;
  for (const ValueId output : rewriter_.add_all(If{}, std::move(inputs), std::move(branches)))
    out.push_back({output, true});
  return out;
}

ValueId Lifter::gather(const Node& node, const All& in) {
  if (!in[0].stacked) return remade(node, {in[0].value, in[1].value}, node.op.attributes());
  Attributes attributes = with(node.op.attributes(), "axis", shifted(read<std::int64_t>(node, "axis")));
  if (!in[1].stacked && read<std::int64_t>(node, "batch_dims") == 0)
    return remade(node, {in[0].value, in[1].value}, attributes);
  attributes = with(std::move(attributes), "batch_dims", shifted(read<std::int64_t>(node, "batch_dims")));
  return remade(node, {in[0].value, stack(in[1])}, attributes);
}

ValueId Lifter::concat(const Node& node, const All& in) {
  ValueIds inputs;
  for (const Lifted& value : in) inputs.push_back(stack(value));
  return remade(node, std::move(inputs), with(node.op.attributes(), "axis", shifted(read<std::int64_t>(node, "axis"))));
}

/// That of a row: the same in all turns.
ValueId Lifter::shape(const Node& node, ValueId stacked) {
  const auto at = [&](std::int32_t i) { return rewriter_.add_constant(Tensor::from<std::int32_t>(Shape{1}, {&i, 1})); };
  const ValueId one = at(1);
  return rewriter_.add("strided_slice", {rewriter_.add(node.op, {stacked}), one, at(0), one},
                       {{"end_mask", std::int64_t{1}}});
}

ValueId Lifter::strided_slice(const Node& node, const All& in) {
  const auto mask = [&](std::string_view name, std::int64_t first) {
    return (read<std::int64_t>(node, name) << 1) | first;
  };
  const Attributes attributes{{"begin_mask", mask("begin_mask", 1)},
                              {"end_mask", mask("end_mask", 1)},
                              {"ellipsis_mask", mask("ellipsis_mask", 0)},
                              {"new_axis_mask", mask("new_axis_mask", 0)},
                              {"shrink_axis_mask", mask("shrink_axis_mask", 0)}};
  return remade(node, {in[0].value, prepend(0, in[1].value), prepend(0, in[2].value), prepend(1, in[3].value)},
                attributes);
}

ValueId Lifter::prepend(std::int64_t first, ValueId vector) {
  const DType dtype = rewriter_.fact(vector).dtype;
  ValueId number = rewriter_.add_constant(Tensor::from<std::int64_t>(Shape{1}, {&first, 1}));
  if (dtype != DType::kInt64) number = rewriter_.add("cast", {number}, {{"dtype", dtype}});
  return rewriter_.add("concat", {number, vector}, {{"axis", std::int64_t{0}}});
}

ValueId Lifter::prepend_turns(ValueId vector) {
  return rewriter_.add("concat", {turns(rewriter_.fact(vector).dtype), vector}, {{"axis", std::int64_t{0}}});
}

/// A vector of one entry.
ValueId Lifter::turns(DType dtype) {
  const auto at = [&](std::int32_t i) { return rewriter_.add_constant(Tensor::from<std::int32_t>(Shape{1}, {&i, 1})); };
  const ValueId one = at(1);
  const DType as = dtype == DType::kInt32 ? DType::kInt32 : DType::kInt64;
  const ValueId count =
      rewriter_.add("strided_slice", {rewriter_.add("shape", {some_}, {{"dtype", as}}), at(0), one, one});
  return dtype == as ? count : rewriter_.add("cast", {count}, {{"dtype", dtype}});
}

ValueId Lifter::stack(const Lifted& value) {
  if (value.stacked) return value.value;
  const ValueId shape = rewriter_.add("shape", {value.value}, {{"dtype", DType::kInt64}});
  return rewriter_.add("broadcast_to", {value.value, prepend_turns(shape)});
}

}  // namespace temper
