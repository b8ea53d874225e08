#include "ops/nn/layer_norm.h"
#include "passes/linear.h"
#include "passes/pattern.h"
#include "passes/product.h"
#include "passes/row_pattern.h"

namespace temper {
namespace {

/// 1 / sqrt(variance of x's rows + epsilon), or the root itself.
struct Deviation {
  ValueId x = ValueId::kNone;
  ValueId mean = ValueId::kNone;
  double epsilon = 0;
};

/// x and its mean, where `id` is x - mean.
std::optional<Deviation> as_centred(const Rewriter& rewriter, ValueId id) {
  const Node* sub = made_by(rewriter, id, "sub");
  if (sub == nullptr || as_row_reduction(rewriter, sub->inputs[1], "mean") != sub->inputs[0]) return std::nullopt;
  return Deviation{sub->inputs[0], sub->inputs[1]};
}

/// `id` is root(mean((x - mean)^2) + epsilon).
std::optional<Deviation> as_deviation(const Rewriter& rewriter, ValueId id, std::string_view root_op) {
  const Node* root = made_by(rewriter, id, root_op);
  const auto sum = root == nullptr ? std::nullopt : with_number(rewriter, root->inputs[0], "add");
  const ValueId squares = sum ? as_row_reduction(rewriter, sum->x, "mean") : ValueId::kNone;
  if (squares == ValueId::kNone) return std::nullopt;
  std::optional<Deviation> found;
  if (const Node* difference = made_by(rewriter, squares, "squared_difference")) {
    for (const std::size_t side : {0U, 1U}) {
      const ValueId x = difference->inputs[side];
      if (as_row_reduction(rewriter, difference->inputs[1 - side], "mean") == x) found = Deviation{x, difference->inputs[1 - side]};
    }
  } else if (const ValueId centred = as_square(rewriter, squares); centred != ValueId::kNone) {
    found = as_centred(rewriter, centred);
  }
  if (found) found->epsilon = sum->number;
  return found;
}

/// The product of constants, one for each channel; nothing where another factor is among them.
std::optional<std::vector<double>> per_channel_product(const Rewriter& rewriter, const Product& product, const ValueIds& beside, const Dim& channels, std::size_t rank) {
  std::vector<double> all(channels.known() ? static_cast<std::size_t>(channels.value()) : 0, product.scale);
  for (const ValueId factor : product.factors) {
    if (std::ranges::find(beside, factor) != beside.end()) continue;
    const auto numbers = per_channel(rewriter, factor, channels, rank);
    if (!numbers) return std::nullopt;
    for (std::size_t i = 0; i < all.size(); ++i) all[i] *= (*numbers)[i];
  }
  return channels.known() ? std::optional(all) : std::nullopt;
}

}  // namespace

/// Recognises rows less their mean, by their deviation, with the scale and offset of each channel that follow.
///     d = sub(x, mean(x)); mul(d, rsqrt(add(mean(square(d)), 1e-3)))                     =>   layer_norm(x, 1, 0)
///     i = mul(rsqrt(...), scale); add(mul(x, i), sub(offset, mul(mean(x), i)))           =>   layer_norm(x, scale, offset)
///     add(mul(layer_norm(x, 1, 0), scale), offset)                                       =>   layer_norm(x, scale, offset)
struct RaiseLayerNorm {
  static constexpr std::string_view kName = "raise_layer_norm";
  static constexpr Stage kStage = Stage::kRaise;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const std::string_view op = node.op.name();
    if (op != "mul" && op != "div" && op != "add") return skip();
    const Fact& fact = rewriter.fact(node.outputs[0]);
    if (fact.dtype != DType::kFloat32 || !fact.shape.rank_known() || fact.shape.rank() == 0 || !fact.shape.dims().back().known()) return skip();
    if (op == "add") return sum(rewriter, node, fact);
    if (const auto found = op == "div" ? as_deviation(rewriter, node.inputs[1], "sqrt") : std::nullopt) {
      const auto centred = as_centred(rewriter, node.inputs[0]);
      if (!centred || centred->x != found->x) return skip("what is divided by a deviation is not what deviates");
      return replace(rewriter, node, *found, {}, {});
    }
    return op == "mul" ? product(rewriter, node, fact) : skip();
  }

 private:
  static std::size_t channels_of(const Fact& fact) { return static_cast<std::size_t>(fact.shape.dims().back().value()); }

  static Rewrite replace(Rewriter& rewriter, const Node& node, const Deviation& found, std::vector<double> scale, std::vector<double> offset) {
    const std::size_t channels = channels_of(rewriter.fact(node.outputs[0]));
    const ShapeFact& shape = rewriter.fact(found.x).shape;
    if (!shape.rank_known() || shape.rank() != rewriter.fact(node.outputs[0]).shape.rank() || !shape.dims().back().is(static_cast<std::int64_t>(channels))) return skip("the result is of another shape");
    scale.resize(channels, 1.0);
    offset.resize(channels, 0.0);
    return Rewriter::replace(node, rewriter.add(LayerNorm{static_cast<float>(found.epsilon)}, {found.x, rewriter.add_constant(rounded(scale)), rewriter.add_constant(rounded(offset))}));
  }

  static Rewrite product(Rewriter& rewriter, const Node& node, const Fact& fact) {
    const Dim& channels = fact.shape.dims().back();
    for (const std::size_t side : {0U, 1U}) {
      const auto* norm = rewriter.producer_as<LayerNorm>(node.inputs[side]);
      if (norm == nullptr || rewriter.use_count(node.inputs[side]) > 1) continue;
      const auto scale = vector_of(rewriter, node.inputs[1 - side], fact);
      if (scale) return scaled(rewriter, node, *norm, *rewriter.producer(node.inputs[side]), *scale, {});
    }
    const Product all = as_product(rewriter, node.outputs[0]);
    for (const ValueId factor : all.factors) {
      const auto found = as_deviation(rewriter, factor, "rsqrt");
      if (!found) continue;
      for (const ValueId other : all.factors) {
        const auto centred = as_centred(rewriter, other);
        if (!centred || centred->x != found->x) continue;
        const auto scale = per_channel_product(rewriter, all, {factor, other}, channels, fact.shape.rank());
        if (!scale) return skip("what a layer's norm is multiplied by is not one constant for each channel");
        return replace(rewriter, node, *found, *scale, {});
      }
    }
    return skip();
  }

  static Rewrite sum(Rewriter& rewriter, const Node& node, const Fact& fact) {
    for (const std::size_t side : {0U, 1U}) {
      const ValueId first = node.inputs[side];
      if (const auto* norm = rewriter.producer_as<LayerNorm>(first); norm != nullptr && rewriter.use_count(first) == 1) {
        const auto offset = vector_of(rewriter, node.inputs[1 - side], fact);
        if (offset) return scaled(rewriter, node, *norm, *rewriter.producer(first), {}, *offset);
      }
      const Node* mul = made_by(rewriter, first, "mul");
      const Node* sub = made_by(rewriter, node.inputs[1 - side], "sub");
      const Node* shift = sub == nullptr ? nullptr : made_by(rewriter, sub->inputs[1], "mul");
      if (mul == nullptr || shift == nullptr) continue;
      const auto offset = per_channel(rewriter, sub->inputs[0], fact.shape.dims().back(), fact.shape.rank());
      for (const std::size_t which : {0U, 1U}) {
        const ValueId inverse = mul->inputs[which];
        if (shift->inputs[0] != inverse && shift->inputs[1] != inverse) continue;
        const Product all = as_product(rewriter, inverse);
        for (const ValueId factor : all.factors) {
          const auto found = as_deviation(rewriter, factor, "rsqrt");
          const ValueId mean = shift->inputs[shift->inputs[0] == inverse ? 1 : 0];
          if (!found || found->x != mul->inputs[1 - which] || found->mean != mean) continue;
          const auto scale = per_channel_product(rewriter, all, {factor}, fact.shape.dims().back(), fact.shape.rank());
          if (!scale || !offset) return skip("a layer's scale and offset are not one constant for each channel");
          return replace(rewriter, node, *found, *scale, *offset);
        }
      }
    }
    return skip();
  }

  /// A constant for each channel; one for all is left, for what larger groups may be recognised by.
  static std::optional<std::vector<double>> vector_of(const Rewriter& rewriter, ValueId id, const Fact& fact) {
    const Tensor* constant = rewriter.constant(id);
    return constant == nullptr || constant->elements() == 1 ? std::nullopt : per_channel(rewriter, id, fact.shape.dims().back(), fact.shape.rank());
  }

  static Rewrite scaled(Rewriter& rewriter, const Node& node, const LayerNorm& norm, const Node& inner, const std::vector<double>& by, const std::vector<double>& add) {
    const Dim channels(static_cast<std::int64_t>(std::max(by.size(), add.size())));
    auto scale = per_channel(rewriter, inner.inputs[1], channels, 1);
    auto offset = per_channel(rewriter, inner.inputs[2], channels, 1);
    if (!scale || !offset) return skip("a layer's scale and offset are computed");
    for (std::size_t i = 0; i < scale->size(); ++i) {
      if (!by.empty()) (*scale)[i] *= by[i], (*offset)[i] *= by[i];
      if (!add.empty()) (*offset)[i] += add[i];
    }
    return replace(rewriter, node, {inner.inputs[0], ValueId::kNone, static_cast<double>(norm.epsilon)}, *scale, *offset);
  }
};
REGISTER_PASS(RaiseLayerNorm);

}  // namespace temper
