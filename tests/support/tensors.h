#pragma once
#include <gtest/gtest.h>

#include <initializer_list>

#include "ir/tensor.h"

/// Literals of tensors, for tables of cases: f32({2, 2}, {1, 2, 3, 4}).
namespace temper::testing {

template <class T>
Tensor tensor_of(const Shape& shape, std::initializer_list<T> values) {
  return Tensor::from<T>(shape, std::span<const T>(values.begin(), values.size()));
}
inline Tensor f32(const Shape& shape, std::initializer_list<float> values) { return tensor_of(shape, values); }
inline Tensor f64(const Shape& shape, std::initializer_list<double> values) { return tensor_of(shape, values); }
inline Tensor i32(const Shape& shape, std::initializer_list<std::int32_t> values) { return tensor_of(shape, values); }
inline Tensor i64(const Shape& shape, std::initializer_list<std::int64_t> values) { return tensor_of(shape, values); }
inline Tensor u8(const Shape& shape, std::initializer_list<std::uint8_t> values) { return tensor_of(shape, values); }
inline Tensor i8(const Shape& shape, std::initializer_list<std::int8_t> values) { return tensor_of(shape, values); }
inline Tensor boolean(const Shape& shape, std::initializer_list<bool> values) { return tensor_of(shape, values); }

/// Equal dtype and shape; elements within atol + rtol * |want|, NaN equal to NaN, infinities equal; other types equal.
::testing::AssertionResult near(const Tensor& got, const Tensor& want, double atol = 0, double rtol = 0);

}  // namespace temper::testing
