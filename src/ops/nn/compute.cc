#include "ops/nn/compute.h"

namespace temper {
namespace {

template <class To, class From>
Tensor converted(const Tensor& tensor) {
  Tensor out(dtype_of<To>, tensor.shape());
  std::ranges::transform(tensor.data<From>(), out.mutable_data<To>().begin(),
                         [](const From& x) { return static_cast<To>(static_cast<float>(x)); });
  return out;
}

}  // namespace

Tensor widened(const Tensor& tensor) {
  if (tensor.dtype() == DType::kFloat16) return converted<float, Half>(tensor);
  if (tensor.dtype() == DType::kBFloat16) return converted<float, BFloat16>(tensor);
  return tensor;
}

Tensor narrowed(Tensor tensor, DType dtype) {
  if (dtype == DType::kFloat16) return converted<Half, float>(tensor);
  if (dtype == DType::kBFloat16) return converted<BFloat16, float>(tensor);
  return tensor;
}

Dim dim_of(const Fact& fact, std::int64_t axis) {
  if (!fact.shape.rank_known()) return {};
  const auto rank = static_cast<std::int64_t>(fact.shape.rank());
  const std::int64_t index = axis < 0 ? axis + rank : axis;
  return index < 0 || index >= rank ? Dim() : fact.shape[static_cast<std::size_t>(index)];
}

Dim agreed(const Dim& a, const Dim& b, std::string_view what) {
  if (!a.known()) return b;
  require(!b.known() || a == b, "{} is {} by one input and {} by another", what, a.value(), b.known() ? b.value() : 0);
  return a;
}

void require_vector(const Fact& fact, const Dim& count, std::string_view what) {
  require_rank(fact, 1, what);
  const Dim found = dim_of(fact, 0);
  require(!found.known() || !count.known() || found == count, "{} needs {} elements, got {}", what,
          count.known() ? count.value() : 0, fact);
}

void require_vector(const Tensor& tensor, std::int64_t count, std::string_view what) {
  require_rank(tensor, 1, what);
  require(tensor.dim(0) == count, "{} needs {} elements, got {}", what, count, tensor);
}

}  // namespace temper
