#include <map>

#include "ops/arrays/concat.h"
#include "ops/arrays/split.h"
#include "passes/operator_kinds.h"
#include "passes/pass.h"

namespace temper {
namespace {

/// Deep enough for what graphs do to columns; bounds what a hostile graph costs.
constexpr int kDeepest = 8;

/// Finds what does to all of a tensor what is done to its parts along an axis.
class PartJoiner {
 public:
  using Joined = std::map<std::pair<ValueIds, std::size_t>, ValueId>;

  PartJoiner(Rewriter& rewriter, const Joined& joined, std::size_t rank, std::size_t axis)
      : rewriter_(rewriter), joined_(joined), rank_(rank), axis_(axis) {}

  /// The operator that gives all parts at once; kNone where there is none.
  ValueId on_whole(const ValueIds& parts, int depth = 0) {
    const Node* first = rewriter_.producer(parts[0]);
    if (first == nullptr || depth == kDeepest || !is_elementwise(first->op.name()) || first->op.name() == "add_n") return ValueId::kNone;
    const Attributes attributes = first->op.attributes();
    if (identical(attributes, {{"by_row", true}})) return ValueId::kNone;
    for (const ValueId part : parts) {
      const Node* node = rewriter_.producer(part);
      if (node == nullptr || node->op.name() != first->op.name() || node->inputs.size() != first->inputs.size() || !identical(node->op.attributes(), attributes)) return ValueId::kNone;
    }
    ValueIds inputs;
    bool any_whole = false;
    for (std::size_t i = 0; i < first->inputs.size(); ++i) {
      ValueIds operands;
      for (const ValueId part : parts) operands.push_back(rewriter_.producer(part)->inputs[i]);
      ValueId input = whole(operands, parts, depth);
      any_whole |= input != ValueId::kNone;
      if (input == ValueId::kNone) input = broadcast(operands, parts);
      if (input == ValueId::kNone) return ValueId::kNone;
      inputs.push_back(input);
    }
    return any_whole ? rewriter_.add(first->op, std::move(inputs)) : ValueId::kNone;
  }

 private:
  Dim dim_along(ValueId id) const {
    const ShapeFact& shape = rewriter_.fact(id).shape;
    if (!shape.rank_known()) return {};
    return axis_ + shape.rank() < rank_ ? Dim(1) : shape[axis_ + shape.rank() - rank_];
  }

  /// What `operands` are all parts of, each as long as the result that it goes into.
  ValueId whole(const ValueIds& operands, const ValueIds& results, int depth) {
    for (std::size_t i = 0; i < operands.size(); ++i) {
      const ShapeFact& shape = rewriter_.fact(operands[i]).shape;
      const Dim dim = dim_along(results[i]);
      if (!shape.rank_known() || shape.rank() != rank_ || !dim.known() || shape[axis_] != dim) return ValueId::kNone;
    }
    const auto known = joined_.find({operands, axis_});
    if (known != joined_.end()) return known->second;
    const auto* split = rewriter_.producer_as<Split>(operands[0]);
    if (split == nullptr) return on_whole(operands, depth + 1);
    const Node& node = *rewriter_.producer(operands[0]);
    return node.outputs == operands && normalise_axis(split->axis, rank_) == axis_ ? node.inputs[0] : ValueId::kNone;
  }

  /// Operands that are repeated along the axis: one for all parts; or a number for each row and part, where parts are of one.
  ValueId broadcast(const ValueIds& operands, const ValueIds& results) {
    const bool same = std::ranges::all_of(operands, [&](ValueId id) { return id == operands[0]; });
    if (same) return dim_along(operands[0]).is(1) ? operands[0] : ValueId::kNone;
    ValueIds columns;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      const Fact& fact = rewriter_.fact(operands[i]);
      if (!fact.shape.rank_known() || !dim_along(results[i]).is(1) || fact.shape.rank() != rewriter_.fact(operands[0]).shape.rank()) return ValueId::kNone;
      for (std::size_t axis = 0; axis < fact.shape.rank(); ++axis) {
        const bool rows = axis == 0 && axis_ > 0 && fact.shape.rank() == rank_;
        if (!rows && !fact.shape[axis].is(1)) return ValueId::kNone;
        if (rows && fact.shape[0].known() != rewriter_.fact(operands[0]).shape[0].known()) return ValueId::kNone;
      }
      columns.push_back(fact.shape.rank() == rank_ ? operands[i] : with_rank(operands[i]));
    }
    return rewriter_.add(Concat{static_cast<std::int64_t>(axis_)}, std::move(columns));
  }

  ValueId with_rank(ValueId number) {
    const std::vector<std::int64_t> ones(rank_, 1);
    return rewriter_.add("reshape", {number, rewriter_.add_constant(Tensor::vector<std::int64_t>(ones))});
  }

  Rewriter& rewriter_;
  const Joined& joined_;
  std::size_t rank_;
  std::size_t axis_;
};

}  // namespace

/// Does to a whole what is done alike to all parts of it that are joined again.
///     a, b = split(x); concat(mul(a, c), mul(b, d))   =>   mul(x, concat(c, d)), where c and d are numbers
struct MergePartArithmetic {
  static constexpr std::string_view kName = "merge_part_arithmetic";
  static constexpr Stage kStage = Stage::kLayout;

  PartJoiner::Joined joined;

  Rewrite apply(Rewriter& rewriter, const Node& node) {
    const auto* concat = node.op.as<Concat>();
    const ShapeFact& shape = rewriter.fact(node.outputs[0]).shape;
    if (concat == nullptr || node.inputs.size() < 2 || !shape.rank_known()) return skip();
    const std::size_t axis = normalise_axis(concat->axis, shape.rank());
    const ValueId whole = PartJoiner(rewriter, joined, shape.rank(), axis).on_whole(node.inputs);
    joined[{node.inputs, axis}] = whole == ValueId::kNone ? node.outputs[0] : whole;
    return whole == ValueId::kNone ? Rewrite(skip()) : Rewriter::replace(node, whole);
  }
};
REGISTER_PASS(MergePartArithmetic);

}  // namespace temper
