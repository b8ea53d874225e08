#include "passes/counts.h"

#include "ops/arrays/concat.h"
#include "ops/arrays/gather.h"
#include "ops/arrays/strided_slice.h"
#include "ops/arrays/transpose.h"
#include "passes/operator_kinds.h"

namespace temper {
namespace {

/// Far enough for what models compute sizes by; bounds what a hostile graph costs.
constexpr int kFurthest = 256;

std::optional<std::int64_t> axis_of(const Node& node) {
  for (const auto& [name, value] : node.op.attributes()) {
    if (name == "axis") return std::get<std::int64_t>(value);
  }
  return std::nullopt;
}

std::optional<std::int64_t> number_of(const Rewriter& rewriter, ValueId value) {
  const Tensor* constant = rewriter.constant(value);
  if (constant == nullptr || constant->elements() != 1 || !is_integer(constant->dtype())) return std::nullopt;
  return constant->to_int64s()[0];
}

/// Walks back through a graph, from what is asked for to what it is known to equal, until nothing more is known.
class Walk {
 public:
  explicit Walk(const Rewriter& rewriter) : rewriter_(rewriter) {}

  Count count(ValueId value) {
    if (const auto number = number_of(rewriter_, value)) return {number};
    const Count stop{{}, value, -1};
    const Node* node = rewriter_.producer(value);
    if (node == nullptr || ++steps_ > kFurthest) return stop;
    const std::string_view op = node->op.name();
    if (op == "identity") return count(node->inputs[0]);
    if (op == "cast" && is_integer(rewriter_.fact(node->inputs[0]).dtype) && rewriter_.fact(value).dtype != DType::kUInt8) {
      const DType to = rewriter_.fact(value).dtype;
      return to == DType::kInt32 || to == DType::kInt64 ? count(node->inputs[0]) : stop;
    }
    if (op == "list_length") return list_rows(node->inputs[0]).value_or(stop);
    if (op == "unpack" && axis_of(*node) == 0) return element(node->inputs[0], static_cast<std::int64_t>(rewriter_.graph().value(value).output)).value_or(stop);
    if (const auto* slice = node->op.as<StridedSlice>()) {
      const auto begin = number_of(rewriter_, node->inputs[1]);
      const ShapeFact& from = rewriter_.fact(node->inputs[0]).shape;
      if (slice->shrink_axis_mask != 1 || slice->new_axis_mask + slice->ellipsis_mask != 0 || !begin) return stop;
      if (*begin < 0 || !from.rank_known() || from.rank() != 1) return stop;
      return element(node->inputs[0], *begin).value_or(stop);
    }
    return stop;
  }

  Count rows(ValueId value) {
    const ShapeFact& shape = rewriter_.fact(value).shape;
    if (shape.rank_known() && shape.rank() == 0) return {-1};
    if (shape.rank_known() && shape[0].known()) return {shape[0].value()};
    const Count stop{{}, value, 0};
    const Node* node = rewriter_.producer(value);
    if (node == nullptr || ++steps_ > kFurthest) return stop;
    const std::string_view op = node->op.name();
    const ValueId next = same_rows(*node);
    if (next != ValueId::kNone) return rows(next);
    if (op == "reshape" || op == "broadcast_to") return element(node->inputs[1], 0).value_or(stop);
    if (op == "fill") return element(node->inputs[0], 0).value_or(stop);
    if (op == "tile" && rows(node->inputs[0]) == Count{1}) return element(node->inputs[1], 0).value_or(stop);
    if (op == "range" && number_of(rewriter_, node->inputs[0]) == 0 && number_of(rewriter_, node->inputs[2]) == 1) {
      const Count limit = count(node->inputs[1]);
      return limit.never_negative() ? limit : stop;
    }
    if (op == "list_stack") {
      return node->inputs.size() > 1 ? rows(node->inputs[1]) : list_rows(node->inputs[0]).value_or(stop);
    }
    return stop;
  }

 private:
  /// Which input has as many rows as the node's outputs; kNone where none is known to.
  ValueId same_rows(const Node& node) const {
    const std::string_view op = node.op.name();
    const ValueId first = node.inputs.empty() ? ValueId::kNone : node.inputs[0];
    if (op == "map" || op == "softmax" || op == "log_softmax" || op == "ensure_shape" || batch_inputs(op) > 0) return first;
    if (is_elementwise(op)) return node.inputs.size() == 1 ? first : broadcast_rows(node);
    if (op == "expand_dims" || op == "concat" || op == "split" || op == "unpack") {
      const std::size_t rank = rewriter_.fact(op == "unpack" ? first : node.outputs[0]).shape.rank_known()
                                   ? rewriter_.fact(op == "unpack" ? first : node.outputs[0]).shape.rank() : 0;
      const auto axis = axis_of(node);
      return rank > 0 && axis && normalise_axis(*axis, rank) > 0 ? first : ValueId::kNone;
    }
    if (op == "squeeze") {
      for (const auto& [name, value] : node.op.attributes()) {
        const auto* axes = std::get_if<std::vector<std::int64_t>>(&value);
        if (axes == nullptr || axes->empty() || std::ranges::any_of(*axes, [](auto axis) { return axis <= 0; })) return ValueId::kNone;
      }
      return first;
    }
    if (const auto* transpose = node.op.as<Transpose>()) {
      return !transpose->perm.empty() && transpose->perm[0] == 0 ? first : ValueId::kNone;
    }
    if (const auto* gather = node.op.as<Gather>()) return gather->axis == 0 && gather->batch_dims == 0 ? node.inputs[1] : ValueId::kNone;
    if (const auto* slice = node.op.as<StridedSlice>()) return takes_all_rows(node, *slice) ? first : ValueId::kNone;
    return ValueId::kNone;
  }

  bool takes_all_rows(const Node& node, const StridedSlice& slice) const {
    const Tensor* strides = rewriter_.constant(node.inputs[3]);
    return (slice.begin_mask & slice.end_mask & 1) != 0 && slice.ellipsis_mask == 0 &&
           ((slice.new_axis_mask | slice.shrink_axis_mask) & 1) == 0 && strides != nullptr && strides->to_int64s()[0] == 1;
  }

  /// The one operand whose rows the result has; the others repeat along the first axis.
  ValueId broadcast_rows(const Node& node) const {
    const ShapeFact& out = rewriter_.fact(node.outputs[0]).shape;
    ValueId chosen = ValueId::kNone;
    for (const ValueId input : node.inputs) {
      const ShapeFact& shape = rewriter_.fact(input).shape;
      if (!out.rank_known() || !shape.rank_known()) return ValueId::kNone;
      if (shape.rank() < out.rank() || shape[0].is(1)) continue;
      if (chosen != ValueId::kNone && chosen != input) return ValueId::kNone;
      chosen = input;
    }
    return chosen;
  }

  /// Entry i of an integer vector.
  std::optional<Count> element(ValueId vector, std::int64_t i) {
    if (const Tensor* constant = rewriter_.constant(vector)) {
      const auto all = constant->to_int64s();
      if (constant->rank() != 1 || i >= static_cast<std::int64_t>(all.size()) || all[static_cast<std::size_t>(i)] < 0) return std::nullopt;
      return Count{all[static_cast<std::size_t>(i)]};
    }
    const Node* node = rewriter_.producer(vector);
    if (node == nullptr || ++steps_ > kFurthest) return std::nullopt;
    const std::string_view op = node->op.name();
    const ValueId first = node->inputs.empty() ? ValueId::kNone : node->inputs[0];
    if (op == "shape") return dim(first, i);
    if (op == "identity") return element(first, i);
    if (op == "pack" && i < static_cast<std::int64_t>(node->inputs.size())) return known(count(node->inputs[static_cast<std::size_t>(i)]));
    if (op == "expand_dims" && i == 0) return known(count(first));
    if (op == "concat") {
      for (const ValueId part : node->inputs) {
        const ShapeFact& shape = rewriter_.fact(part).shape;
        if (!shape.rank_known() || shape.rank() != 1 || !shape[0].known()) return std::nullopt;
        if (i < shape[0].value()) return element(part, i);
        i -= shape[0].value();
      }
    }
    return std::nullopt;
  }

  /// As an entry of a shape: -1 says nothing there.
  static std::optional<Count> known(const Count& count) {
    return count.number && *count.number < 0 ? std::nullopt : std::optional(count);
  }

  std::optional<Count> dim(ValueId value, std::int64_t axis) {
    if (axis == 0) return known(rows(value));
    const ShapeFact& shape = rewriter_.fact(value).shape;
    if (shape.rank_known() && axis >= static_cast<std::int64_t>(shape.rank())) return std::nullopt;
    if (shape.rank_known() && shape[static_cast<std::size_t>(axis)].known()) return Count{shape[static_cast<std::size_t>(axis)].value()};
    return Count{{}, value, axis};
  }

  std::optional<Count> list_rows(ValueId list) {
    const Node* node = rewriter_.producer(list);
    if (node == nullptr || ++steps_ > kFurthest) return std::nullopt;
    if (node->op.name() == "list_create") return known(count(node->inputs[0]));
    if (node->op.name() == "list_unstack") return known(rows(node->inputs[0]));
    return std::nullopt;
  }

  const Rewriter& rewriter_;
  int steps_ = 0;
};

}  // namespace

Count count_of(const Rewriter& rewriter, ValueId value) { return Walk(rewriter).count(value); }
Count rows_of(const Rewriter& rewriter, ValueId value) { return Walk(rewriter).rows(value); }

}  // namespace temper
