#include "ops/nn/softmax.h"
#include "ops/reduce/reductions.h"
#include "passes/pass.h"

namespace temper {
namespace {

/// The axis along which `id` is a T (a sum, a maximum) of `of` that keeps its dims; nothing where it is something else.
template <class T>
std::optional<std::int64_t> reduced_axis(const Rewriter& rewriter, ValueId id, ValueId of) {
  const auto* reduction = rewriter.producer_as<T>(id);
  const Node* node = rewriter.producer(id);
  if (reduction == nullptr || node->inputs.size() != 1 || node->inputs[0] != of) return std::nullopt;
  const ShapeFact& shape = rewriter.fact(of).shape;
  if (!reduction->keep_dims || reduction->axes.size() != 1 || !shape.rank_known()) return std::nullopt;
  return static_cast<std::int64_t>(normalise_axis(reduction->axes[0], shape.rank()));
}

const Node* producer_of(const Rewriter& rewriter, ValueId id, std::string_view op) {
  const Node* node = rewriter.producer(id);
  return node != nullptr && node->op.name() == op ? node : nullptr;
}

/// x where `id` is x - max(x) along `axis`; `id` itself where it is anything else, which has the same softmax.
ValueId unshifted(const Rewriter& rewriter, ValueId id, std::int64_t axis) {
  const Node* sub = producer_of(rewriter, id, "sub");
  if (sub == nullptr) return id;
  return reduced_axis<Max>(rewriter, sub->inputs[1], sub->inputs[0]) == axis ? sub->inputs[0] : id;
}

}  // namespace

/// Recognises the exponentials' shares of their sum, with or without the greatest taken away first, and the logarithms of these.
///     e = exp(sub(x, max(x))); div(e, sum(e))                  =>   softmax(x)
///     s = sub(x, max(x)); sub(s, log(sum(exp(s))))             =>   log_softmax(x)
struct RaiseSoftmax {
  static constexpr std::string_view kName = "raise_softmax";
  static constexpr Stage kStage = Stage::kRaise;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.name() == "div") {
      const Node* exp = producer_of(rewriter, node.inputs[0], "exp");
      if (exp == nullptr) return skip();
      const auto axis = reduced_axis<Sum>(rewriter, node.inputs[1], node.inputs[0]);
      if (!axis) return skip("the divisor is not the exponentials' sum along one axis");
      return Rewriter::replace(node, rewriter.add(Softmax{*axis}, {unshifted(rewriter, exp->inputs[0], *axis)}));
    }
    if (node.op.name() != "sub") return skip();
    const Node* log = producer_of(rewriter, node.inputs[1], "log");
    const Node* sum = log == nullptr ? nullptr : producer_of(rewriter, log->inputs[0], "sum");
    const Node* exp = sum == nullptr ? nullptr : producer_of(rewriter, sum->inputs[0], "exp");
    if (exp == nullptr || exp->inputs[0] != node.inputs[0]) return skip();
    const auto axis = reduced_axis<Sum>(rewriter, log->inputs[0], sum->inputs[0]);
    if (!axis) return skip("the sum is not along one axis that is kept");
    return Rewriter::replace(node, rewriter.add(LogSoftmax{*axis}, {unshifted(rewriter, node.inputs[0], *axis)}));
  }
};
REGISTER_PASS(RaiseSoftmax);

}  // namespace temper
