#include "ops/control/lists.h"

#include "base/memory.h"

namespace temper {
namespace {

/// What would be in an unset slot.
ShapeFact unset_shape(const Tensor& slot) {
  return slot.items().empty() ? ShapeFact() : shape_from_argument(slot.items().front());
}

/// Slots added to a list are like those that are unset in it already.
Tensor filler(const Tensors& items) {
  const auto found = std::ranges::find_if(items, is_unset);
  return found == items.end() ? unset_slot({}) : *found;
}

void resize(Tensors& items, std::int64_t size) {
  require(size >= 0, "a list of {} items is asked for", size);
  require_list_size(size);
  const Tensor fill = filler(items);
  items.resize(static_cast<std::size_t>(size), fill);
}

}  // namespace

Tensor unset_slot(const ShapeFact& shape) {
  Tensors about;
  if (shape.rank_known()) {
    std::vector<std::int64_t> dims;
    for (const Dim& dim : shape.dims()) dims.push_back(dim.known() ? dim.value() : -1);
    about.push_back(Tensor::vector<std::int64_t>(dims));
  }
  const auto owner = std::make_shared<Tensors>(std::move(about));
  return {DType::kList, Shape{0}, owner, nullptr};
}

bool is_unset(const Tensor& slot) { return slot.dtype() == DType::kList && slot.rank() == 1; }

ShapeFact shape_from_argument(const Tensor& argument) {
  require(argument.rank() <= 1 && is_integer(argument.dtype()), "an element shape is given as {}", argument);
  if (argument.rank() == 0) {
    require(argument.to_int64("element shape") == -1, "an element shape is the number {}, not -1 or a list of dims",
            argument.to_int64("element shape"));
    return {};
  }
  return shape_from_elements(Fact::of(argument));
}

Tensor with_item(Tensor list, std::int64_t index, Tensor item, bool grow) {
  Tensors items = list.take_items();
  const auto size = static_cast<std::int64_t>(items.size());
  require(index >= 0 && (grow || index < size), "item {} of a list of {} is set", index, size);
  if (index >= size) {
    require_list_size(index);
    resize(items, index + 1);
  }
  items[static_cast<std::size_t>(index)] = std::move(item);
  return Tensor::list(std::move(items));
}

Tensor with_size(Tensor list, std::int64_t size) {
  Tensors items = list.take_items();
  resize(items, size);
  return Tensor::list(std::move(items));
}

void require_list_size(std::int64_t size) {
  const std::size_t limit = memory_limit() - std::min(memory_limit(), memory_in_use());
  require(static_cast<std::uint64_t>(size) < limit / sizeof(Tensor), "a list of {} items does not fit the memory limit",
          size);
}

ShapeFact unify(const ShapeFact& a, const ShapeFact& b) {
  if (!a.rank_known()) return b;
  if (!b.rank_known()) return a;
  require(a.rank() == b.rank(), "a list's items have shapes {} and {}", a, b);
  ShapeFact result = a;
  for (std::size_t axis = 0; axis < a.rank(); ++axis) {
    require(!a[axis].known() || !b[axis].known() || a[axis] == b[axis], "a list's items have shapes {} and {}", a, b);
    if (!a[axis].known()) result.set(axis, b[axis]);
  }
  return result;
}

ShapeFact ListElement::declared_shape() const {
  if (!has_element_shape) return {};
  require(element_shape.size() <= kMaxRank, "a shape of {} dimensions is not supported", element_shape.size());
  std::vector<Dim> dims;
  for (const std::int64_t dim : element_shape) dims.push_back(dim < 0 ? Dim() : Dim(dim));
  return ShapeFact(std::move(dims));
}

void ListElement::check_item(const Tensor& item) const {
  require(item.dtype() == dtype, "a {} is read from a list that holds {} there", dtype, item);
}

Tensor ListElement::read(const Tensor& slot, const ShapeFact& shape) const {
  if (!is_unset(slot)) {
    check_item(slot);
    if (dtype != DType::kList) unify(shape, slot.shape());
    return slot;
  }
  if (dtype == DType::kList) return Tensor::list({});
  const ShapeFact all = unify(shape, unset_shape(slot));
  const auto known = all.known();
  require(known.has_value(), "an item is read that was never set, and its shape {} is not known", all);
  return Tensor::zeros(dtype, *known);
}

}  // namespace temper
