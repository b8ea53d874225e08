#include "ir/constant.h"
#include "ops/evaluate.h"
#include "passes/pass.h"

namespace temper {
namespace {

/// A constant may grow this much beyond the largest that it is made from: more is left for the run.
constexpr std::int64_t kGrowthElements = std::int64_t{1} << 20;

bool grows_too_much(const Rewriter& rewriter, const Node& node) {
  std::int64_t largest = 0;
  for (const ValueId input : node.inputs) largest = std::max(largest, rewriter.constant(input)->elements());
  return std::ranges::any_of(node.outputs, [&](ValueId output) {
    const Dim elements = rewriter.fact(output).shape.elements();
    return elements.known() && elements.value() > largest + kGrowthElements;
  });
}

}  // namespace

/// Evaluates what depends on constants alone, and what is known without its inputs (the shape of a tensor of known shape).
///     add(constant a, constant b)   =>   constant a + b
struct FoldConstants {
  static constexpr std::string_view kName = "fold_constants";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.as<Constant>() != nullptr || !node.op.pure() || !node.regions.empty()) return skip();
    ValueIds known;
    for (const ValueId output : node.outputs) {
      if (rewriter.fact(output).dtype == DType::kList) return skip();
      if (const Tensor* constant = rewriter.constant(output)) known.push_back(rewriter.add_constant(*constant));
    }
    if (!known.empty() && known.size() == node.outputs.size()) return Rewriter::replace(node, known);
    if (node.inputs.empty()) return skip();
    Tensors inputs;
    for (const ValueId input : node.inputs) {
      const Tensor* constant = rewriter.constant(input);
      if (constant == nullptr) return skip();
      inputs.push_back(*constant);
    }
    if (grows_too_much(rewriter, node)) return skip("the constant would be much larger than what it is made from");
    ValueIds outputs;
    for (Tensor& tensor : evaluate_node(node, inputs)) outputs.push_back(rewriter.add_constant(std::move(tensor)));
    return Rewriter::replace(node, outputs);
  }
};
REGISTER_PASS(FoldConstants);

}  // namespace temper
