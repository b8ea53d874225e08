#include <cmath>

#include "passes/product.h"

namespace temper {

/// Recognises relu6(x + 3) / 6.
///     mul(relu6(add(x, 3)), 0.1667)   =>   hard_sigmoid(x)
struct RaiseHardSigmoid {
  static constexpr std::string_view kName = "raise_hard_sigmoid";
  static constexpr Stage kStage = Stage::kRaise;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.name() != "mul" && node.op.name() != "div") return skip();
    const Product product = as_product(rewriter, node.outputs[0]);
    if (product.factors.size() != 1) return skip();
    const Node* relu6 = rewriter.producer(product.factors[0]);
    if (relu6 == nullptr || relu6->op.name() != "relu6") return skip();
    const Node* add = rewriter.producer(relu6->inputs[0]);
    if (add == nullptr || add->op.name() != "add") return skip();
    const auto x = beside(rewriter, *add, 3);
    if (!x) return skip("the shift is not 3");
    // To the precision of floats: a 1/6 rounded to half precision is what the model means by itself.
    if (std::abs(6 * product.scale - 1) > 0x1p-22) return skip("the scale is not 1/6");
    return Rewriter::replace(node, rewriter.add("hard_sigmoid", {*x}));
  }
};
REGISTER_PASS(RaiseHardSigmoid);

}  // namespace temper
