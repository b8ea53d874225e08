#include "ops/elementwise/cast.h"
#include "ops/image/resize.h"
#include "passes/pass.h"

namespace temper {
namespace {

bool is_exact_in_float(DType dtype) {
  return dtype == DType::kUInt8 || dtype == DType::kInt8 || dtype == DType::kUInt16 || dtype == DType::kInt16;
}

/// Whether `value` is one number, or one for each channel.
bool is_per_channel(const Fact& value) {
  if (!value.constant || value.constant->rank() > 4) return false;
  const Tensor& tensor = *value.constant;
  return tensor.elements() == 1 || (tensor.rank() > 0 && tensor.elements() == tensor.dim(tensor.rank() - 1));
}

/// Whether fewer elements come out than went in, or their number is bounded whatever goes in.
bool shrinks(const ShapeFact& in, const ShapeFact& out) {
  if (!out.rank_known() || out.rank() != 4 || !out[1].known() || !out[2].known()) return false;
  if (!in.rank_known() || !in[1].known() || !in[2].known()) return true;
  return out[1].value() * out[2].value() < in[1].value() * in[2].value();
}

}  // namespace

/// Resizes pictures before they are normalised: whole bytes are read instead of floats, and the arithmetic is done on
/// fewer pixels. Bilinear interpolation takes means, so a product with a number and a sum come to the same within
/// rounding.
///     resize_bilinear(mul(cast(x), 0.01), size)   =>   mul(resize_bilinear(x, size), 0.01), where size is known
struct HoistResizes {
  static constexpr std::string_view kName = "hoist_resizes";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.as<ResizeBilinear>() == nullptr) return skip();
    const Node* before = rewriter.producer(node.inputs[0]);
    if (before == nullptr) return skip();
    if (before->op.as<Cast>() != nullptr) {
      if (rewriter.fact(node.inputs[0]).dtype != DType::kFloat32 ||
          !is_exact_in_float(rewriter.fact(before->inputs[0]).dtype))
        return skip();
      return Rewriter::replace(node, rewriter.add(node.op, {before->inputs[0], node.inputs[1]}));
    }
    return past_arithmetic(rewriter, node, *before);
  }

 private:
  static Rewrite past_arithmetic(Rewriter& rewriter, const Node& node, const Node& before) {
    const std::string_view op = before.op.name();
    if (op != "mul" && op != "add" && op != "sub" && op != "div") return skip();
    if (rewriter.fact(node.inputs[0]).dtype != DType::kFloat32) return skip();
    const std::size_t picture = op == "div" || is_per_channel(rewriter.fact(before.inputs[1])) ? 0 : 1;
    if (!is_per_channel(rewriter.fact(before.inputs[1 - picture])))
      return skip("what is before it is not the same for all pixels");
    if (rewriter.use_count(node.inputs[0]) > 1) return skip("what is before it is used elsewhere");
    const ShapeFact& in = rewriter.fact(before.inputs[picture]).shape;
    if (!in.rank_known() || in.rank() != 4 || !in[3].known() || in[3] != rewriter.fact(node.outputs[0]).shape[3])
      return skip("its channels are not known");
    if (!shrinks(in, rewriter.fact(node.outputs[0]).shape)) return skip("it would be more work after it");
    ValueIds inputs = before.inputs;
    inputs[picture] = rewriter.add(node.op, {before.inputs[picture], node.inputs[1]});
    return Rewriter::replace(node, rewriter.add(before.op, std::move(inputs)));
  }
};
REGISTER_PASS(HoistResizes);

}  // namespace temper
