#pragma once
#include "ops/nn/compute.h"

namespace temper {

/// Calls `body(Type<Sum>{})` with the type in which products of `dtype` are summed: float, double, or for integers the
/// unsigned type of 32 or 64 bits, in which they wrap around.
template <class Body>
decltype(auto) visit_sums(DType dtype, Body&& body) {
  if (is_float(dtype)) return visit_widened(dtype, body);
  require(is_integer(dtype), "needs number inputs, got {}", dtype);
  return size_of(dtype) == 8 ? body(Type<std::uint64_t>{}) : body(Type<std::uint32_t>{});
}

/// A tensor's elements as the type its products are summed in; shared where they already have that form.
template <class Sum>
class SumElements {
 public:
  explicit SumElements(const Tensor& tensor) : tensor_(widened(tensor)) {
    if (is_float(tensor_.dtype()) || size_of(tensor_.dtype()) == sizeof(Sum)) return;
    visit_integers(tensor_.dtype(), [&]<class T>(Type<T>) {
      const auto from = tensor_.data<T>();
      Tensor wide(DType::kUInt32, tensor_.shape());
      std::ranges::transform(from, wide.mutable_data<std::uint32_t>().begin(),
                             [](T x) { return static_cast<std::uint32_t>(x); });
      tensor_ = std::move(wide);
    });
  }
  const Sum* data() const { return reinterpret_cast<const Sum*>(tensor_.bytes().data()); }

 private:
  Tensor tensor_;
};

/// Zeros to sum in, in the one form that counts towards the memory limit.
template <class Sum>
Tensor make_sums(std::int64_t count) {
  return Tensor::zeros(dtype_of<Sum>, Shape{count});
}

/// Sums, made by make_sums, as a tensor of `dtype`.
template <class Sum>
Tensor tensor_of_sums(const Tensor& sums, const Shape& shape, DType dtype) {
  if constexpr (std::is_floating_point_v<Sum>) {
    return narrowed(sums.reshaped(shape), dtype);
  } else {
    return visit_integers(dtype, [&]<class T>(Type<T>) {
      Tensor out(dtype, shape);
      std::ranges::transform(sums.data<Sum>(), out.mutable_data<T>().begin(), [](Sum x) { return static_cast<T>(x); });
      return out;
    });
  }
}

}  // namespace temper
