#pragma once
#include "ops/definition.h"

/// Movement of elements of any dtype. Kernels that only move elements are compiled for the five ways of storing one
/// (1, 2, 4 or 8 bytes, or a string) and not for each dtype.
namespace temper {

/// Calls `body(Type<T>{})` with T by which elements of `dtype` may be copied: an unsigned integer of its size or a string.
template <class Body>
decltype(auto) visit_storage(DType dtype, Body&& body) {
  switch (size_of(dtype)) {
    case 1: return body(Type<std::uint8_t>{});
    case 2: return body(Type<std::uint16_t>{});
    case 4: return body(Type<std::uint32_t>{});
    case 8: return body(Type<std::uint64_t>{});
    default: break;
  }
  if (dtype != DType::kString) throw ModelError(fmt::format("elements of type {} cannot be moved", dtype));
  return body(Type<std::string>{});
}

/// Where the elements lie: an array of what visit_storage gives.
inline const void* storage(const Tensor& tensor) {
  if (tensor.dtype() == DType::kString) return tensor.string_data().data();
  return tensor.bytes().data();
}

/// A tensor that is being made, of any dtype. Elements are undefined until written (strings are empty).
class TensorWriter {
 public:
  TensorWriter(DType dtype, const Shape& shape) : tensor_(dtype, dtype == DType::kString ? Shape{0} : shape) {
    if (dtype != DType::kString) return;
    require(shape.elements() < (1 << 28), "a string tensor of shape {} is too large", shape);
    strings_ = std::make_shared<std::vector<std::string>>(static_cast<std::size_t>(shape.elements()));
    tensor_ = Tensor(dtype, shape, strings_, nullptr);
  }

  const Shape& shape() const { return tensor_.shape(); }
  DType dtype() const { return tensor_.dtype(); }
  std::int64_t elements() const { return tensor_.elements(); }
  void* storage() { return strings_ ? static_cast<void*>(strings_->data()) : tensor_.mutable_bytes().data(); }
  /// Zeros, false, or empty strings.
  void clear();
  /// Every element becomes the first of `value`, which is of the same dtype.
  void fill(const Tensor& value);
  Tensor take() { return std::move(tensor_); }

 private:
  Tensor tensor_;
  std::shared_ptr<std::vector<std::string>> strings_;
};

/// Elements of a buffer at offset + sum of i[k] * strides[k], where 0 <= i[k] < dims[k]: a part of a tensor, in any order.
/// It has room for two dims for each dim of a tensor.
struct View {
  static constexpr std::size_t kMaxRank = 2 * temper::kMaxRank + 4;

  std::int64_t offset = 0;
  std::size_t rank = 0;
  std::array<std::int64_t, kMaxRank> dims{};
  std::array<std::int64_t, kMaxRank> strides{};

  View() = default;
  /// All of a tensor, row-major.
  explicit View(const Shape& shape);

  /// Strides as of a tensor of these dims.
  void set_row_major();
  void add(std::int64_t dim, std::int64_t stride) {
    if (rank == kMaxRank) throw ModelError("a tensor of so many dimensions is not supported");
    dims[rank] = dim;
    strides[rank++] = stride;
  }
  /// Narrows an axis to [first, first + count).
  View& narrow(std::size_t axis, std::int64_t first, std::int64_t count) {
    offset += first * strides[axis];
    dims[axis] = count;
    return *this;
  }
};

/// Copies the elements that `source` selects to where `target` says, in order. The views' dims are equal; what is read and
/// what is written do not overlap.
void copy_view(DType dtype, const void* from, const View& source, void* to, const View& target);

/// The elements that `view` selects, as a tensor of `shape`, which has as many. Shared where they lie in one run.
Tensor read_view(const Tensor& from, const View& view, const Shape& shape);

/// Copies `count` neighbours.
template <class T>
void copy_run(const T* from, T* to, std::int64_t count) {
  if (count < 8) {
    for (std::int64_t i = 0; i < count; ++i) to[i] = from[i];
  } else {
    std::copy_n(from, count, to);
  }
}

/// A short list of integers read from a tensor, kept inline: a shape, axes, paddings.
class IndexList {
 public:
  static constexpr std::size_t kMaxSize = View::kMaxRank;

  /// Throws ModelError where `tensor` is not of integers or has more than kMaxSize; `what` names it.
  IndexList(const Tensor& tensor, std::string_view what);

  std::size_t size() const { return size_; }
  std::int64_t operator[](std::size_t i) const { return values_[i]; }
  std::span<const std::int64_t> values() const { return {values_.data(), size_}; }

 private:
  std::array<std::int64_t, kMaxSize> values_;
  std::size_t size_ = 0;
};

/// Integer elements of any width, read one at a time.
class Indices {
 public:
  explicit Indices(const Tensor& tensor);

  std::int64_t operator[](std::int64_t i) const {
    const auto at = static_cast<std::size_t>(i);
    if (dtype_ == DType::kInt32) return static_cast<const std::int32_t*>(data_)[at];
    if (dtype_ == DType::kInt64) return static_cast<const std::int64_t*>(data_)[at];
    return other(at);
  }

 private:
  std::int64_t other(std::size_t i) const;

  DType dtype_;
  const void* data_;
};

/// What infer says of a value of a dtype.
inline Fact fact_of(DType dtype, ShapeFact shape) { return {dtype, std::move(shape), {}}; }

/// Throws ModelError where a fact's dtype is known not to be an integer.
inline void require_integers(const Fact& fact, std::string_view what) {
  require(is_integer(fact.dtype), "{} is of type {}, not an integer", what, fact.dtype);
}

/// `dim` where `known` is unknown; throws ModelError where both are known and differ.
Dim unify(const Dim& known, const Dim& dim, std::string_view what);

}  // namespace temper
