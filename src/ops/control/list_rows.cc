#include <cstring>

#include "ops/control/lists.h"

namespace temper {
namespace {

/// `shape` with a first dim before it; unknown rank stays so.
ShapeFact prepended(Dim first, const ShapeFact& shape) {
  if (!shape.rank_known()) return {};
  std::vector<Dim> dims{first};
  dims.insert(dims.end(), shape.dims().begin(), shape.dims().end());
  return ShapeFact(std::move(dims));
}

ShapeFact without_first(const ShapeFact& shape) {
  if (!shape.rank_known()) return {};
  require(shape.rank() > 0, "a list of scalars is concatenated");
  return ShapeFact(std::vector<Dim>(shape.dims().begin() + 1, shape.dims().end()));
}

Shape with_first(std::int64_t first, const Shape& rest) {
  Shape shape{first};
  for (const std::int64_t dim : rest) shape.push_back(dim);
  return shape;
}

/// The shape, which must be known where there is no item to tell it.
Shape resolved(const ShapeFact& shape) {
  const auto known = shape.known();
  require(known.has_value(), "the items of a list without items have shape {}, which is not known", shape);
  return *known;
}

/// The items one after another, as a tensor of `shape`.
Tensor joined(DType dtype, const Shape& shape, std::span<const Tensor> items) {
  require(dtype != DType::kList, "lists of lists cannot become one tensor");
  if (dtype == DType::kString) {
    std::vector<std::string> strings;
    for (const Tensor& item : items) strings.insert(strings.end(), item.string_data().begin(), item.string_data().end());
    return Tensor::strings(shape, std::move(strings));
  }
  Tensor out(dtype, shape);
  std::byte* to = out.mutable_bytes().data();
  for (const Tensor& item : items) {
    if (item.size_bytes() > 0) std::memcpy(to, item.bytes().data(), item.size_bytes());
    to += item.size_bytes();
  }
  return out;
}

std::vector<std::int64_t> read_vector(const Tensor& tensor, std::string_view what) {
  require(tensor.rank() == 1, "{} are {}, not a vector", what, tensor);
  return tensor.to_int64s();
}

Tensor row(const Tensor& tensor, std::int64_t i) {
  return tensor.rows(i, 1).reshaped(Shape(tensor.shape().dims().subspan(1)));
}

}  // namespace

/// Items of one shape, stacked along a new first axis: y[i, ...] = items[i], or items[indices[i]]. Inputs: list; and,
/// optionally, indices. Slots never set give zeros.
struct ListStack : ListElement {
  static constexpr std::string_view kName = "list_stack";

  std::int64_t length = -1;  ///< what the list's must be; -1 for any

  static void fields(auto& self, auto&& field) {
    ListElement::fields(self, field);
    field("length", self.length);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1, 2);
    require_list(in[0]);
    Dim count = length < 0 ? Dim() : Dim(length);
    if (in.size() > 1) {
      require_rank(in[1], 1, "indices");
      require(is_integer(in[1].dtype), "indices are {}", in[1].dtype);
      count = in[1].shape.rank_known() ? in[1].shape[0] : Dim();
    }
    return {{dtype, prepended(count, declared_shape()), {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1, 2);
    require_list(in[0]);
    const Tensors& slots = in[0].items();
    require(length < 0 || in.size() > 1 || length == static_cast<std::int64_t>(slots.size()),
            "a list of {} items is stacked where {} are expected", slots.size(), length);
    Tensors chosen = in.size() > 1 ? gather(slots, read_vector(in[1], "indices")) : slots;
    ShapeFact shape = declared_shape();
    for (const Tensor& slot : chosen) {
      if (!is_unset(slot)) shape = unify(shape, slot.shape());
    }
    for (Tensor& slot : chosen) {
      slot = read(slot, shape);
      shape = unify(shape, slot.shape());
    }
    return {joined(dtype, with_first(static_cast<std::int64_t>(chosen.size()), resolved(shape)), chosen)};
  }

 private:
  static Tensors gather(const Tensors& slots, const std::vector<std::int64_t>& indices) {
    Tensors chosen;
    for (const std::int64_t i : indices) {
      require(i >= 0 && i < static_cast<std::int64_t>(slots.size()), "item {} of a list of {} is read", i, slots.size());
      chosen.push_back(slots[static_cast<std::size_t>(i)]);
    }
    return chosen;
  }
};
REGISTER_OP(ListStack);

/// The rows of a tensor as a list: items[i] = x[i, ...].
struct ListUnstack {
  static constexpr std::string_view kName = "list_unstack";
  static constexpr bool kPure = false;

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require(!in[0].shape.rank_known() || in[0].shape.rank() > 0, "a scalar has no rows");
    return {list_fact()};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    require(in[0].rank() > 0, "a scalar has no rows");
    require_list_size(in[0].dim(0));
    Tensors items;
    for (std::int64_t i = 0; i < in[0].dim(0); ++i) items.push_back(row(in[0], i));
    return {Tensor::list(std::move(items))};
  }
};
REGISTER_OP(ListUnstack);

/// The list with items[indices[i]] = x[i, ...]; an index past the end lengthens it. Inputs: list, indices, x.
struct ListScatter {
  static constexpr std::string_view kName = "list_scatter";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    require_list(in[0]);
    require_rank(in[1], 1, "indices");
    require(is_integer(in[1].dtype), "indices are {}", in[1].dtype);
    require(!in[2].shape.rank_known() || in[2].shape.rank() > 0, "a scalar has no rows");
    return {list_fact()};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    require_list(in[0]);
    const auto indices = read_vector(in[1], "indices");
    require(in[2].rank() > 0 && in[2].dim(0) == static_cast<std::int64_t>(indices.size()),
            "{} indices are given for the rows of {}", indices.size(), in[2]);
    Tensor list = in[0];
    for (std::size_t i = 0; i < indices.size(); ++i) {
      list = with_item(std::move(list), indices[i], row(in[2], static_cast<std::int64_t>(i)), true);
    }
    return {std::move(list)};
  }
};
REGISTER_OP(ListScatter);

/// Items joined along their first axis, and the int64 lengths they have there. Inputs: list; and, optionally, the lengths of
/// those that were never set. The other dims must agree.
struct ListConcat : ListElement {
  static constexpr std::string_view kName = "list_concat";

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1, 2);
    require_list(in[0]);
    return {{dtype, prepended({}, without_first(declared_shape())), {}}, {DType::kInt64, ShapeFact::of_rank(1), {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1, 2);
    require_list(in[0]);
    Tensors items = in[0].items();
    ShapeFact rest = without_first(declared_shape());
    for (const Tensor& slot : items) {
      if (is_unset(slot)) continue;
      check_item(slot);
      rest = unify(rest, without_first(slot.shape()));
    }
    const auto leading = in.size() > 1 ? read_vector(in[1], "lengths") : std::vector<std::int64_t>();
    std::vector<std::int64_t> lengths;
    std::int64_t total = 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
      Dim first;
      if (i < leading.size() && leading[i] >= 0) first = leading[i];
      if (is_unset(items[i])) items[i] = read(items[i], prepended(first, rest));
      rest = unify(rest, without_first(items[i].shape()));
      lengths.push_back(items[i].dim(0));
      require(!__builtin_add_overflow(total, lengths.back(), &total), "a list's items are too long to join");
    }
    return {joined(dtype, with_first(total, resolved(rest)), items), Tensor::vector<std::int64_t>(lengths)};
  }
};
REGISTER_OP(ListConcat);

/// The rows of a tensor as a list of consecutive parts: items[i] has the next lengths[i] rows. Inputs: x, lengths.
struct ListSplit {
  static constexpr std::string_view kName = "list_split";
  static constexpr bool kPure = false;

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_rank(in[1], 1, "lengths");
    require(is_integer(in[1].dtype), "lengths are {}", in[1].dtype);
    return {list_fact()};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require(in[0].rank() > 0, "a scalar has no rows");
    Tensors items;
    std::int64_t first = 0;
    for (const std::int64_t length : read_vector(in[1], "lengths")) {
      require(length >= 0 && length <= in[0].dim(0) - first, "lengths do not add up to the {} rows", in[0].dim(0));
      items.push_back(in[0].rows(first, length));
      first += length;
    }
    require(first == in[0].dim(0), "lengths add up to {}, not to the {} rows", first, in[0].dim(0));
    return {Tensor::list(std::move(items))};
  }
};
REGISTER_OP(ListSplit);

}  // namespace temper
