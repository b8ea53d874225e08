#include "ops/control/lists.h"

namespace temper {
namespace {

void require_index(const Fact& fact, std::string_view what) {
  require(is_integer(fact.dtype), "{} is {}, not an integer", what, fact);
}

/// Base of operators without attributes.
struct ListOp {
  static void fields(auto&, auto&&) {}
};

}  // namespace

/// A list of `size` slots, none set. It is not folded: lists are made as a graph runs, and are no constants of it. Inputs: size; and, optionally, the shape of an item (-1 dims unknown, a scalar -1 where
/// the rank is).
struct ListCreate : ListOp {
  static constexpr std::string_view kName = "list_create";
  static constexpr bool kPure = false;

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1, 2);
    for (const Fact& fact : in) require_index(fact, "a list's size or item shape");
    return {list_fact()};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 1, 2);
    const std::int64_t size = in[0].to_int64("size");
    require(size >= 0, "a list of {} items is asked for", size);
    require_list_size(size);
    const Tensor slot = unset_slot(in.size() > 1 ? shape_from_argument(in[1]) : ShapeFact());
    return {Tensor::list(Tensors(static_cast<std::size_t>(size), slot))};
  }
};
REGISTER_OP(ListCreate);

/// The list with items[index] = item. Inputs: list, index, item. With `grow`, an index past the end lengthens the list.
struct ListSet {
  static constexpr std::string_view kName = "list_set";

  bool grow = false;

  static void fields(auto& self, auto&& field) { field("grow", self.grow); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    require_list(in[0]);
    require_index(in[1], "index");
    return {list_fact()};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    require_list(in[0]);
    return {with_item(in[0], in[1].to_int64("index"), in[2], grow)};
  }
};
REGISTER_OP(ListSet);

/// items[index]; zeros where it was never set and its shape is known. Inputs: list, index; and, optionally, the item's shape
/// as list_create takes it.
struct ListGet : ListElement {
  static constexpr std::string_view kName = "list_get";

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2, 3);
    require_list(in[0]);
    require_index(in[1], "index");
    ShapeFact shape = declared_shape();
    if (in.size() > 2 && in[2].constant) shape = unify(shape, shape_from_argument(*in[2].constant));
    return {{dtype, shape, {}}};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 2, 3);
    require_list(in[0]);
    const std::int64_t index = in[1].to_int64("index");
    const Tensors& items = in[0].items();
    require(index >= 0 && index < static_cast<std::int64_t>(items.size()), "item {} of a list of {} is read", index,
            items.size());
    ShapeFact shape = declared_shape();
    if (in.size() > 2) shape = unify(shape, shape_from_argument(in[2]));
    return {read(items[static_cast<std::size_t>(index)], shape)};
  }
};
REGISTER_OP(ListGet);

/// The number of slots, as an int32 scalar.
struct ListLength : ListOp {
  static constexpr std::string_view kName = "list_length";

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require_list(in[0]);
    return {{DType::kInt32, Shape{}, {}}};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    require_list(in[0]);
    return {Tensor::scalar(static_cast<std::int32_t>(in[0].items().size()))};
  }
};
REGISTER_OP(ListLength);

/// The list with `size` slots: cut off at the end, or lengthened by unset slots. Inputs: list, size.
struct ListResize : ListOp {
  static constexpr std::string_view kName = "list_resize";

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_list(in[0]);
    require_index(in[1], "size");
    return {list_fact()};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require_list(in[0]);
    return {with_size(in[0], in[1].to_int64("size"))};
  }
};
REGISTER_OP(ListResize);

/// The list with an item more at its end. Inputs: list, item.
struct ListPushBack : ListOp {
  static constexpr std::string_view kName = "list_push_back";

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_list(in[0]);
    return {list_fact()};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require_list(in[0]);
    return {with_item(in[0], static_cast<std::int64_t>(in[0].items().size()), in[1], true)};
  }
};
REGISTER_OP(ListPushBack);

/// Outputs: the list without its last item, and that item.
struct ListPopBack : ListElement {
  static constexpr std::string_view kName = "list_pop_back";

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require_list(in[0]);
    return {list_fact(), {dtype, declared_shape(), {}}};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    require_list(in[0]);
    require(!in[0].items().empty(), "an item is taken from an empty list");
    Tensor item = read(in[0].items().back(), declared_shape());
    return {with_size(in[0], static_cast<std::int64_t>(in[0].items().size()) - 1), std::move(item)};
  }
};
REGISTER_OP(ListPopBack);

/// The items of one list, then those of another.
struct ListConcatLists : ListOp {
  static constexpr std::string_view kName = "list_concat_lists";

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    for (const Fact& list : in) require_list(list);
    return {list_fact()};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    for (const Tensor& list : in) require_list(list);
    Tensors items = in[0].items();
    require_list_size(static_cast<std::int64_t>(items.size() + in[1].items().size()));
    items.insert(items.end(), in[1].items().begin(), in[1].items().end());
    return {Tensor::list(std::move(items))};
  }
};
REGISTER_OP(ListConcatLists);

/// The dims that all items agree on, -1 where they differ; a scalar -1 where not even their ranks are one, or none is set.
struct ListElementShape {
  static constexpr std::string_view kName = "list_element_shape";

  DType dtype = DType::kInt32;

  static void fields(auto& self, auto&& field) { field("dtype", self.dtype); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require_list(in[0]);
    require(dtype == DType::kInt32 || dtype == DType::kInt64, "a shape is asked for as {}", dtype);
    return {{dtype, ShapeFact(), {}}};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    require_list(in[0]);
    std::optional<ShapeFact> shape;
    for (const Tensor& item : in[0].items()) {
      if (is_unset(item) || item.dtype() == DType::kList) continue;
      shape = shape ? join(*shape, item.shape()) : ShapeFact(item.shape());
    }
    if (!shape || !shape->rank_known()) return {write(Shape{}, {Dim()})};
    return {write({static_cast<std::int64_t>(shape->rank())}, shape->dims())};
  }

 private:
  Tensor write(const Shape& shape, const std::vector<Dim>& dims) const {
    Tensor out(dtype, shape);
    for (std::size_t i = 0; i < dims.size(); ++i) {
      const std::int64_t dim = dims[i].known() ? dims[i].value() : -1;
      if (dtype == DType::kInt32) out.mutable_data<std::int32_t>()[i] = static_cast<std::int32_t>(dim);
      else out.mutable_data<std::int64_t>()[i] = dim;
    }
    return out;
  }
};
REGISTER_OP(ListElementShape);

}  // namespace temper
