#include "support/tensors.h"

#include <cmath>

namespace temper::testing {
namespace {

double element(const Tensor& tensor, std::size_t i) {
  return visit_elements(tensor.dtype(), [&]<class T>(Type<T>) {
    if constexpr (std::is_same_v<T, bool>) return tensor.data<bool>()[i] ? 1.0 : 0.0;
    else return static_cast<double>(Compute<T>(tensor.data<T>()[i]));
  });
}

bool close(double got, double want, double atol, double rtol) {
  if (std::isnan(got) || std::isnan(want)) return std::isnan(got) && std::isnan(want);
  if (std::isinf(got) || std::isinf(want)) return got == want;
  return std::abs(got - want) <= atol + rtol * std::abs(want);
}

}  // namespace

::testing::AssertionResult near(const Tensor& got, const Tensor& want, double atol, double rtol) {
  if (got.dtype() != want.dtype() || got.shape() != want.shape()) {
    return ::testing::AssertionFailure() << describe(got) << " where " << describe(want) << " was expected";
  }
  if (want.dtype() == DType::kString || want.dtype() == DType::kList) {
    if (identical(got, want)) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "strings or items differ";
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(want.elements()); ++i) {
    if (close(element(got, i), element(want, i), atol, rtol)) continue;
    return ::testing::AssertionFailure() << "element " << i << " of " << describe(want) << " is " << element(got, i)
                                         << " where " << element(want, i) << " was expected";
  }
  return ::testing::AssertionSuccess();
}

}  // namespace temper::testing
