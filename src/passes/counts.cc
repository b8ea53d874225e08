#include "passes/counts.h"

#include <numeric>

#include "ops/arrays/gather.h"
#include "ops/arrays/strided_slice.h"
#include "ops/arrays/transpose.h"
#include "ops/linalg/matmul.h"
#include "passes/operator_kinds.h"

namespace temper {
namespace {

/// Far enough for what models compute sizes by; bounds what a hostile graph costs.
constexpr int kFurthest = 256;
constexpr std::int64_t kMostElements = std::int64_t{1} << 40;

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
    if (op == "cast" && is_integer(rewriter_.fact(node->inputs[0]).dtype) &&
        rewriter_.fact(value).dtype != DType::kUInt8) {
      const DType to = rewriter_.fact(value).dtype;
      return to == DType::kInt32 || to == DType::kInt64 ? count(node->inputs[0]) : stop;
    }
    if (op == "list_length") return list_rows(node->inputs[0]).value_or(stop);
    if (op == "unpack" && axis_of(*node) == 0)
      return element(node->inputs[0], static_cast<std::int64_t>(rewriter_.graph().value(value).output)).value_or(stop);
    if (const auto* slice = node->op.as<StridedSlice>()) {
      const auto begin = number_of(rewriter_, node->inputs[1]);
      const ShapeFact& from = rewriter_.fact(node->inputs[0]).shape;
      if (slice->shrink_axis_mask != 1 || slice->new_axis_mask + slice->ellipsis_mask != 0 || !begin) return stop;
      if (*begin < 0 || !from.rank_known() || from.rank() != 1) return stop;
      return element(node->inputs[0], *begin).value_or(stop);
    }
    return stop;
  }

  Count dim(ValueId value, std::size_t axis) {
    const ShapeFact& shape = rewriter_.fact(value).shape;
    if (shape.rank_known() && shape.rank() <= axis) return {-1};
    if (shape.rank_known() && shape[axis].known()) return {shape[axis].value()};
    const Count stop{{}, value, static_cast<std::int64_t>(axis)};
    const Node* node = rewriter_.producer(value);
    if (node == nullptr || ++steps_ > kFurthest) return stop;
    const std::string_view op = node->op.name();
    const auto entry = [&](ValueId vector, std::size_t i) {
      const auto found = element(vector, static_cast<std::int64_t>(i));
      return found && found->never_negative() ? *found : stop;  // what is computed as -1 has another meaning
    };
    if (op == "reshape") {
      const Count given = entry(node->inputs[1], axis);
      return given == stop ? reshaped_dim(*node, axis).value_or(stop) : given;
    }
    if (op == "broadcast_to") return entry(node->inputs[1], axis);
    if (op == "slice") {
      return takes_all(*node, axis) ? dim(node->inputs[0], axis) : entry(node->inputs[2], axis);
    }
    if (op == "fill") return entry(node->inputs[0], axis);
    if (op == "tile") return dim(node->inputs[0], axis) == Count{1} ? entry(node->inputs[1], axis) : stop;
    if (op.starts_with("resize_") && (axis == 1 || axis == 2)) return entry(node->inputs[1], axis - 1);
    if (op == "range" && is_number(node->inputs[0], 0) && is_number(node->inputs[2], 1)) {
      const Count limit = count(node->inputs[1]);
      return limit.never_negative() ? limit : stop;
    }
    if (op == "list_stack" && axis == 0) {
      return node->inputs.size() > 1 ? dim(node->inputs[1], 0) : list_rows(node->inputs[0]).value_or(stop);
    }
    if (op == "map") return axis == 0 ? dim(node->inputs[0], 0) : stop;
    if (op == "crop_and_resize") return axis == 0 ? dim(node->inputs[1], 0) : stop;
    if (const auto* gather = node->op.as<Gather>()) {
      return gather->axis == 0 && gather->batch_dims == 0 && axis == 0 && rank(node->inputs[1]) > 0
                 ? dim(node->inputs[1], 0)
                 : stop;
    }
    if (const auto* slice = node->op.as<StridedSlice>())
      return axis == 0 && takes_all_rows(*node, *slice) ? dim(node->inputs[0], 0) : stop;
    if (is_elementwise(op) && node->inputs.size() > 1) return broadcast_dim(*node, axis, stop);
    const auto from = source_axis(*node, axis);
    return from ? dim(node->inputs[0], *from) : stop;
  }

 private:
  bool is_number(ValueId value, std::int64_t number) const { return number_of(rewriter_, value) == number; }

  /// 0 where it is not known.
  std::size_t rank(ValueId value) const {
    const ShapeFact& shape = rewriter_.fact(value).shape;
    return shape.rank_known() ? shape.rank() : 0;
  }

  /// Which axis of a node's first input has the dim that `axis` of its outputs has.
  std::optional<std::size_t> source_axis(const Node& node, std::size_t axis) const {
    const std::string_view op = node.op.name();
    if (is_elementwise(op) || op == "softmax" || op == "log_softmax" || op == "ensure_shape") return axis;
    if (op.starts_with("resize_")) return axis;
    if (batch_inputs(op) > 0) return axis == 0 ? std::optional(axis) : std::nullopt;
    if (const auto* transpose = node.op.as<Transpose>()) {
      const std::int64_t from = axis < transpose->perm.size() ? transpose->perm[axis] : -1;
      return from < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(from));
    }
    const std::size_t in = rank(node.inputs[0]);
    const std::size_t out = rank(node.outputs[0]);
    if (in == 0 || out == 0) return std::nullopt;
    if (op == "squeeze") return squeezed_axis(node, axis, in);
    if (op == "decode_boxes") return axis + 1 < in ? std::optional(axis) : std::nullopt;
    if (is_reduction(op) && node.inputs.size() == 1) return in == out ? kept_axis(node, axis, in) : squeezed_axis(node, axis, in);
    if (const auto* matmul = node.op.as<MatMul>())
      return axis == 0 && in == 2 && out == 2 && !matmul->transpose_a ? std::optional(axis) : std::nullopt;
    const auto at = axis_of(node);
    if (!at) return std::nullopt;
    const std::size_t own = normalise_axis(*at, op == "expand_dims" || op == "pack" ? out : in);
    if (op == "expand_dims" || op == "pack")
      return axis == own ? std::nullopt : std::optional(axis - (axis > own ? 1 : 0));
    if (op == "unpack" || op == "arg_max" || op == "arg_min") return axis + (axis >= own ? 1 : 0);
    return (op == "concat" || op == "split") && axis != own ? std::optional(axis) : std::nullopt;
  }

  /// Whether a slice goes from the start to the end of an axis.
  bool takes_all(const Node& slice, std::size_t axis) const {
    const Tensor* begin = rewriter_.constant(slice.inputs[1]);
    const auto is = [&](const std::vector<std::int64_t>& all, std::int64_t number) {
      return axis < all.size() && all[axis] == number;
    };
    if (begin == nullptr || !is(begin->to_int64s(), 0)) return false;
    const Tensor* size = rewriter_.constant(slice.inputs[2]);
    return size != nullptr ? is(size->to_int64s(), -1) : ends_with_all(slice.inputs[2], axis);
  }

  /// Whether entry i of a vector that is put together is -1.
  bool ends_with_all(ValueId vector, std::size_t i) const {
    const Node* node = rewriter_.producer(vector);
    if (node == nullptr || node->op.name() != "concat") return false;
    for (const ValueId part : node->inputs) {
      const ShapeFact& shape = rewriter_.fact(part).shape;
      if (!shape.rank_known() || shape.rank() != 1 || !shape[0].known()) return false;
      const auto length = static_cast<std::size_t>(shape[0].value());
      const Tensor* constant = rewriter_.constant(part);
      if (i < length) return constant != nullptr && constant->to_int64s()[i] == -1;
      i -= length;
    }
    return false;
  }

  /// An axis that a reduction leaves as it is.
  static std::optional<std::size_t> kept_axis(const Node& node, std::size_t axis, std::size_t rank) {
    for (const auto& [name, value] : node.op.attributes()) {
      const auto* axes = std::get_if<std::vector<std::int64_t>>(&value);
      if (axes == nullptr) continue;
      const auto is_this = [&](std::int64_t each) { return normalise_axis(each, rank) == axis; };
      return axes->empty() || std::ranges::any_of(*axes, is_this) ? std::nullopt : std::optional(axis);
    }
    return std::nullopt;
  }

  static std::optional<std::size_t> squeezed_axis(const Node& node, std::size_t axis, std::size_t rank) {
    for (const auto& [name, value] : node.op.attributes()) {
      const auto* axes = std::get_if<std::vector<std::int64_t>>(&value);
      if (axes == nullptr || axes->empty()) return std::nullopt;
      std::vector<bool> dropped(rank);
      for (const std::int64_t each : *axes) dropped[normalise_axis(each, rank)] = true;
      for (std::size_t i = 0, kept = 0; i < rank; ++i) {
        if (!dropped[i] && kept++ == axis) return i;
      }
    }
    return std::nullopt;
  }

  bool takes_all_rows(const Node& node, const StridedSlice& slice) const {
    const Tensor* strides = rewriter_.constant(node.inputs[3]);
    if (strides == nullptr || strides->elements() == 0) return false;
    return (slice.begin_mask & slice.end_mask & 1) != 0 && slice.ellipsis_mask == 0 &&
           ((slice.new_axis_mask | slice.shrink_axis_mask) & 1) == 0 && strides->to_int64s()[0] == 1;
  }

  /// What is left of the elements of a reshape for one dim, where the others are known or are dims of its input.
  std::optional<Count> reshaped_dim(const Node& node, std::size_t axis) {
    const ShapeFact& from = rewriter_.fact(node.inputs[0]).shape;
    const ShapeFact& to = rewriter_.fact(node.outputs[0]).shape;
    if (!from.rank_known() || !to.rank_known()) return std::nullopt;
    const auto times = product_of_known(from);
    const auto over = product_of_known(to);
    if (!times || !over) return std::nullopt;
    std::vector<Count> open;
    for (std::size_t i = 0; i < from.rank(); ++i) {
      if (!from[i].known()) open.push_back(dim(node.inputs[0], i));
    }
    for (std::size_t i = 0; i < to.rank(); ++i) {
      if (i == axis || to[i].known()) continue;
      const auto other = element(node.inputs[1], static_cast<std::int64_t>(i));
      const auto found = other && other->never_negative() ? std::ranges::find(open, *other) : open.end();
      if (found == open.end()) return std::nullopt;
      open.erase(found);
    }
    return open.size() == 1 ? scaled(open[0], *times, *over) : std::nullopt;
  }

  /// Of the dims that are known; nothing where that is 0, or more than tensors hold.
  static std::optional<std::int64_t> product_of_known(const ShapeFact& shape) {
    std::int64_t product = 1;
    for (const Dim& dim : shape.dims()) {
      if (!dim.known()) continue;
      if (dim.is(0) || product > kMostElements / dim.value()) return std::nullopt;
      product *= dim.value();
    }
    return product;
  }

  /// Elements are whole, so where a share of a share is all again nothing was rounded.
  static std::optional<Count> scaled(Count count, std::int64_t times, std::int64_t over) {
    for (std::int64_t* divisor : {&over, &count.over}) {
      for (std::int64_t* factor : {&times, &count.times}) {
        const std::int64_t common = std::gcd(*factor, *divisor);
        *factor /= common;
        *divisor /= common;
      }
    }
    if (count.times > kMostElements / times || count.over > kMostElements / over) return std::nullopt;
    count.times *= times;
    count.over *= over;
    if (!count.number) return count;
    if (count.over != 1 || *count.number > kMostElements / count.times) return std::nullopt;
    return Count{*count.number * count.times};
  }

  /// That of the one operand whose dim the result has, or of several that are traced to be equal; the others repeat along the axis.
  Count broadcast_dim(const Node& node, std::size_t axis, const Count& stop) {
    const std::size_t out = rank(node.outputs[0]);
    std::optional<Count> chosen;
    for (const ValueId input : node.inputs) {
      const ShapeFact& shape = rewriter_.fact(input).shape;
      if (out == 0 || !shape.rank_known()) return stop;
      if (axis + shape.rank() < out) continue;
      const std::size_t own = axis + shape.rank() - out;
      if (shape[own].is(1)) continue;
      const Count found = dim(input, own);
      if (chosen && *chosen != found) return stop;
      chosen = found;
    }
    return chosen.value_or(stop);
  }

  /// Entry i of an integer vector.
  std::optional<Count> element(ValueId vector, std::int64_t i) {
    if (const Tensor* constant = rewriter_.constant(vector)) {
      const auto all = constant->to_int64s();
      if (constant->rank() != 1 || i >= static_cast<std::int64_t>(all.size()) || all[static_cast<std::size_t>(i)] < 0)
        return std::nullopt;
      return Count{all[static_cast<std::size_t>(i)]};
    }
    const Node* node = rewriter_.producer(vector);
    if (node == nullptr || ++steps_ > kFurthest) return std::nullopt;
    const std::string_view op = node->op.name();
    const ValueId first = node->inputs.empty() ? ValueId::kNone : node->inputs[0];
    if (op == "shape") return known(dim(first, static_cast<std::size_t>(i)));
    if (op == "identity") return element(first, i);
    if (op == "pack" && i < static_cast<std::int64_t>(node->inputs.size()))
      return known(count(node->inputs[static_cast<std::size_t>(i)]));
    const bool single = i == 0 && rewriter_.fact(vector).shape.elements().is(1);
    if ((op == "expand_dims" || op == "reshape") && single && rewriter_.fact(first).shape.rank_known())
      return rank(first) == 0 ? known(count(first)) : rank(first) == 1 ? element(first, 0) : std::nullopt;
    if (const auto* slice = node->op.as<StridedSlice>()) {
      const auto begin =
          (slice->begin_mask & 1) != 0 ? std::optional<std::int64_t>(0) : number_of(rewriter_, node->inputs[1]);
      const bool plain = slice->ellipsis_mask + slice->new_axis_mask + slice->shrink_axis_mask == 0 && rank(first) == 1;
      if (plain && begin && *begin >= 0 && is_number(node->inputs[3], 1)) return element(first, *begin + i);
    }
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

  std::optional<Count> list_rows(ValueId list) {
    const Node* node = rewriter_.producer(list);
    if (node == nullptr || ++steps_ > kFurthest) return std::nullopt;
    if (node->op.name() == "list_create") return known(count(node->inputs[0]));
    if (node->op.name() == "list_unstack") return known(dim(node->inputs[0], 0));
    return std::nullopt;
  }

  const Rewriter& rewriter_;
  int steps_ = 0;
};

}  // namespace

Count count_of(const Rewriter& rewriter, ValueId value) { return Walk(rewriter).count(value); }
Count dim_of(const Rewriter& rewriter, ValueId value, std::size_t axis) { return Walk(rewriter).dim(value, axis); }

}  // namespace temper
