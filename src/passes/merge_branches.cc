#include <array>
#include <map>

#include "ir/constant.h"
#include "ops/control/if.h"
#include "passes/operator_kinds.h"
#include "passes/pass.h"

namespace temper {
namespace {

/// What is chosen, and what is computed without being needed, has at most so many elements.
constexpr std::int64_t kSmallElements = 16;

/// Operators that never fail on inputs that fit them, beside those that are element-wise.
constexpr std::array<std::string_view, 3> kSafe = {"constant", "pack", "shape"};
constexpr std::array<std::string_view, 6> kMayFail = {"truncate_div", "floor_div", "truncate_mod",
                                                      "floor_mod",    "pow",       "add_n"};

bool is_small(const Fact& fact) {
  const Dim elements = fact.shape.elements();
  return elements.known() && elements.value() <= kSmallElements && fact.dtype != DType::kList &&
         fact.dtype != DType::kString;
}

/// Whether it costs nothing to speak of and cannot fail.
bool is_cheap(const Graph& region, const Node& node) {
  const auto named = [&](const auto& names) { return std::ranges::find(names, node.op.name()) != names.end(); };
  if (!named(kSafe) && (!is_elementwise(node.op.name()) || named(kMayFail))) return false;
  if (node.op.name() == "div" && is_integer(region.fact(node.outputs[0]).dtype)) return false;
  return std::ranges::all_of(node.outputs, [&](ValueId id) { return is_small(region.fact(id)); });
}

/// Computes what both branches of an `if` give, as one.
class Merger {
 public:
  Merger(Rewriter& rewriter, const Node& node) : rewriter_(rewriter), node_(node) {}

  /// The value that is `a` of the first branch or `b` of the second; kNone where that would take more than choosing
  /// small values.
  ValueId merge(ValueId a, ValueId b, int depth = 0) {
    if (depth > kDeepest) return ValueId::kNone;
    const auto found = merged_.find({a, b});
    if (found != merged_.end()) return found->second;
    const ValueId value = merge_anew(a, b, depth);
    merged_.emplace(std::pair(a, b), value);
    return value;
  }

 private:
  static constexpr int kDeepest = 500;

  ValueId merge_anew(ValueId a, ValueId b, int depth) {
    const Graph& first = node_.regions[0];
    const Graph& second = node_.regions[1];
    const Node* x = first.producer(a);
    const Node* y = second.producer(b);
    if (x == nullptr && y == nullptr && first.value(a).output == second.value(b).output) return captured(first, a);
    if (x == nullptr || y == nullptr || !alike(*x, *y)) return choose(a, b);
    if (const auto* constant = x->op.as<Constant>()) {
      return identical(constant->value, y->op.as<Constant>()->value) ? rewriter_.add_constant(constant->value)
                                                                     : choose(a, b);
    }
    ValueIds inputs;
    for (std::size_t i = 0; i < x->inputs.size(); ++i) inputs.push_back(merge(x->inputs[i], y->inputs[i], depth + 1));
    if (std::ranges::find(inputs, ValueId::kNone) != inputs.end()) return choose(a, b);
    const ValueIds outputs = rewriter_.add_all(x->op, std::move(inputs));
    for (std::size_t i = 0; i < outputs.size(); ++i) merged_[{x->outputs[i], y->outputs[i]}] = outputs[i];
    return outputs[first.value(a).output];
  }

  static bool alike(const Node& x, const Node& y) {
    if (x.op.name() != y.op.name() || x.inputs.size() != y.inputs.size() || !x.op.pure() || !x.regions.empty())
      return false;
    return x.op.as<Constant>() != nullptr || identical(x.op.attributes(), y.op.attributes());
  }

  ValueId captured(const Graph& region, ValueId input) const { return node_.inputs[region.value(input).output + 1]; }

  ValueId choose(ValueId a, ValueId b) {
    const Fact& x = node_.regions[0].fact(a);
    const Fact& y = node_.regions[1].fact(b);
    if (x.dtype != y.dtype || !x.shape.known() || x.shape != y.shape || !is_small(x)) return ValueId::kNone;
    const ValueId left = copy(node_.regions[0], a, 0);
    const ValueId right = copy(node_.regions[1], b, 0);
    if (left == ValueId::kNone || right == ValueId::kNone) return ValueId::kNone;
    return left == right ? left : rewriter_.add("select", {node_.inputs[0], left, right});
  }

  /// A value of a branch, computed whether the branch is taken or not; kNone where that might fail or be costly.
  ValueId copy(const Graph& region, ValueId value, int depth) {
    const Node* node = region.producer(value);
    if (node == nullptr) return captured(region, value);
    auto& copies = copies_[&region];
    if (const auto found = copies.find(value); found != copies.end()) return found->second;
    if (depth > kDeepest || !is_cheap(region, *node)) return ValueId::kNone;
    ValueIds inputs;
    for (const ValueId input : node->inputs) inputs.push_back(copy(region, input, depth + 1));
    if (std::ranges::find(inputs, ValueId::kNone) != inputs.end()) return ValueId::kNone;
    const ValueIds outputs = rewriter_.add_all(node->op, std::move(inputs));
    for (std::size_t i = 0; i < outputs.size(); ++i) copies[node->outputs[i]] = outputs[i];
    return copies[value];
  }

  Rewriter& rewriter_;
  const Node& node_;
  std::map<std::pair<ValueId, ValueId>, ValueId> merged_;
  std::map<const Graph*, std::map<ValueId, ValueId>> copies_;
};

}  // namespace

/// Does once what both branches of an `if` do, on numbers that are chosen.
///     if(p, x) { mul(x, 2) } { mul(x, 3) }   =>   mul(x, select(p, 2, 3))
struct MergeBranches {
  static constexpr std::string_view kName = "merge_branches";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.as<If>() == nullptr || rewriter.constant(node.inputs[0]) != nullptr) return skip();
    const ShapeFact& condition = rewriter.fact(node.inputs[0]).shape;
    if (!condition.rank_known() || condition.rank() != 0) return skip("the condition is not known to be a scalar");
    Merger merger(rewriter, node);
    Patch patch;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (rewriter.use_count(node.outputs[i]) == 0) continue;
      const ValueId value = merger.merge(node.regions[0].outputs()[i].value, node.regions[1].outputs()[i].value);
      if (value == ValueId::kNone) return skip("its branches do different things");
      patch.replacements.emplace_back(node.outputs[i], value);
    }
    return patch;
  }
};
REGISTER_PASS(MergeBranches);

}  // namespace temper
