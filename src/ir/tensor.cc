#include "ir/tensor.h"

#include <cstring>

#include "base/memory.h"

namespace temper {
namespace {

using Strings = std::vector<std::string>;

/// Bytes of `elements`, refused where they cannot be counted.
std::size_t checked_bytes(DType dtype, const Shape& shape) {
  std::size_t size_bytes = 0;
  require(!__builtin_mul_overflow(static_cast<std::size_t>(shape.elements()), size_of(dtype), &size_bytes),
          "a tensor of shape {} is too large", shape);
  return size_bytes;
}

}  // namespace

Tensor::Tensor(DType dtype, const Shape& shape) : dtype_(dtype), shape_(shape), elements_(shape.elements()) {
  if (dtype == DType::kString) {
    require(elements_ < (1 << 28), "a string tensor of shape {} is too large", shape);
    owner_ = std::make_shared<const Strings>(static_cast<std::size_t>(elements_));
  } else if (dtype == DType::kList) {
    owner_ = std::make_shared<const Tensors>();
  } else {
    auto buffer = allocate_buffer(checked_bytes(dtype, shape));
    data_ = buffer.get();
    owner_ = std::move(buffer);
  }
}

Tensor::Tensor(DType dtype, const Shape& shape, std::shared_ptr<const void> owner, const std::byte* data)
    : dtype_(dtype), shape_(shape), elements_(shape.elements()), owner_(std::move(owner)), data_(data) {}

Tensor Tensor::zeros(DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  if (const auto bytes = tensor.mutable_bytes(); !bytes.empty()) std::memset(bytes.data(), 0, bytes.size());
  return tensor;
}

Tensor Tensor::strings(const Shape& shape, Strings values) {
  invariant(shape.elements() == static_cast<std::int64_t>(values.size()), "{} strings for shape {}", values.size(), shape);
  return {DType::kString, shape, std::make_shared<const Strings>(std::move(values)), nullptr};
}

Tensor Tensor::list(Tensors items) {
  return {DType::kList, Shape{}, std::make_shared<Tensors>(std::move(items)), nullptr};
}

const Strings& Tensor::string_data() const {
  check(DType::kString);
  return *static_cast<const Strings*>(owner_.get());
}

const Tensors& Tensor::items() const {
  check(DType::kList);
  return *static_cast<const Tensors*>(owner_.get());
}

Tensors Tensor::take_items() {
  check(DType::kList);
  const auto owner = std::exchange(owner_, std::make_shared<const Tensors>());
  auto& items = *const_cast<Tensors*>(static_cast<const Tensors*>(owner.get()));
  return owner.use_count() == 1 ? std::move(items) : items;
}

Tensor Tensor::reshaped(const Shape& shape) const {
  require(shape.elements() == elements_, "{} elements of shape {} cannot take shape {}", elements_, shape_, shape);
  Tensor result = *this;
  result.shape_ = shape;
  return result;
}

Tensor Tensor::rows(std::int64_t first, std::int64_t count) const {
  invariant(rank() > 0 && first >= 0 && count >= 0 && first + count <= dim(0), "rows {}+{} of shape {}", first, count,
            shape_);
  Shape shape = shape_;
  shape.set(0, count);
  const std::int64_t row = shape_.elements(1, rank());
  if (dtype_ == DType::kString) {
    const auto begin = string_data().begin() + first * row;
    return strings(shape, Strings(begin, begin + count * row));
  }
  return {dtype_, shape, owner_, data_ + static_cast<std::size_t>(first * row) * size_of(dtype_)};
}

std::vector<std::int64_t> Tensor::to_int64s() const {
  std::vector<std::int64_t> values;
  values.reserve(static_cast<std::size_t>(elements_));
  if (dtype_ == DType::kBool) {
    for (const bool v : data<bool>()) values.push_back(v ? 1 : 0);
    return values;
  }
  visit_integers(dtype_, [&]<class T>(Type<T>) {
    for (const T v : data<T>()) values.push_back(static_cast<std::int64_t>(v));
  });
  return values;
}

std::int64_t Tensor::to_int64(std::string_view what) const {
  require(elements_ == 1, "{} needs one element, got shape {}", what, shape_);
  return to_int64s().front();
}

double Tensor::to_double(std::string_view what) const {
  require(elements_ == 1, "{} needs one element, got shape {}", what, shape_);
  return visit_numbers(dtype_, [&]<class T>(Type<T>) { return static_cast<double>(Compute<T>(data<T>()[0])); });
}

bool identical(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  if (a.dtype() == DType::kString) return a.string_data() == b.string_data();
  if (a.dtype() == DType::kList) return std::ranges::equal(a.items(), b.items(), identical);
  return a.bytes().data() == b.bytes().data() || std::ranges::equal(a.bytes(), b.bytes());
}

std::string describe(const Tensor& tensor) {
  return fmt::format("{}{}", dtype_name(tensor.dtype()), to_string(tensor.shape()));
}

}  // namespace temper
