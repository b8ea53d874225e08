#include "ops/arrays/reshape.h"
#include "passes/partial.h"

namespace temper {
namespace {

bool reshapes(const Node* node) {
  if (node == nullptr) return false;
  const std::string_view op = node->op.name();
  return op == "reshape" || op == "squeeze" || op == "expand_dims";
}

}  // namespace

/// Gives a value its last shape at once, and writes it in one way where it can be said before the run: as a constant with as few
/// -1 as there can be. At most one dim may be unknown.
///     expand_dims(squeeze(x))   =>   reshape(x, [-1, 1, 3])
///     squeeze(x)                =>   reshape(x, [-1, 3]), where x is [?,1,3]
///     reshape(x, [-1, 8])       =>   reshape(x, [3, 8]), where x is [2,3,4]
struct MergeReshapes {
  static constexpr std::string_view kName = "merge_reshapes";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (!reshapes(&node)) return skip();
    const bool reshape = node.op.as<Reshape>() != nullptr;
    ValueId root = node.inputs[0];
    while (reshapes(rewriter.producer(root))) root = rewriter.producer(root)->inputs[0];
    const auto target = reshape_target(rewriter.fact(node.outputs[0]).shape);
    if (!target) return skip("more than one dim of the result is not known, or one is 0");
    const Tensor* shape = reshape ? rewriter.constant(node.inputs[1]) : nullptr;
    if (root == node.inputs[0] && shape != nullptr && identical(*shape, *target)) return skip();
    return Rewriter::replace(node, rewriter.add(Reshape{}, {root, rewriter.add_constant(*target)}));
  }
};
REGISTER_PASS(MergeReshapes);

}  // namespace temper
