#include "passes/counts.h"

namespace temper {
namespace {

/// Whether a value is entry `axis` of the shape of `root`, written as this pass writes it.
bool is_entry(const Rewriter& rewriter, const Node& node, const Count& count) {
  if (node.op.name() != "strided_slice") return false;
  const Node* shape = rewriter.producer(node.inputs[0]);
  return shape != nullptr && shape->op.name() == "shape" && shape->inputs[0] == count.root;
}

}  // namespace

/// Reads a size from where it comes: what is picked from a shape, put together with others and picked again.
///     strided_slice(shape(relu(x)), [1])   =>   strided_slice(shape(x), [1])
struct HoistDims {
  static constexpr std::string_view kName = "hoist_dims";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const std::string_view op = node.op.name();
    if (op == "shape") return shape(rewriter, node);
    if (op != "strided_slice" && op != "unpack") return skip();
    Patch patch;
    for (const ValueId output : node.outputs) {
      const Fact& fact = rewriter.fact(output);
      if (rewriter.use_count(output) == 0 || fact.constant || !fact.shape.rank_known() || fact.shape.rank() > 0)
        continue;
      if (fact.dtype != DType::kInt32 && fact.dtype != DType::kInt64) continue;
      const Count count = count_of(rewriter, output);
      if (count.root == output || !count.whole() || is_entry(rewriter, node, count)) continue;
      patch.replacements.emplace_back(output, write(rewriter, count, fact.dtype));
    }
    return patch.replacements.empty() ? Rewrite(skip()) : Rewrite(std::move(patch));
  }

 private:
  /// The shape of a value that is traced to have all dims of another.
  static Rewrite shape(Rewriter& rewriter, const Node& node) {
    const ShapeFact& known = rewriter.fact(node.inputs[0]).shape;
    if (!known.rank_known() || known.known()) return skip();
    ValueId root = ValueId::kNone;
    for (std::size_t axis = 0; axis < known.rank(); ++axis) {
      const Count count = dim_of(rewriter, node.inputs[0], axis);
      if (count.number) continue;
      if (!count.whole() || count.axis != static_cast<std::int64_t>(axis) || (root != ValueId::kNone && root != count.root))
        return skip();
      root = count.root;
    }
    if (root == ValueId::kNone || root == node.inputs[0]) return skip();
    const ShapeFact& from = rewriter.fact(root).shape;
    if (!from.rank_known() || from.rank() != known.rank()) return skip();
    for (std::size_t axis = 0; axis < known.rank(); ++axis) {
      if (known[axis].known() && known[axis] != from[axis]) return skip();
    }
    return Rewriter::replace(node, rewriter.add(node.op, {root}));
  }

  static ValueId write(Rewriter& rewriter, const Count& count, DType dtype) {
    if (count.number || count.axis < 0) {
      const ValueId value = count.number ? rewriter.add_constant(Tensor::scalar(*count.number)) : count.root;
      return rewriter.fact(value).dtype == dtype ? value : rewriter.add("cast", {value}, {{"dtype", dtype}});
    }
    const auto at = [&](std::int64_t i) {
      const auto entry = static_cast<std::int32_t>(i);
      return rewriter.add_constant(Tensor::from<std::int32_t>(Shape{1}, {&entry, 1}));
    };
    const ValueId shape = rewriter.add("shape", {count.root}, {{"dtype", dtype}});
    return rewriter.add("strided_slice", {shape, at(count.axis), at(count.axis + 1), at(1)},
                        {{"shrink_axis_mask", std::int64_t{1}}});
  }
};
REGISTER_PASS(HoistDims);

}  // namespace temper
