#include "ops/arrays/concat.h"
#include "ops/linalg/matmul.h"
#include "ops/nn/conv.h"
#include "passes/linear.h"

namespace temper {
namespace {

/// A convolution or product with constants that may take the filters of its neighbours.
std::optional<Linear> mergeable(const Rewriter& rewriter, ValueId id) {
  const auto linear = as_linear(rewriter, rewriter.producer(id));
  if (!linear || rewriter.use_count(id) != 1 || linear->has_residual || !linear->channels.known()) return std::nullopt;
  const auto* conv = linear->node->op.as<Conv>();
  const auto* matmul = linear->node->op.as<MatMul>();
  if (conv == nullptr ? matmul == nullptr || matmul->transpose_b : conv->groups != 1) return std::nullopt;
  for (std::size_t i = 1; i < linear->node->inputs.size(); ++i) {
    if (rewriter.constant(linear->node->inputs[i]) == nullptr) return std::nullopt;
  }
  return linear;
}

/// Whether both do the same to the same input, with other filters of the same extent.
bool alike(const Rewriter& rewriter, const Linear& a, const Linear& b) {
  const Tensor& x = *rewriter.constant(a.node->inputs[1]);
  const Tensor& y = *rewriter.constant(b.node->inputs[1]);
  if (a.node->op.name() != b.node->op.name() || a.node->inputs[0] != b.node->inputs[0] || x.rank() != y.rank()) return false;
  return identical(a.node->op.attributes(), b.node->op.attributes()) && x.dtype() == y.dtype() &&
         std::ranges::equal(x.shape().dims().first(x.rank() - 1), y.shape().dims().first(y.rank() - 1));
}

Tensor joined(const Rewriter& rewriter, std::span<const Linear> all, std::size_t input) {
  Tensors parts;
  for (const Linear& linear : all) parts.push_back(*rewriter.constant(linear.node->inputs[input]));
  return Concat{-1}.reference(parts)[0];
}

}  // namespace

/// Computes at once what several convolutions or products make of one input, where their outputs are neighbours in a concatenation
/// of channels and go nowhere else: the input is read once, and nothing is copied together. That pays whatever their sizes.
/// Convolutions whose results go different ways are left: of one result's channels each would have to copy its own out again, in strides,
/// which costs more than a second reading of the input (box and class predictors of an SSD: 0.15 ms for all box predictors by
/// themselves, against 1.4 MB to copy and the loss of joining in place).
///     concat(conv(x, a), conv(x, b)) {axis: -1}   =>   conv(x, a with b)
struct MergeJoinedConvs {
  static constexpr std::string_view kName = "merge_joined_convs";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const auto* concat = node.op.as<Concat>();
    const ShapeFact& shape = rewriter.fact(node.outputs[0]).shape;
    if (concat == nullptr || !shape.rank_known() || normalise_axis(concat->axis, shape.rank()) + 1 != shape.rank()) return skip();
    ValueIds inputs;
    for (std::size_t i = 0; i < node.inputs.size();) {
      std::vector<Linear> run;
      for (std::size_t k = i; k < node.inputs.size(); ++k) {
        const auto next = mergeable(rewriter, node.inputs[k]);
        if (!next || (!run.empty() && !alike(rewriter, run.front(), *next))) break;
        run.push_back(*next);
      }
      inputs.push_back(run.size() < 2 ? node.inputs[i] : merged(rewriter, run));
      i += std::max<std::size_t>(run.size(), 1);
    }
    if (inputs.size() == node.inputs.size()) return skip();
    if (inputs.size() == 1) return Rewriter::replace(node, inputs[0]);
    return Rewriter::replace(node, rewriter.add(node.op, std::move(inputs)));
  }

  static ValueId merged(Rewriter& rewriter, std::span<const Linear> run) {
    ValueIds inputs{run.front().node->inputs[0]};
    for (std::size_t i = 1; i < run.front().node->inputs.size(); ++i) inputs.push_back(rewriter.add_constant(joined(rewriter, run, i)));
    return rewriter.add(run.front().node->op, std::move(inputs));
  }
};
REGISTER_PASS(MergeJoinedConvs);

}  // namespace temper
