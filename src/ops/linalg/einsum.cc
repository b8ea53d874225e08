#include "ops/linalg/einsum.h"

#include <map>

#include "ops/linalg/einsum_equation.h"
#include "ops/linalg/gemm.h"
#include "ops/linalg/products.h"

namespace temper {
namespace {

bool holds(const AxisLabels& labels, AxisLabel label) { return std::ranges::find(labels, label) != labels.end(); }

/// An operand as the equation sees it: each of its labels once.
template <class Sum>
struct Operand {
  Tensor owner;  ///< of sums, where the elements are not an input's
  const Sum* data = nullptr;
  AxisLabels labels;
  std::vector<std::int64_t> dims;
  std::vector<std::int64_t> strides;

  std::size_t find(AxisLabel label) const {
    return static_cast<std::size_t>(std::ranges::find(labels, label) - labels.begin());
  }
  std::int64_t size(const AxisLabels& some) const {
    std::int64_t count = 1;
    for (const AxisLabel label : some) {
      require(!__builtin_mul_overflow(count, dims[find(label)], &count), "an einsum operand is too large");
    }
    return count;
  }
};

using LabelDims = std::map<AxisLabel, std::int64_t>;

/// An input's axes under their labels. Axes of one label step together; an axis that broadcasts is left out, for there
/// is only one element along it.
template <class Sum>
Operand<Sum> labelled(const Sum* data, const Shape& shape, const AxisLabels& labels, const LabelDims& dims) {
  Operand<Sum> operand;
  operand.data = data;
  const auto strides = shape.strides();
  for (std::size_t axis = 0; axis < labels.size(); ++axis) {
    if (shape[axis] == 1 && dims.at(labels[axis]) != 1) continue;
    const std::size_t at = operand.find(labels[axis]);
    if (at < operand.labels.size()) {
      operand.strides[at] += strides[axis];
      continue;
    }
    operand.labels.push_back(labels[axis]);
    operand.dims.push_back(shape[axis]);
    operand.strides.push_back(strides[axis]);
  }
  return operand;
}

/// Calls visit(offset in the operand) for every position, `order` outermost first.
template <class Sum>
void for_each_position(const Operand<Sum>& operand, const AxisLabels& order, auto&& visit) {
  const std::int64_t count = operand.size(order);
  std::vector<std::int64_t> at(order.size());
  std::vector<std::size_t> axes;
  for (const AxisLabel label : order) axes.push_back(operand.find(label));
  std::int64_t offset = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    visit(offset);
    for (std::size_t k = order.size(); k-- > 0;) {
      const std::size_t axis = axes[k];
      offset += operand.strides[axis];
      if (++at[k] < operand.dims[axis]) break;
      offset -= at[k] * operand.strides[axis];
      at[k] = 0;
    }
  }
}

/// The elements in the order of `kept`, row-major; labels that are not kept are summed away.
template <class Sum>
Tensor gathered(const Operand<Sum>& operand, const AxisLabels& kept) {
  AxisLabels order = kept;
  std::ranges::copy_if(operand.labels, std::back_inserter(order), [&](AxisLabel label) { return !holds(kept, label); });
  const std::int64_t count = operand.size(kept);
  Tensor out = make_sums<Sum>(count);
  if (count == 0) return out;
  const std::int64_t summed = operand.size(order) / count;
  if (summed == 0) return out;
  Sum* to = out.mutable_data<Sum>().data();
  std::int64_t left = summed;
  for_each_position(operand, order, [&](std::int64_t offset) {
    *to += operand.data[offset];
    if (--left > 0) return;
    left = summed;
    ++to;
  });
  return out;
}

/// The product of two operands, keeping the labels of `needed`.
template <class Sum>
Operand<Sum> contracted(const Operand<Sum>& a, const Operand<Sum>& b, const AxisLabels& needed) {
  AxisLabels batch, inner, rows, columns;
  for (const AxisLabel label : a.labels) {
    if (holds(b.labels, label))
      (holds(needed, label) ? batch : inner).push_back(label);
    else if (holds(needed, label))
      rows.push_back(label);
  }
  for (const AxisLabel label : b.labels) {
    if (!holds(a.labels, label) && holds(needed, label)) columns.push_back(label);
  }
  const auto joined = [](AxisLabels labels, const AxisLabels& more, const AxisLabels& last) {
    labels.insert(labels.end(), more.begin(), more.end());
    labels.insert(labels.end(), last.begin(), last.end());
    return labels;
  };
  const std::int64_t m = a.size(rows), n = b.size(columns), k = a.size(inner), count = a.size(batch);
  Operand<Sum> result;
  result.labels = joined(batch, rows, columns);
  std::int64_t total = 1;
  for (const AxisLabel label : result.labels) {
    const bool in_a = holds(a.labels, label);
    result.dims.push_back(in_a ? a.dims[a.find(label)] : b.dims[b.find(label)]);
    require(!__builtin_mul_overflow(total, result.dims.back(), &total), "an einsum's intermediate result is too large");
  }
  result.owner = make_sums<Sum>(total);
  result.strides.resize(result.labels.size());
  std::int64_t stride = 1;
  for (std::size_t axis = result.labels.size(); axis-- > 0; stride *= result.dims[axis]) result.strides[axis] = stride;
  Sum* c = result.owner.template mutable_data<Sum>().data();
  result.data = c;
  if (total == 0 || k == 0) return result;
  const Tensor left = gathered(a, joined(batch, rows, inner));
  const Tensor right = gathered(b, joined(batch, inner, columns));
  for (std::int64_t i = 0; i < count; ++i) {
    multiply_add(m, n, k, left.data<Sum>().data() + i * m * k, {k, 1}, right.data<Sum>().data() + i * k * n, {n, 1},
                 c + i * m * n);
  }
  return result;
}

/// Writes the operand into zeros of the output's shape, whose labels may repeat.
template <class Sum>
Tensor placed(const Operand<Sum>& operand, const AxisLabels& output, const Shape& shape, const LabelDims& dims,
              DType dtype) {
  Operand<Sum> target = labelled<Sum>(nullptr, shape, output, dims);
  const Tensor values = gathered(operand, target.labels);
  if (target.labels.size() == output.size()) return tensor_of_sums<Sum>(values, shape, dtype);
  Tensor sums = make_sums<Sum>(shape.elements());
  const Sum* from = values.data<Sum>().data();
  const auto to = sums.mutable_data<Sum>();
  for_each_position(target, target.labels,
                    [&](std::int64_t offset) { to[static_cast<std::size_t>(offset)] = *from++; });
  return tensor_of_sums<Sum>(sums, shape, dtype);
}

/// Every label's size, where all inputs' ranks are known.
struct Resolved {
  std::vector<AxisLabels> inputs;
  AxisLabels output;
  std::map<AxisLabel, Dim> dims;
};

/// `shapes` gives the inputs' shapes as facts. Throws ModelError where they contradict the equation or one another.
Resolved resolve(const EinsumEquation& equation, std::span<const ShapeFact> shapes) {
  Resolved resolved;
  std::size_t ellipsis_axes = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const std::size_t axes = equation.inputs[i].ellipsis_axes(shapes[i].rank());
    ellipsis_axes = std::max(ellipsis_axes, axes);
    resolved.inputs.push_back(equation.inputs[i].labels(axes));
    for (std::size_t axis = 0; axis < shapes[i].rank(); ++axis) {
      const AxisLabel label = resolved.inputs[i][axis];
      const auto [at, is_new] = resolved.dims.emplace(label, shapes[i][axis]);
      if (is_new) continue;
      at->second = label < 0
                       ? broadcast(ShapeFact({at->second}), ShapeFact({shapes[i][axis]}))[0]
                       : agreed(at->second, shapes[i][axis], fmt::format("einsum axis '{}'", static_cast<char>(label)));
    }
  }
  require(equation.output.ellipsis || ellipsis_axes == 0,
          "einsum operands have {} broadcasting dimensions, but the output has no ellipsis", ellipsis_axes);
  resolved.output = equation.output.labels(ellipsis_axes);
  for (const AxisLabel label : resolved.output) {
    require(resolved.dims.contains(label), "einsum axis '{}' of the output is in no input", static_cast<char>(label));
  }
  return resolved;
}

template <class Sum>
Tensor evaluate(const Resolved& resolved, Inputs in, const Shape& shape) {
  LabelDims dims;
  for (const auto& [label, dim] : resolved.dims) dims.emplace(label, dim.value());
  std::vector<SumElements<Sum>> elements;
  for (const Tensor& tensor : in) elements.emplace_back(tensor);
  const auto operand = [&](std::size_t i) {
    return labelled<Sum>(elements[i].data(), in[i].shape(), resolved.inputs[i], dims);
  };
  Operand<Sum> product = operand(0);
  for (std::size_t i = 1; i < in.size(); ++i) {
    AxisLabels needed = resolved.output;
    for (std::size_t later = i + 1; later < in.size(); ++later) {
      needed.insert(needed.end(), resolved.inputs[later].begin(), resolved.inputs[later].end());
    }
    product = contracted(product, operand(i), needed);
  }
  return placed(product, resolved.output, shape, dims, in[0].dtype());
}

}  // namespace

Facts Einsum::infer(std::span<const Fact> in) const {
  const EinsumEquation parsed = EinsumEquation::parse(equation);
  require_inputs(in, parsed.inputs.size());
  std::vector<ShapeFact> shapes;
  bool ranks_known = true;
  for (std::size_t i = 0; i < in.size(); ++i) {
    require(is_number(in[i].dtype), "needs number inputs, got {}", in[i].dtype);
    require_same_dtype(in[0], in[i]);
    // Without an ellipsis the equation itself says the rank.
    const EinsumTerm& term = parsed.inputs[i];
    shapes.push_back(in[i].shape.rank_known() || term.ellipsis ? in[i].shape : ShapeFact::of_rank(term.before.size()));
    ranks_known &= shapes.back().rank_known();
  }
  if (!ranks_known) return {{in[0].dtype, {}, {}}};
  const Resolved resolved = resolve(parsed, shapes);
  std::vector<Dim> dims;
  for (const AxisLabel label : resolved.output) dims.push_back(resolved.dims.at(label));
  require(dims.size() <= kMaxRank, "an einsum result of {} dimensions is not supported, at most {} are", dims.size(),
          kMaxRank);
  return {{in[0].dtype, ShapeFact(std::move(dims)), {}}};
}

Tensors Einsum::reference(Inputs in) const {
  const EinsumEquation parsed = EinsumEquation::parse(equation);
  require_inputs(in, parsed.inputs.size());
  std::vector<ShapeFact> shapes;
  for (const Tensor& tensor : in) {
    require(tensor.dtype() == in[0].dtype(), "inputs are of different types: {} and {}", in[0].dtype(), tensor.dtype());
    shapes.emplace_back(tensor.shape());
  }
  const Resolved resolved = resolve(parsed, shapes);
  Shape shape;
  for (const AxisLabel label : resolved.output) shape.push_back(resolved.dims.at(label).value());
  return {visit_sums(in[0].dtype(), [&]<class Sum>(Type<Sum>) { return evaluate<Sum>(resolved, in, shape); })};
}
REGISTER_OP(Einsum);

}  // namespace temper
