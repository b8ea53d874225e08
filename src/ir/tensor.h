#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ir/dtype.h"
#include "ir/shape.h"

namespace temper {

class Tensor;
using Tensors = std::vector<Tensor>;
using Inputs = std::span<const Tensor>;

/// A dense row-major array. Copies share the elements, so a tensor that others may hold is not to be written to:
/// mutable_data is for the one who has just made it.
class Tensor {
 public:
  /// A tensor of no elements: float32 of shape [0].
  Tensor() : Tensor(DType::kFloat32, Shape{0}) {}
  /// Elements are undefined (strings are empty). Throws ModelError where the memory limit leaves no room.
  Tensor(DType dtype, const Shape& shape);
  /// Elements live in `data`, which `owner` keeps alive.
  Tensor(DType dtype, const Shape& shape, std::shared_ptr<const void> owner, const std::byte* data);

  static Tensor zeros(DType dtype, const Shape& shape);
  template <class T>
  static Tensor scalar(T value) {
    return from<T>({}, {&value, 1});
  }
  template <class T>
  static Tensor from(const Shape& shape, std::span<const T> values) {
    Tensor tensor(dtype_of<T>, shape);
    invariant(tensor.elements() == static_cast<std::int64_t>(values.size()), "{} values for shape {}", values.size(),
              shape);
    std::ranges::copy(values, tensor.mutable_data<T>().begin());
    return tensor;
  }
  /// A rank-1 tensor of the values.
  template <class T>
  static Tensor vector(std::span<const T> values) {
    return from<T>(Shape{static_cast<std::int64_t>(values.size())}, values);
  }
  static Tensor strings(const Shape& shape, std::vector<std::string> values);
  /// A scalar of dtype kList.
  static Tensor list(Tensors items);

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::size_t rank() const { return shape_.rank(); }
  std::int64_t dim(std::size_t axis) const { return shape_[axis]; }
  std::int64_t elements() const { return elements_; }
  std::size_t size_bytes() const { return static_cast<std::size_t>(elements_) * size_of(dtype_); }

  template <class T>
  std::span<const T> data() const {
    check(dtype_of<T>);
    return {reinterpret_cast<const T*>(data_), static_cast<std::size_t>(elements_)};
  }
  template <class T>
  std::span<T> mutable_data() {
    check(dtype_of<T>);
    return {reinterpret_cast<T*>(const_cast<std::byte*>(data_)), static_cast<std::size_t>(elements_)};
  }
  std::span<const std::byte> bytes() const { return {data_, size_bytes()}; }
  std::span<std::byte> mutable_bytes() { return {const_cast<std::byte*>(data_), size_bytes()}; }

  /// The elements of a kString tensor.
  const std::vector<std::string>& string_data() const;
  /// The items of a kList tensor.
  const Tensors& items() const;
  /// The items, taken out without a copy where no one else holds them. The tensor is empty afterwards.
  Tensors take_items();

  /// The same elements under another shape of as many. Throws ModelError where the counts differ.
  Tensor reshaped(const Shape& shape) const;
  /// The elements [first, first + count) along axis 0, shared; rank is kept.
  Tensor rows(std::int64_t first, std::int64_t count) const;

  /// Integer elements of any width, or the truth of bools, as int64. Throws ModelError on another dtype.
  std::vector<std::int64_t> to_int64s() const;
  /// The one element of a tensor of one integer or bool element. Throws ModelError otherwise; `what` names it there.
  std::int64_t to_int64(std::string_view what) const;
  /// The one element of a tensor of one number, as double.
  double to_double(std::string_view what) const;

 private:
  void check(DType wanted) const { invariant(dtype_ == wanted, "a {} tensor is read as {}", dtype_, wanted); }

  DType dtype_;
  Shape shape_;
  std::int64_t elements_ = 0;
  std::shared_ptr<const void> owner_;
  const std::byte* data_ = nullptr;
};

/// Equal dtype, shape and elements (floats by bits).
bool identical(const Tensor& a, const Tensor& b);

/// "float32[2,3]"
std::string describe(const Tensor& tensor);

}  // namespace temper
