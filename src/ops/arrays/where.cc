#include "ops/arrays/storage.h"

namespace temper {

/// The coordinates of x's elements that are true, or not zero (NaN is not), in row-major order: int64 [count, rank].
struct Where {
  static constexpr std::string_view kName = "where";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require(in[0].dtype <= DType::kBool, "needs bools or numbers, got {}", in[0].dtype);
    const Dim rank = in[0].shape.rank_known() ? Dim(static_cast<std::int64_t>(in[0].shape.rank())) : Dim();
    const Dim count = in[0].shape.elements().is(0) ? Dim(0) : Dim();
    return {fact_of(DType::kInt64, ShapeFact({count, rank}))};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    const Shape& shape = in[0].shape();
    return visit_elements(in[0].dtype(), [&]<class T>(Type<T>) -> Tensors {
      const auto x = in[0].data<T>();
      const auto is_set = [](T value) { return static_cast<Compute<T>>(value) != Compute<T>(0); };
      const auto count = std::ranges::count_if(x, is_set);
      Tensor out(DType::kInt64, Shape{count, static_cast<std::int64_t>(shape.rank())});
      std::int64_t* to = out.mutable_data<std::int64_t>().data();
      Position at(shape);
      for (const T value : x) {
        if (is_set(value)) {
          for (std::size_t axis = 0; axis < shape.rank(); ++axis) *to++ = at[axis];
        }
        at.next();
      }
      return {std::move(out)};
    });
  }
};
REGISTER_OP(Where);

}  // namespace temper
