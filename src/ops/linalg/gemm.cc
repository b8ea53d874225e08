#include "ops/linalg/gemm.h"

#include <algorithm>
#include <array>

namespace temper {
namespace {

/// Rows of c that share one reading of b, and columns of c that stay in the nearest cache meanwhile.
constexpr std::int64_t kRows = 4;
constexpr std::int64_t kColumns = 256;

/// Some rows and columns of c. `b` is given with its columns next to one another.
template <class T>
void multiply_add_tile(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, MatrixLayout a_layout, const T* b,
                       std::int64_t b_stride, T* c, std::int64_t c_stride) {
  for (std::int64_t p = 0; p < k; ++p) {
    const T* __restrict row = b + p * b_stride;
    for (std::int64_t i = 0; i < m; ++i) {
      const T value = a[i * a_layout.row_stride + p * a_layout.column_stride];
      T* __restrict sums = c + i * c_stride;
      for (std::int64_t j = 0; j < n; ++j) sums[j] += value * row[j];
    }
  }
}

/// Products with few columns, or columns of b that lie apart: sums of products, in four parts that run side by side.
template <class T>
T dot(std::int64_t k, const T* a, std::int64_t a_stride, const T* b, std::int64_t b_stride) {
  std::array<T, 4> sums{};
  std::int64_t p = 0;
  for (; p + 4 <= k; p += 4) {
    for (std::int64_t q = 0; q < 4; ++q)
      sums[static_cast<std::size_t>(q)] += a[(p + q) * a_stride] * b[(p + q) * b_stride];
  }
  for (; p < k; ++p) sums[0] += a[p * a_stride] * b[p * b_stride];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

template <class T>
void multiply_add(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, MatrixLayout a_layout, const T* b,
                  MatrixLayout b_layout, T* c) {
  if (n < 4 || b_layout.column_stride != 1) {
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        c[i * n + j] += dot(k, a + i * a_layout.row_stride, a_layout.column_stride, b + j * b_layout.column_stride,
                            b_layout.row_stride);
      }
    }
    return;
  }
  for (std::int64_t j = 0; j < n; j += kColumns) {
    for (std::int64_t i = 0; i < m; i += kRows) {
      multiply_add_tile(std::min(kRows, m - i), std::min(kColumns, n - j), k, a + i * a_layout.row_stride, a_layout,
                        b + j, b_layout.row_stride, c + i * n + j, n);
    }
  }
}

template void multiply_add(std::int64_t, std::int64_t, std::int64_t, const float*, MatrixLayout, const float*,
                           MatrixLayout, float*);
template void multiply_add(std::int64_t, std::int64_t, std::int64_t, const double*, MatrixLayout, const double*,
                           MatrixLayout, double*);
template void multiply_add(std::int64_t, std::int64_t, std::int64_t, const std::uint32_t*, MatrixLayout,
                           const std::uint32_t*, MatrixLayout, std::uint32_t*);
template void multiply_add(std::int64_t, std::int64_t, std::int64_t, const std::uint64_t*, MatrixLayout,
                           const std::uint64_t*, MatrixLayout, std::uint64_t*);

}  // namespace temper
