#include <map>

#include "ops/arrays/concat.h"
#include "ops/arrays/transpose.h"
#include "passes/linear.h"
#include "passes/operator_kinds.h"

namespace temper {
namespace {

using Axes = std::vector<std::int64_t>;

bool is_by_element(std::string_view op) {
  Activation activation = Activation::kNone;
  return is_elementwise(op) || from_attribute(Attribute(std::string(op)), activation);
}

Axes normalised(const Axes& axes) {
  Axes all;
  for (const std::int64_t axis : axes) all.push_back(static_cast<std::int64_t>(normalise_axis(axis, axes.size())));
  return all;
}

Axes inverse(const Axes& perm) {
  Axes back(perm.size());
  for (std::size_t i = 0; i < perm.size(); ++i) back[static_cast<std::size_t>(perm[i])] = static_cast<std::int64_t>(i);
  return back;
}

/// The constant as it stands before dims are turned by `perm`: turned back, with dims of 1 in front to have as many.
ValueId turned_back(Rewriter& rewriter, const Tensor& constant, const Axes& perm) {
  if (constant.elements() == 1) return rewriter.add_constant(constant.reshaped({}));
  Shape full;
  for (std::size_t i = constant.rank(); i < perm.size(); ++i) full.push_back(1);
  for (const std::int64_t dim : constant.shape()) full.push_back(dim);
  const Tensor whole = constant.reshaped(full);
  return rewriter.add_constant(Transpose{inverse(perm)}.reference({&whole, 1})[0]);
}

/// What turns the dims that a reduction leaves, which stand in the order of `kept`, from the order in which they stand unturned.
Axes order_of(const Axes& kept) {
  Axes sorted = kept, order;
  std::ranges::sort(sorted);
  for (const std::int64_t axis : kept) order.push_back(std::ranges::find(sorted, axis) - sorted.begin());
  return order;
}

}  // namespace

/// Lets transposes come after element-wise operators, concatenations, paddings and reductions, towards those that undo them.
///     relu(transpose(x))                           =>   transpose(relu(x))
///     add(transpose(x) {p}, transpose(y) {p})      =>   transpose(add(x, y)) {p}
///     add(x, transpose(y)), where x is turned the other way elsewhere    =>   transpose(add(that, y))
///     mul(transpose(x), constant)                  =>   transpose(mul(x, constant turned back))
///     mean(transpose(x) {0,3,1,2}) {axes: [2,3]}   =>   mean(x) {axes: [1,2]}
///     pad(transpose(x) {p}, paddings)              =>   transpose(pad(x, paddings turned back)) {p}
struct SinkTransposes {
  static constexpr std::string_view kName = "sink_transposes";
  static constexpr Stage kStage = Stage::kLayout;

  /// What values have become by transposes seen so far.
  std::map<std::pair<ValueId, Axes>, ValueId> turned;

  Rewrite apply(Rewriter& rewriter, const Node& node) {
    if (const auto* transpose = node.op.as<Transpose>()) turned[{node.inputs[0], normalised(transpose->perm)}] = node.outputs[0];
    const auto* concat = node.op.as<Concat>();
    if (is_reduction(node.op.name())) return below_reduction(rewriter, node);
    if (node.op.name() == "pad") return below_pad(rewriter, node);
    if (node.outputs.size() != 1 || node.inputs.empty() || (concat == nullptr && !is_by_element(node.op.name()))) return skip();
    std::optional<Axes> perm;
    for (const ValueId input : node.inputs) {
      const auto* transpose = rewriter.producer_as<Transpose>(input);
      if (transpose == nullptr) continue;
      if (perm && *perm != normalised(transpose->perm)) return skip("the inputs are turned differently");
      perm = normalised(transpose->perm);
    }
    if (!perm) return skip();
    ValueIds before;
    for (const ValueId input : node.inputs) {
      const Tensor* constant = rewriter.constant(input);
      if (rewriter.producer_as<Transpose>(input) != nullptr) {
        if (!only_here(rewriter, node, input)) return skip("a transposed input is used elsewhere as well");
        before.push_back(rewriter.producer(input)->inputs[0]);
      } else if (constant != nullptr && concat == nullptr && constant->rank() <= perm->size() && constant->dtype() != DType::kString) {
        before.push_back(turned_back(rewriter, *constant, *perm));
      } else {
        const auto known = turned.find({input, inverse(*perm)});
        const bool stays = known != turned.end() && rewriter.use_count(known->second) > 0 && std::ranges::find(node.inputs, known->second) == node.inputs.end();
        if (!stays) return skip("an input is not turned");
        before.push_back(known->second);
      }
    }
    Op op = node.op;
    if (concat != nullptr) op = Concat{(*perm)[normalise_axis(concat->axis, perm->size())]};
    return Rewriter::replace(node, rewriter.add(Transpose{*perm}, {rewriter.add(std::move(op), std::move(before))}));
  }

  static Rewrite below_reduction(Rewriter& rewriter, const Node& node) {
    const auto* transpose = rewriter.producer_as<Transpose>(node.inputs[0]);
    if (transpose == nullptr) return skip();
    if (node.inputs.size() != 1) return skip("the axes are computed");
    if (!only_here(rewriter, node, node.inputs[0])) return skip("a transposed input is used elsewhere as well");
    const Axes perm = normalised(transpose->perm);
    Axes axes, left = perm;
    bool keep_dims = false;
    for (const auto& [name, value] : node.op.attributes()) {
      if (name == "axes") axes = std::get<Axes>(value);
      if (name == "keep_dims") keep_dims = std::get<bool>(value);
    }
    for (std::int64_t& axis : axes) axis = perm[normalise_axis(axis, perm.size())];
    if (!keep_dims) {
      std::erase_if(left, [&](std::int64_t axis) { return std::ranges::find(axes, axis) != axes.end(); });
      left = order_of(left);
    }
    std::ranges::sort(axes);
    const Op op = with_attributes(node.op, {{"axes", axes}});
    const ValueId reduced = rewriter.add(op, {rewriter.producer(node.inputs[0])->inputs[0]});
    return Rewriter::replace(node, rewriter.add(Transpose{left}, {reduced}));
  }

  /// Each dim is padded as it was where it lies before.
  static Rewrite below_pad(Rewriter& rewriter, const Node& node) {
    const auto* transpose = rewriter.producer_as<Transpose>(node.inputs[0]);
    if (transpose == nullptr) return skip();
    const Tensor* paddings = rewriter.constant(node.inputs[1]);
    if (paddings == nullptr || paddings->shape() != Shape{static_cast<std::int64_t>(transpose->perm.size()), 2}) return skip("the paddings are computed");
    if (!only_here(rewriter, node, node.inputs[0])) return skip("a transposed input is used elsewhere as well");
    const Axes perm = normalised(transpose->perm);
    const auto amounts = paddings->to_int64s();
    Tensor before(DType::kInt64, paddings->shape());
    for (std::size_t i = 0; i < 2 * perm.size(); ++i) {
      before.mutable_data<std::int64_t>()[static_cast<std::size_t>(2 * perm[i / 2]) + i % 2] = amounts[i];
    }
    ValueIds inputs = node.inputs;
    inputs[0] = rewriter.producer(node.inputs[0])->inputs[0];
    inputs[1] = rewriter.add_constant(std::move(before));
    return Rewriter::replace(node, rewriter.add(Transpose{perm}, {rewriter.add(node.op, std::move(inputs))}));
  }

  static bool only_here(const Rewriter& rewriter, const Node& node, ValueId input) {
    return rewriter.use_count(input) == static_cast<std::size_t>(std::ranges::count(node.inputs, input));
  }
};
REGISTER_PASS(SinkTransposes);

}  // namespace temper
