#include "passes/counts.h"

namespace temper {
namespace {

/// The tensor whose rows a list consists of; kNone where it is another list.
ValueId rows_in(const Rewriter& rewriter, ValueId list) {
  const Node* node = rewriter.producer(list);
  return node != nullptr && node->op.name() == "list_unstack" ? node->inputs[0] : ValueId::kNone;
}

/// Whether indices are 0, 1, ... up to the last of as many rows as `list` has.
bool takes_all(const Rewriter& rewriter, ValueId indices, ValueId list) {
  const Node* range = rewriter.producer(indices);
  if (range == nullptr || range->op.name() != "range") return false;
  const Tensor* start = rewriter.constant(range->inputs[0]);
  const Tensor* step = rewriter.constant(range->inputs[2]);
  if (start == nullptr || step == nullptr || !is_integer(start->dtype())) return false;
  if (start->to_int64s() != std::vector<std::int64_t>{0} || step->to_int64s() != std::vector<std::int64_t>{1})
    return false;
  return count_of(rewriter, range->inputs[1]) == rows_of(rewriter, rows_in(rewriter, list));
}

const Attribute* attribute(const Attributes& attributes, std::string_view name) {
  const auto found = std::ranges::find(attributes, name, &Attributes::value_type::first);
  return found == attributes.end() ? nullptr : &found->second;
}

/// The shape that a list_stack declares of its result where it says more than is known of `tensor`.
std::optional<std::vector<std::int64_t>> declared(const Rewriter& rewriter, const Node& stack, ValueId tensor) {
  const Attributes attributes = stack.op.attributes();
  const bool all = stack.inputs.size() == 1;  // the length is that of the indices otherwise
  std::vector<std::int64_t> shape{all ? std::get<std::int64_t>(*attribute(attributes, "length")) : -1};
  const bool has = std::get<bool>(*attribute(attributes, "has_element_shape"));
  const auto& items = std::get<std::vector<std::int64_t>>(*attribute(attributes, "element_shape"));
  const ShapeFact& known = rewriter.fact(tensor).shape;
  if (has)
    shape.insert(shape.end(), items.begin(), items.end());
  else if (known.rank_known())
    shape.resize(known.rank(), -1);
  else
    return shape[0] < 0 ? std::nullopt : std::optional(shape);
  bool more = !known.rank_known();
  for (std::size_t i = 0; i < shape.size() && known.rank_known(); ++i) {
    require(shape.size() == known.rank(), "rows are declared as of another rank than they are");
    more |= shape[i] >= 0 && !known[i].is(shape[i]);
  }
  return more ? std::optional(shape) : std::nullopt;
}

Rewrite stack(Rewriter& rewriter, const Node& node, ValueId tensor) {
  if (rewriter.fact(tensor).dtype != rewriter.fact(node.outputs[0]).dtype)
    return skip("the list is read as of another type");
  ValueId result = tensor;
  if (node.inputs.size() > 1 && !takes_all(rewriter, node.inputs[1], node.inputs[0])) {
    result = rewriter.add("gather", {tensor, node.inputs[1]}, {{"axis", std::int64_t{0}}});
  }
  if (auto shape = declared(rewriter, node, result)) {
    if (!rewriter.fact(result).shape.rank_known() && shape->size() == 1)
      return skip("the rank of its rows is not known");
    result = rewriter.add("ensure_shape", {result}, {{"shape", *std::move(shape)}});
  }
  return Rewriter::replace(node, result);
}

}  // namespace

/// Takes away lists that hold the rows of a tensor, where what is made of them can be made of the tensor.
///     list_stack(list_unstack(x))   =>   x
struct RemoveLists {
  static constexpr std::string_view kName = "remove_lists";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const std::string_view op = node.op.name();
    if (op != "list_stack" && op != "list_length") return skip();
    const ValueId tensor = rows_in(rewriter, node.inputs[0]);
    if (tensor == ValueId::kNone) return skip("the list is not made of a tensor's rows");
    if (op == "list_stack") return stack(rewriter, node, tensor);
    const auto at = [&](std::int32_t i) {
      return rewriter.add_constant(Tensor::from<std::int32_t>(Shape{1}, {&i, 1}));
    };
    const ValueId shape = rewriter.add("shape", {tensor});
    const ValueId one = at(1);
    return Rewriter::replace(
        node, rewriter.add("strided_slice", {shape, at(0), one, one}, {{"shrink_axis_mask", std::int64_t{1}}}));
  }
};
REGISTER_PASS(RemoveLists);

}  // namespace temper
