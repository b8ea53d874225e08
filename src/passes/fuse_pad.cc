#include "ops/arrays/pad.h"
#include "ops/nn/conv.h"
#include "passes/pass.h"

namespace temper {
namespace {

/// Zeros before and after each spatial dim; nullopt where other dims are padded, or by something else than zero.
std::optional<std::vector<std::int64_t>> zeros_around(const Rewriter& rewriter, const Node& node) {
  if (node.op.as<Pad>()->mode != PadMode::kConstant) return std::nullopt;
  const Tensor* paddings = rewriter.constant(node.inputs[1]);
  if (paddings == nullptr || paddings->rank() != 2 || paddings->dim(0) < 3) return std::nullopt;
  if (node.inputs.size() > 2) {
    const Tensor* value = rewriter.constant(node.inputs[2]);
    if (value == nullptr || value->elements() != 1 || value->to_double("the value") != 0) return std::nullopt;
  }
  std::vector<std::int64_t> all = paddings->to_int64s();
  const auto is_zero = [](std::int64_t n) { return n == 0; };
  if (!std::all_of(all.begin(), all.begin() + 2, is_zero) || !std::all_of(all.end() - 2, all.end(), is_zero)) return std::nullopt;
  return std::vector<std::int64_t>(all.begin() + 2, all.end() - 2);
}

}  // namespace

/// Lets a convolution read beyond its input instead of writing zeros around it.
///     conv(pad(x), filter) {padding: valid}   =>   conv(x, filter) {padding: explicit, pads}
struct FusePad {
  static constexpr std::string_view kName = "fuse_pad";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const auto* conv = node.op.as<Conv>();
    if (conv == nullptr || rewriter.producer_as<Pad>(node.inputs[0]) == nullptr) return skip();
    const Node& pad = *rewriter.producer(node.inputs[0]);
    if (conv->padding != Padding::kValid && conv->padding != Padding::kExplicit) return skip("the padding depends on the input's size");
    const auto zeros = zeros_around(rewriter, pad);
    if (!zeros) return skip("what is padded is not zeros around spatial dims");
    Conv wider = *conv;
    wider.padding = Padding::kExplicit;
    wider.pads = *zeros;
    if (conv->padding == Padding::kExplicit) {
      if (conv->pads.size() != zeros->size()) return skip("the pads do not fit");
      std::ranges::transform(wider.pads, conv->pads, wider.pads.begin(), std::plus());
    }
    ValueIds inputs = node.inputs;
    inputs[0] = pad.inputs[0];
    return Rewriter::replace(node, rewriter.add(std::move(wider), std::move(inputs)));
  }
};
REGISTER_PASS(FusePad);

}  // namespace temper
