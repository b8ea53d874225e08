#pragma once
#include <cstdint>

namespace temper {

/// How a matrix lies in memory: element (i, j) at i * row_stride + j * column_stride.
struct MatrixLayout {
  std::int64_t row_stride = 0;
  std::int64_t column_stride = 0;
};

/// c[m, n] += a[m, k] * b[k, n], c row-major with rows `n` apart. T is float, double, std::uint32_t or std::uint64_t;
/// signed and narrower integers are computed as these, wrapping around.
template <class T>
void multiply_add(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, MatrixLayout a_layout, const T* b,
                  MatrixLayout b_layout, T* c);

}  // namespace temper
