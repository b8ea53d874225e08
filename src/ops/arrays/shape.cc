#include <limits>

#include "ops/arrays/storage.h"

namespace temper {
namespace {

void require_int32_or_int64(DType dtype) {
  require(dtype == DType::kInt32 || dtype == DType::kInt64, "gives int32 or int64, not {}", dtype);
}

Tensor integers(DType dtype, const Shape& shape, std::span<const std::int64_t> values) {
  if (dtype == DType::kInt64) return Tensor::from<std::int64_t>(shape, values);
  require_int32_or_int64(dtype);
  Tensor out(dtype, shape);
  const auto to = out.mutable_data<std::int32_t>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    require(values[i] <= std::numeric_limits<std::int32_t>::max(), "{} does not fit int32", values[i]);
    to[i] = static_cast<std::int32_t>(values[i]);
  }
  return out;
}

}  // namespace

/// The dims of x, as a vector. Known before the run where they are.
struct ShapeOf {
  static constexpr std::string_view kName = "shape";

  DType dtype = DType::kInt32;

  static void fields(auto& self, auto&& field) { field("dtype", self.dtype); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require_int32_or_int64(dtype);
    if (const auto shape = in[0].shape.known()) return {Fact::of(give(*shape))};
    return {fact_of(dtype, ShapeFact({in[0].shape.rank_known() ? Dim(static_cast<std::int64_t>(in[0].shape.rank())) : Dim()}))};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    return {give(in[0].shape())};
  }

 private:
  Tensor give(const Shape& shape) const {
    return integers(dtype, Shape{static_cast<std::int64_t>(shape.rank())}, shape.dims());
  }
};
REGISTER_OP(ShapeOf);

/// The number of elements of x.
struct SizeOf {
  static constexpr std::string_view kName = "size";

  DType dtype = DType::kInt32;

  static void fields(auto& self, auto&& field) { field("dtype", self.dtype); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require_int32_or_int64(dtype);
    const Dim count = in[0].shape.elements();
    return {count.known() ? Fact::of(give(count.value())) : fact_of(dtype, Shape{})};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    return {give(in[0].elements())};
  }

 private:
  Tensor give(std::int64_t count) const { return integers(dtype, Shape{}, {&count, 1}); }
};
REGISTER_OP(SizeOf);

/// The number of dims of x, as int32.
struct RankOf {
  static constexpr std::string_view kName = "rank";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    if (in[0].shape.rank_known()) return {Fact::of(Tensor::scalar(static_cast<std::int32_t>(in[0].shape.rank())))};
    return {fact_of(DType::kInt32, Shape{})};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    return {Tensor::scalar(static_cast<std::int32_t>(in[0].rank()))};
  }
};
REGISTER_OP(RankOf);

}  // namespace temper
