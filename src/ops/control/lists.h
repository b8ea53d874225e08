#pragma once
#include "ops/definition.h"

/// Lists of tensors (DType::kList): the TensorArrays and TensorLists of TensorFlow. A list is a value like any other: an
/// operator that changes one gives a new list, whose items share their elements with the old one's.
///
/// A slot that was never set holds a mark instead of an item: what is read from it is zeros, where its shape is known.
namespace temper {

/// The mark of a slot never set, whose item would have this shape.
Tensor unset_slot(const ShapeFact& shape);
bool is_unset(const Tensor& slot);

/// The shape that a tensor argument lists: -1 dims are unknown, a scalar -1 is an unknown rank.
ShapeFact shape_from_argument(const Tensor& argument);

/// `list` with one item replaced, done in place where no one else holds the list. With `grow`, an index past the end
/// lengthens it by unset slots; without, that is a ModelError.
Tensor with_item(Tensor list, std::int64_t index, Tensor item, bool grow);
/// `list` with `size` slots: cut off at the end, or lengthened by unset slots.
Tensor with_size(Tensor list, std::int64_t size);

/// What is known of any list.
inline Fact list_fact() { return {DType::kList, ShapeFact(), {}}; }

/// Throws ModelError where there is another thing than a list.
inline void require_list(const Fact& fact) {
  require(fact.dtype == DType::kList, "needs a list, got {}", fact);
}
inline void require_list(const Tensor& tensor) {
  require(tensor.dtype() == DType::kList && tensor.rank() == 0, "needs a list, got {}", tensor);
}

/// Throws ModelError where a list of that many slots would not fit the memory limit.
void require_list_size(std::int64_t size);

/// What an operator that reads items says of them. Base of those operators.
struct ListElement {
  DType dtype = DType::kFloat32;
  bool has_element_shape = false;
  std::vector<std::int64_t> element_shape;  ///< -1 for unknown; only with has_element_shape

  static void fields(auto& self, auto&& field) {
    field("dtype", self.dtype);
    field("has_element_shape", self.has_element_shape);
    field("element_shape", self.element_shape);
  }

  ShapeFact declared_shape() const;
  /// Throws ModelError where an item is of another type.
  void check_item(const Tensor& item) const;
  /// The item in `slot`, zeros where unset; `shape` is what else is known of it.
  Tensor read(const Tensor& slot, const ShapeFact& shape) const;
};

/// What is known of a shape from two sources. Throws ModelError where they contradict.
ShapeFact unify(const ShapeFact& a, const ShapeFact& b);

}  // namespace temper
