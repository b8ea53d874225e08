#include "passes/same_shape.h"

#include <array>

#include "ops/nn/conv.h"
#include "ops/nn/pool.h"

namespace temper {
namespace {

/// A window makes floor((n + offset) / stride) + 1 outputs of n inputs.
struct Step {
  std::int64_t offset = -1;
  std::int64_t stride = 1;
  bool operator==(const Step&) const = default;
  bool keeps_size() const { return stride == 1 && offset == -1; }
};

/// A value's spatial dims, as what windows make of those of `root`; a list of steps for each of up to three dims.
struct Origin {
  ValueId root;
  std::array<std::vector<Step>, 3> steps;
  bool operator==(const Origin&) const = default;
};

/// Far enough for any block of layers.
constexpr int kFurthest = 200;

Step step_of(const WindowRule& rule, std::size_t axis, std::int64_t kernel) {
  const std::int64_t stride = rule.strides.empty() ? 1 : rule.strides[axis];
  if (rule.padding == Padding::kSame || rule.padding == Padding::kSameLower) return {-1, stride};
  const std::int64_t dilation = rule.dilations.empty() ? 1 : rule.dilations[axis];
  const bool padded = rule.padding == Padding::kExplicit;
  const std::int64_t pads = padded ? rule.pads[2 * axis] + rule.pads[2 * axis + 1] : 0;
  return {pads - (kernel - 1) * dilation - 1, stride};
}

/// False where the kernel's size is not known.
bool add_steps(Origin& origin, const WindowRule& rule, std::span<const Dim> kernel) {
  for (std::size_t axis = 0; axis < kernel.size() && axis < 3; ++axis) {
    if (!kernel[axis].known()) return false;
    const Step step = step_of(rule, axis, kernel[axis].value());
    if (!step.keeps_size()) origin.steps[axis].push_back(step);
  }
  return true;
}

/// The value whose spatial dims determine those of the node's output, with the node's steps added; kNone where none does.
ValueId go_back(const Rewriter& rewriter, const Node& node, Origin& origin) {
  if (const auto* conv = node.op.as<Conv>()) {
    if (conv->has_residual) return node.inputs.back();
    const ShapeFact& filter = rewriter.fact(node.inputs[1]).shape;
    if (!filter.rank_known() || filter.rank() < 3) return ValueId::kNone;
    return add_steps(origin, conv->rule(), std::span(filter.dims()).first(filter.rank() - 2)) ? node.inputs[0] : ValueId::kNone;
  }
  const auto pooled = [&](const auto& pool) {
    const std::vector<Dim> kernel(pool.kernel.begin(), pool.kernel.end());
    return add_steps(origin, pool.rule(), kernel) ? node.inputs[0] : ValueId::kNone;
  };
  if (const auto* pool = node.op.as<MaxPool>()) return pooled(*pool);
  if (const auto* pool = node.op.as<AvgPool>()) return pooled(*pool);
  Activation activation = Activation::kNone;
  if (from_attribute(Attribute(std::string(node.op.name())), activation)) return node.inputs[0];
  if (node.op.name() == "batch_norm" || node.op.name() == "identity") return node.inputs[0];
  return ValueId::kNone;
}

Origin origin_of(const Rewriter& rewriter, ValueId value) {
  Origin origin{value, {}};
  for (int distance = 0; distance < kFurthest; ++distance) {
    const Node* node = rewriter.producer(origin.root);
    if (node == nullptr) break;
    Origin further = origin;
    further.root = go_back(rewriter, *node, further);
    if (further.root == ValueId::kNone) break;
    origin = std::move(further);
  }
  for (auto& steps : origin.steps) std::ranges::reverse(steps);
  return origin;
}

/// The product of all dims but the first; unknown where one of these is.
Dim elements_each(const Fact& fact) {
  if (!fact.shape.rank_known() || fact.shape.rank() == 0) return {};
  const auto& dims = fact.shape.dims();
  return ShapeFact(std::vector<Dim>(dims.begin() + 1, dims.end())).elements();
}

constexpr std::array<std::string_view, 9> kKeepFirstDim = {"conv", "max_pool", "avg_pool", "batch_norm", "identity",
                                                           "cast", "softmax", "resize_bilinear", "resize_nearest"};

/// The input whose first dim the node's output has; kNone where none is known to.
ValueId gives_first_dim(const Rewriter& rewriter, const Node& node) {
  const std::string_view op = node.op.name();
  Activation activation = Activation::kNone;
  if (from_attribute(Attribute(std::string(op)), activation)) return node.inputs[0];
  if (op == "add" || op == "sub" || op == "mul" || op == "div") {
    for (const std::size_t side : {0U, 1U}) {
      const Tensor* other = rewriter.constant(node.inputs[1 - side]);
      const ShapeFact& shape = rewriter.fact(node.inputs[side]).shape;
      if (other != nullptr && shape.rank_known() && other->rank() < shape.rank()) return node.inputs[side];
    }
  }
  if (op == "reshape" || op == "squeeze" || op == "expand_dims") {
    const Dim each = elements_each(rewriter.fact(node.inputs[0]));
    const bool same = each.known() && each.value() > 0 && each == elements_each(rewriter.fact(node.outputs[0]));
    return same ? node.inputs[0] : ValueId::kNone;
  }
  return std::ranges::find(kKeepFirstDim, op) != kKeepFirstDim.end() ? node.inputs[0] : ValueId::kNone;
}

ValueId first_dim_root(const Rewriter& rewriter, ValueId value) {
  for (int distance = 0; distance < kFurthest; ++distance) {
    const Node* node = rewriter.producer(value);
    const ValueId further = node == nullptr ? ValueId::kNone : gives_first_dim(rewriter, *node);
    if (further == ValueId::kNone) break;
    value = further;
  }
  return value;
}

}  // namespace

bool same_first_dim(const Rewriter& rewriter, ValueId a, ValueId b) {
  return first_dim_root(rewriter, a) == first_dim_root(rewriter, b);
}

bool same_shape(const Rewriter& rewriter, ValueId a, ValueId b) {
  const ShapeFact& x = rewriter.fact(a).shape;
  const ShapeFact& y = rewriter.fact(b).shape;
  if (!x.rank_known() || !y.rank_known() || x.rank() != y.rank()) return false;
  if (x.known()) return x == y;
  const std::size_t rank = x.rank();
  if (rank < 3 || rank > 5 || !x[rank - 1].known() || x[rank - 1] != y[rank - 1]) return false;
  return origin_of(rewriter, a) == origin_of(rewriter, b);
}

}  // namespace temper
