#include "ops/arrays/reshape.h"
#include "passes/pass.h"

namespace temper {
namespace {

bool reshapes(const Node* node) {
  if (node == nullptr) return false;
  const std::string_view op = node->op.name();
  return op == "reshape" || op == "squeeze" || op == "expand_dims";
}

/// What a reshape to `shape` is to be told, where that says it: at most one dim is not known, and none is 0.
std::optional<Tensor> target_for(const ShapeFact& shape) {
  if (!shape.rank_known()) return std::nullopt;
  std::vector<std::int64_t> dims;
  for (const Dim& dim : shape.dims()) {
    if (dim.is(0)) return std::nullopt;
    dims.push_back(dim.known() ? dim.value() : -1);
  }
  if (std::ranges::count(dims, -1) > 1) return std::nullopt;
  return Tensor::vector<std::int64_t>(dims);
}

}  // namespace

/// Gives a value its last shape at once, and says it in one way: by a reshape to a constant shape with as few -1 as there can be.
/// Only what is not to be recognised any more is written so.
///     reshape(squeeze(reshape(x, a)), b)   =>   reshape(x, b)
///     expand_dims(x) {axis: 1}             =>   reshape(x, [-1, 1, 3]), where x is [?,3]
struct MergeReshapes {
  static constexpr std::string_view kName = "merge_reshapes";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (!reshapes(&node)) return skip();
    const auto target = target_for(rewriter.fact(node.outputs[0]).shape);
    if (!target) return skip("more than one dim of the result is not known, or one is 0");
    ValueId root = node.inputs[0];
    while (reshapes(rewriter.producer(root))) root = rewriter.producer(root)->inputs[0];
    const Tensor* shape = node.op.as<Reshape>() == nullptr ? nullptr : rewriter.constant(node.inputs[1]);
    if (root == node.inputs[0] && shape != nullptr && identical(*shape, *target)) return skip();
    return Rewriter::replace(node, rewriter.add(Reshape{}, {root, rewriter.add_constant(*target)}));
  }
};
REGISTER_PASS(MergeReshapes);

}  // namespace temper
