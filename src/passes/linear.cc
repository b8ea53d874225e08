#include "passes/linear.h"

#include <array>

#include "ops/linalg/matmul.h"
#include "ops/nn/conv.h"
#include "ops/nn/conv_transpose.h"
#include "ops/registry.h"

namespace temper {
namespace {

constexpr std::array<std::string_view, 4> kArithmetic = {"add", "sub", "mul", "div"};
constexpr int kFurthest = 16;

Dim dim_from_end(const Fact& fact, std::size_t from_end) {
  if (!fact.shape.rank_known() || fact.shape.rank() < from_end) return {};
  return fact.shape[fact.shape.rank() - from_end];
}

template <class T>
Linear common(const Node& node, const T& op, std::size_t filter, std::size_t bias) {
  return {&node, filter, bias, op.has_bias, op.has_residual, op.activation, {}};
}

}  // namespace

std::optional<Linear> as_linear(const Rewriter& rewriter, const Node* node) {
  if (node == nullptr) return std::nullopt;
  if (const auto* conv = node->op.as<Conv>()) {
    Linear linear = common(*node, *conv, 1, 2);
    linear.channels = dim_from_end(rewriter.fact(node->inputs[1]), 1);
    return linear;
  }
  if (const auto* conv = node->op.as<ConvTranspose>()) {
    Linear linear = common(*node, *conv, 1, 3);
    const Dim group = dim_from_end(rewriter.fact(node->inputs[1]), 2);
    if (group.known()) linear.channels = group.value() * conv->groups;
    return linear;
  }
  if (const auto* matmul = node->op.as<MatMul>()) {
    Linear linear = common(*node, *matmul, 1, 2);
    linear.channels = dim_from_end(rewriter.fact(node->inputs[1]), matmul->transpose_b ? 2 : 1);
    return linear;
  }
  return std::nullopt;
}

Op with_attributes(const Op& op, const Attributes& changes) {
  Attributes attributes = op.attributes();
  for (const auto& [name, value] : changes) {
    for (auto& [mine, old] : attributes) {
      if (mine == name) old = value;
    }
  }
  return op_registry().make(op.name(), attributes);
}

std::optional<std::vector<double>> per_channel(const Rewriter& rewriter, ValueId value, const Dim& channels,
                                               std::size_t rank) {
  const Tensor* constant = rewriter.constant(value);
  if (constant == nullptr || constant->dtype() != DType::kFloat32 || !channels.known()) return std::nullopt;
  const Shape& shape = constant->shape();
  if (shape.rank() > rank || constant->elements() == 0) return std::nullopt;
  if (constant->elements() > 1 && (shape[shape.rank() - 1] != channels.value() || constant->elements() != channels.value())) {
    return std::nullopt;
  }
  const auto numbers = constant->data<float>();
  std::vector<double> all(static_cast<std::size_t>(channels.value()), numbers[0]);
  if (constant->elements() > 1) std::ranges::copy(numbers, all.begin());
  return all;
}

Tensor scaled_filter(const Linear& linear, const Tensor& filter, std::span<const double> scale) {
  Tensor out(DType::kFloat32, filter.shape());
  const auto from = filter.data<float>();
  const auto to = out.mutable_data<float>();
  const std::size_t rank = filter.rank();
  const auto columns = static_cast<std::size_t>(filter.dim(rank - 1));
  const auto rows = static_cast<std::size_t>(filter.dim(rank - 2));
  const auto* transpose = linear.node->op.as<ConvTranspose>();
  const auto* matmul = linear.node->op.as<MatMul>();
  const std::size_t group_columns = transpose == nullptr ? 1 : columns / static_cast<std::size_t>(transpose->groups);
  const bool by_row = matmul != nullptr && matmul->transpose_b;
  for (std::size_t begin = 0, row = 0; begin < from.size(); begin += columns, row = row + 1 == rows ? 0 : row + 1) {
    for (std::size_t column = 0; column < columns; ++column) {
      std::size_t channel = by_row ? row : column;
      if (transpose != nullptr) channel = column / group_columns * rows + row;
      to[begin + column] = static_cast<float>(from[begin + column] * scale[channel]);
    }
  }
  return out;
}

std::optional<std::vector<std::size_t>> input_channels(const Linear& linear, const Tensor& filter) {
  const auto* conv = linear.node->op.as<Conv>();
  const auto* matmul = linear.node->op.as<MatMul>();
  if ((conv == nullptr && (matmul == nullptr || matmul->transpose_a)) || filter.rank() < 2) return std::nullopt;
  const auto columns = static_cast<std::size_t>(filter.dim(filter.rank() - 1));
  const auto rows = static_cast<std::size_t>(filter.dim(filter.rank() - 2));
  const auto groups = conv == nullptr ? 1 : static_cast<std::size_t>(conv->groups);
  const std::size_t group_columns = std::max<std::size_t>(columns / groups, 1);
  const bool transposed = matmul != nullptr && matmul->transpose_b;
  std::vector<std::size_t> channels(static_cast<std::size_t>(filter.elements()));
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const std::size_t row = i / columns % rows;
    const std::size_t column = i % columns;
    channels[i] = transposed ? column : column / group_columns * rows + row;
  }
  return channels;
}

bool takes_arithmetic(const Rewriter& rewriter, ValueId value) {
  for (int distance = 0; distance < kFurthest && rewriter.use_count(value) == 1; ++distance) {
    const Node* node = rewriter.producer(value);
    if (const auto linear = as_linear(rewriter, node)) return linear->plain();
    if (node == nullptr || std::ranges::find(kArithmetic, node->op.name()) == kArithmetic.end()) return false;
    const std::size_t side = rewriter.constant(node->inputs[1]) != nullptr ? 0 : 1;
    if (rewriter.constant(node->inputs[1 - side]) == nullptr) return false;
    value = node->inputs[side];
  }
  return false;
}

Tensor rounded(std::span<const double> values) {
  Tensor out(DType::kFloat32, Shape{static_cast<std::int64_t>(values.size())});
  std::ranges::transform(values, out.mutable_data<float>().begin(), [](double v) { return static_cast<float>(v); });
  return out;
}

}  // namespace temper
