#include "passes/partial.h"

#include <array>
#include <limits>

#include "ops/evaluate.h"

namespace temper {
namespace {

/// Far enough for what graphs write between a shape and its use.
constexpr int kFurthest = 10;
constexpr std::int64_t kMostElements = 32;

/// Operators that give elements of their first inputs in another order or selection; what comes after those must be constant.
struct Movement {
  std::string_view op;
  bool every_input = false;  ///< all inputs are moved
};
constexpr std::array<Movement, 12> kMovements = {{{"strided_slice"}, {"slice"}, {"gather"}, {"reshape"}, {"squeeze"}, {"expand_dims"},
                                                  {"identity"}, {"split"}, {"unpack"}, {"transpose"}, {"pack", true}, {"concat", true}}};

bool is_index_type(DType dtype) { return dtype == DType::kInt32 || dtype == DType::kInt64; }

bool fits(std::int64_t value, DType dtype) {
  return dtype == DType::kInt64 || (value >= std::numeric_limits<std::int32_t>::min() && value <= std::numeric_limits<std::int32_t>::max());
}

Partial of(const Tensor& tensor) {
  Partial partial{tensor.shape(), {}};
  for (const std::int64_t value : tensor.to_int64s()) partial.elements.push_back({value});
  return partial;
}

std::optional<Partial> look(const Rewriter& rewriter, ValueId value, int distance);

std::optional<Partial> dims_of(const Rewriter& rewriter, ValueId input, DType dtype) {
  const ShapeFact& shape = rewriter.fact(input).shape;
  if (!shape.rank_known()) return std::nullopt;
  Partial dims{Shape{static_cast<std::int64_t>(shape.rank())}, {}};
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    const bool known = shape[axis].known() && fits(shape[axis].value(), dtype);
    dims.elements.push_back({known ? std::optional(shape[axis].value()) : std::nullopt, input, axis});
  }
  return dims;
}

/// Runs the operator on the numbers of its inputs' elements, to see where each of them goes.
std::optional<Partial> moved(const Rewriter& rewriter, const Node& node, const Movement& movement, std::size_t output, int distance) {
  std::vector<PartialElement> all;
  Tensors inputs;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (i > 0 && !movement.every_input) {
      const Tensor* constant = rewriter.constant(node.inputs[i]);
      if (constant == nullptr) return std::nullopt;
      inputs.push_back(*constant);
      continue;
    }
    const auto input = look(rewriter, node.inputs[i], distance + 1);
    if (!input) return std::nullopt;
    Tensor numbers(DType::kInt64, input->shape);
    for (std::int64_t& number : numbers.mutable_data<std::int64_t>()) {
      number = static_cast<std::int64_t>(all.size());
      all.push_back(input->elements[static_cast<std::size_t>(&number - numbers.mutable_data<std::int64_t>().data())]);
    }
    inputs.push_back(std::move(numbers));
  }
  const Tensor where = evaluate_node(node, inputs).at(output);
  if (where.elements() > kMostElements) return std::nullopt;
  Partial result{where.shape(), {}};
  for (const std::int64_t number : where.data<std::int64_t>()) result.elements.push_back(all[static_cast<std::size_t>(number)]);
  return result;
}

/// Runs the operator where all of its inputs are known after all.
std::optional<Partial> computed(const Rewriter& rewriter, const Node& node, std::size_t output, int distance) {
  if (!node.op.pure() || !node.regions.empty() || node.inputs.empty()) return std::nullopt;
  Tensors inputs;
  for (const ValueId id : node.inputs) {
    const auto input = look(rewriter, id, distance + 1);
    if (!input || !input->known()) return std::nullopt;
    inputs.push_back(to_tensor(*input, rewriter.fact(id).dtype));
  }
  const Tensor result = evaluate_node(node, inputs).at(output);
  if (result.elements() > kMostElements) return std::nullopt;
  return of(result);
}

std::optional<Partial> look(const Rewriter& rewriter, ValueId value, int distance) {
  const Fact& fact = rewriter.fact(value);
  if (!is_index_type(fact.dtype)) return std::nullopt;
  const Dim elements = fact.shape.elements();
  if (elements.known() && elements.value() > kMostElements) return std::nullopt;
  if (const Tensor* constant = rewriter.constant(value)) return of(*constant);
  const Node* node = rewriter.producer(value);
  if (node == nullptr || distance == kFurthest) return std::nullopt;
  const std::size_t output = rewriter.graph().value(value).output;
  if (node->op.name() == "shape") return dims_of(rewriter, node->inputs[0], fact.dtype);
  for (const Movement& movement : kMovements) {
    if (movement.op == node->op.name()) return moved(rewriter, *node, movement, output, distance);
  }
  return computed(rewriter, *node, output, distance);
}

}  // namespace

std::optional<Partial> partly_known(const Rewriter& rewriter, ValueId value) { return look(rewriter, value, 0); }

Tensor to_tensor(const Partial& partial, DType dtype) {
  Tensor tensor(dtype, partial.shape);
  visit_integers(dtype, [&]<class T>(Type<T>) {
    std::ranges::transform(partial.elements, tensor.mutable_data<T>().begin(), [](const auto& element) { return static_cast<T>(*element.known); });
  });
  return tensor;
}

std::optional<Tensor> reshape_target(const ShapeFact& shape) {
  if (!shape.rank_known()) return std::nullopt;
  std::vector<std::int64_t> dims;
  for (const Dim& dim : shape.dims()) {
    if (dim.is(0)) return std::nullopt;
    dims.push_back(dim.known() ? dim.value() : -1);
  }
  if (std::ranges::count(dims, -1) > 1) return std::nullopt;
  return Tensor::vector<std::int64_t>(dims);
}

}  // namespace temper
