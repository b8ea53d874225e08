#include <numeric>

#include "passes/partial.h"

namespace temper {
namespace {

constexpr std::size_t kNew = static_cast<std::size_t>(-1);

template <class T>
T read(const Node& node) {
  return std::get<T>(node.op.attributes().at(0).second);
}

/// Which axis of its source each axis of a value is, or kNew: a dim of 1 put in.
using Axes = std::vector<std::size_t>;

bool follow(const Node& node, Axes& axes) {
  const std::string_view op = node.op.name();
  if (op == "expand_dims") {
    const std::size_t at = normalise_axis(read<std::int64_t>(node), axes.size() + 1);
    axes.insert(axes.begin() + static_cast<std::ptrdiff_t>(at), kNew);
    return true;
  }
  const auto dropped = read<std::vector<std::int64_t>>(node);
  if (dropped.empty()) return false;
  std::vector<bool> drop(axes.size());
  for (const std::int64_t axis : dropped) drop[normalise_axis(axis, axes.size())] = true;
  Axes kept;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (!drop[i]) kept.push_back(axes[i]);
  }
  axes = std::move(kept);
  return true;
}

bool is_unit_view(const Node* node) {
  return node != nullptr && (node->op.name() == "expand_dims" || node->op.name() == "squeeze");
}

/// The value that a chain of expand_dims and squeeze ending in `node` gives back unchanged; kNone where there is none.
ValueId undone(const Rewriter& rewriter, const Node& node) {
  std::vector<const Node*> chain;
  for (const Node* at = &node; is_unit_view(at) && chain.size() < kMaxRank; at = rewriter.producer(at->inputs[0])) {
    chain.push_back(at);
    const ValueId source = at->inputs[0];
    const ShapeFact& shape = rewriter.fact(source).shape;
    if (!shape.rank_known()) return ValueId::kNone;
    Axes axes(shape.rank());
    std::iota(axes.begin(), axes.end(), std::size_t{0});
    const Axes before = axes;
    for (auto next = chain.rbegin(); next != chain.rend(); ++next) {
      if (!follow(**next, axes)) return ValueId::kNone;
    }
    if (axes == before) return source;
  }
  return ValueId::kNone;
}

}  // namespace

/// Takes away dims of 1 put in and taken out again, and what a reshape undoes in any case.
///     squeeze(expand_dims(x) {axis: 1}) {axes: [1]}   =>   x
///     reshape(squeeze(x), s)   =>   reshape(x, s)
struct MergeViews {
  static constexpr std::string_view kName = "merge_views";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const std::string_view op = node.op.name();
    if (is_unit_view(&node)) {
      const ValueId source = undone(rewriter, node);
      return source == ValueId::kNone ? Rewrite(skip()) : Rewriter::replace(node, source);
    }
    if (op != "reshape") return skip();
    const Node* before = rewriter.producer(node.inputs[0]);
    if (!is_unit_view(before) && (before == nullptr || before->op.name() != "reshape")) return skip();
    const auto known = reshape_target(rewriter.fact(node.outputs[0]).shape);  // which may owe to the shape between
    const ValueId target = known ? rewriter.add_constant(*known) : node.inputs[1];
    return Rewriter::replace(node, rewriter.add(node.op, {before->inputs[0], target}));
  }
};
REGISTER_PASS(MergeViews);

}  // namespace temper
