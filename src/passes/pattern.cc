#include "passes/pattern.h"

namespace temper {
namespace {

/// Gives `id` or, where it is a reshape to one dim of that length or of -1, what is reshaped.
ValueId flattened(const Rewriter& rewriter, ValueId id) {
  const Node* node = made_by(rewriter, id, "reshape");
  if (node == nullptr) return id;
  const Fact& shape = rewriter.fact(node->inputs[1]);
  const auto dims = shape.shape.known();
  return dims && *dims == Shape{1} ? node->inputs[0] : id;
}

/// The strided slice at `id`, where it reads along `axes` axes by constants with steps of 1 and these masks.
struct Entries {
  ValueId x;
  std::vector<std::int64_t> begin, end;
  std::int64_t begin_mask, end_mask, shrink_mask;
};

std::optional<Entries> as_entries(const Rewriter& rewriter, ValueId id, std::size_t axes) {
  const Node* node = made_by(rewriter, id, "strided_slice");
  if (node == nullptr || integer_of(*node, "ellipsis_mask") != 0 || integer_of(*node, "new_axis_mask") != 0) return std::nullopt;
  const auto begin = constant_integers(rewriter, node->inputs[1]);
  const auto end = constant_integers(rewriter, node->inputs[2]);
  const auto step = constant_integers(rewriter, node->inputs[3]);
  if (!begin || !end || step != std::vector<std::int64_t>(axes, 1) || begin->size() != axes || end->size() != axes) return std::nullopt;
  return Entries{node->inputs[0], *begin, *end, integer_of(*node, "begin_mask"), integer_of(*node, "end_mask"),
                 integer_of(*node, "shrink_axis_mask")};
}

std::optional<Part> unpacked(const Rewriter& rewriter, ValueId id, std::int64_t axis) {
  const Node* node = made_by(rewriter, id, "unpack");
  if (node == nullptr || integer_of(*node, "axis") != axis) return std::nullopt;
  return Part{node->inputs[0], static_cast<std::int64_t>(rewriter.graph().value(id).output)};
}

}  // namespace

const Node* made_by(const Rewriter& rewriter, ValueId id, std::string_view op) {
  const Node* node = rewriter.producer(id);
  return node != nullptr && node->op.name() == op ? node : nullptr;
}

std::int64_t integer_of(const Node& node, std::string_view attribute) {
  for (const auto& [name, value] : node.op.attributes()) {
    if (name != attribute) continue;
    if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
    if (const auto* truth = std::get_if<bool>(&value)) return *truth ? 1 : 0;
  }
  return 0;
}

std::optional<std::vector<std::int64_t>> constant_integers(const Rewriter& rewriter, ValueId id) {
  const Tensor* tensor = rewriter.constant(id);
  if (tensor == nullptr || !is_integer(tensor->dtype()) || tensor->elements() > 64) return std::nullopt;
  return tensor->to_int64s();
}

std::optional<std::int64_t> constant_integer(const Rewriter& rewriter, ValueId id) {
  const auto all = constant_integers(rewriter, id);
  return all && all->size() == 1 ? std::optional(all->front()) : std::nullopt;
}

std::optional<float> constant_float(const Rewriter& rewriter, ValueId id) {
  const Tensor* tensor = rewriter.constant(id);
  if (tensor == nullptr || tensor->dtype() != DType::kFloat32 || tensor->elements() != 1) return std::nullopt;
  return tensor->data<float>()[0];
}

std::optional<Part> as_element(const Rewriter& rewriter, ValueId id) {
  if (const auto part = unpacked(rewriter, id, 0)) return part;
  const auto entries = as_entries(rewriter, id, 1);
  if (!entries || entries->shrink_mask != 1 || entries->begin[0] < 0 || entries->begin_mask != 0) return std::nullopt;
  return Part{entries->x, entries->begin[0]};
}

std::optional<Part> as_column(const Rewriter& rewriter, ValueId id) {
  if (const auto part = unpacked(rewriter, id, 1)) return part;
  if (const auto entries = as_entries(rewriter, id, 2)) {  // x[:, k]
    const bool all_rows = (entries->begin_mask & 1) != 0 && (entries->end_mask & 1) != 0;
    if (!all_rows || entries->shrink_mask != 2 || entries->begin[1] < 0 || (entries->begin_mask & 2) != 0) return std::nullopt;
    return Part{entries->x, entries->begin[1]};
  }
  const Node* view = made_by(rewriter, id, "reshape");
  if (view == nullptr) view = made_by(rewriter, id, "squeeze");
  if (view == nullptr || !rewriter.fact(id).shape.rank_known() || rewriter.fact(id).shape.rank() != 1) return std::nullopt;
  const Node* slice = made_by(rewriter, view->inputs[0], "slice");
  if (slice == nullptr) {  // the only column there is
    const ShapeFact& shape = rewriter.fact(view->inputs[0]).shape;
    const bool single = shape.rank_known() && shape.rank() == 2 && shape[1].is(1);
    return single ? std::optional(Part{view->inputs[0], 0}) : std::nullopt;
  }
  const ValueId x = slice->inputs[0];
  const auto begin = constant_integers(rewriter, slice->inputs[1]);
  if (!begin || begin->size() != 2 || begin->front() != 0 || begin->back() < 0) return std::nullopt;
  const Part column{x, begin->back()};
  if (const auto size = constant_integers(rewriter, slice->inputs[2])) {
    const ShapeFact& shape = rewriter.fact(x).shape;
    const bool all_rows = size->front() == -1 || (shape.rank_known() && shape[0].is(size->front()));
    return all_rows && size->back() == 1 ? std::optional(column) : std::nullopt;
  }
  const ValueIds size = as_elements(rewriter, slice->inputs[2]);
  if (size.size() != 2 || constant_integer(rewriter, size[1]) != 1) return std::nullopt;
  const bool all_rows = constant_integer(rewriter, size[0]) == -1 || counts_rows_of(rewriter, size[0], x);
  return all_rows ? std::optional(column) : std::nullopt;
}

ValueIds as_elements(const Rewriter& rewriter, ValueId id) {
  const Node* node = rewriter.producer(id);
  if (node == nullptr) return {};
  if (node->op.name() == "pack" && integer_of(*node, "axis") == 0) return node->inputs;
  const bool view = node->op.name() == "reshape" || node->op.name() == "expand_dims";
  const auto one = rewriter.fact(id).shape.known();
  return view && one && *one == Shape{1} ? ValueIds{node->inputs[0]} : ValueIds{};
}

bool counts_rows_of(const Rewriter& rewriter, ValueId id, ValueId x) { return count_of(rewriter, id) == rows_of(rewriter, x); }

std::optional<Limit> as_range(const Rewriter& rewriter, ValueId id) {
  if (const Tensor* constant = rewriter.constant(id)) {
    if (constant->rank() != 1 || !is_integer(constant->dtype())) return std::nullopt;
    std::int64_t expected = 0;
    for (const std::int64_t number : constant->to_int64s()) {
      if (number != expected++) return std::nullopt;
    }
    return Limit{expected, ValueId::kNone};
  }
  const Node* node = made_by(rewriter, id, "range");
  if (node == nullptr || constant_integer(rewriter, node->inputs[0]) != 0 || constant_integer(rewriter, node->inputs[2]) != 1) return std::nullopt;
  return Limit{std::nullopt, node->inputs[1]};
}

ValueId as_positions(const Rewriter& rewriter, ValueId id) {
  if (const Node* cast = made_by(rewriter, id, "cast")) id = cast->inputs[0];
  if (rewriter.fact(id).dtype != DType::kInt64 && rewriter.fact(id).dtype != DType::kInt32) return ValueId::kNone;
  const ShapeFact& shape = rewriter.fact(id).shape;
  if (!shape.rank_known() || shape.rank() != 1) return ValueId::kNone;
  const Node* view = made_by(rewriter, id, "reshape");
  if (view == nullptr) view = made_by(rewriter, id, "squeeze");
  const Node* where = view == nullptr ? nullptr : made_by(rewriter, view->inputs[0], "where");
  return where == nullptr ? ValueId::kNone : where->inputs[0];
}

std::optional<double> as_filled(const Rewriter& rewriter, ValueId id) {
  const auto number = [&](ValueId value) -> std::optional<double> {
    const Tensor* tensor = rewriter.constant(value);
    if (tensor == nullptr || tensor->elements() == 0) return std::nullopt;
    if (tensor->dtype() == DType::kFloat32) {
      const auto all = tensor->data<float>();
      return std::ranges::count(all, all[0]) == tensor->elements() ? std::optional<double>(all[0]) : std::nullopt;
    }
    if (!is_integer(tensor->dtype())) return std::nullopt;
    const auto all = tensor->to_int64s();
    return std::ranges::count(all, all[0]) == tensor->elements() ? std::optional(static_cast<double>(all[0])) : std::nullopt;
  };
  if (const auto constant = number(id)) return constant;
  if (const Node* fill = made_by(rewriter, flattened(rewriter, id), "fill")) return number(fill->inputs[1]);
  if (const Node* product = made_by(rewriter, id, "mul")) {
    for (const std::size_t side : {0U, 1U}) {
      const auto a = number(product->inputs[side]);
      const auto b = a ? as_filled(rewriter, product->inputs[1 - side]) : std::nullopt;
      if (a && b) return *a * *b;
    }
  }
  return std::nullopt;
}

}  // namespace temper
