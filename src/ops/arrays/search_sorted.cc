#include <limits>

#include "ops/arrays/storage.h"

namespace temper {

/// Where each value would go in a sorted row: before all that are equal to it, or after all with `right`.
/// Inputs: sorted [rows, n], values [rows, m] of one type. Gives positions 0..n of type `dtype`, [rows, m].
struct SearchSorted {
  static constexpr std::string_view kName = "search_sorted";

  bool right = false;
  DType dtype = DType::kInt32;

  static void fields(auto& self, auto&& field) {
    field("right", self.right);
    field("dtype", self.dtype);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_dtype();
    require_same_dtype(in[0], in[1]);
    require(is_number(in[0].dtype), "needs numbers, got {}", in[0].dtype);
    for (const Fact& part : in) require_rank(part, 2, "an input");
    ShapeFact shape = in[1].shape.rank_known() ? in[1].shape : ShapeFact::of_rank(2);
    if (in[0].shape.rank_known()) shape.set(0, unify(shape[0], in[0].shape[0], "the number of rows"));
    return {fact_of(dtype, shape)};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require_dtype();
    require(in[0].rank() == 2 && in[1].rank() == 2 && in[0].dim(0) == in[1].dim(0) && in[0].dtype() == in[1].dtype(),
            "sorted rows {} do not go with values {}", in[0], in[1]);
    const std::int64_t n = in[0].dim(1);
    const std::int64_t m = in[1].dim(1);
    require(dtype == DType::kInt64 || n <= std::numeric_limits<std::int32_t>::max(), "positions up to {} do not fit int32", n);
    Tensor out(dtype, in[1].shape());
    visit_numbers(in[0].dtype(), [&]<class T>(Type<T>) {
      const T* row = in[0].data<T>().data();
      const T* values = in[1].data<T>().data();
      for (std::int64_t i = 0; i < in[1].elements(); ++i) {
        const auto key = static_cast<Compute<T>>(values[i]);
        const T* first = row + i / m * n;
        const auto before = [&](T element) {
          const auto sorted = static_cast<Compute<T>>(element);
          return right ? !(key < sorted) : sorted < key;
        };
        const std::int64_t place = std::partition_point(first, first + n, before) - first;
        if (dtype == DType::kInt64) out.mutable_data<std::int64_t>()[static_cast<std::size_t>(i)] = place;
        else out.mutable_data<std::int32_t>()[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(place);
      }
    });
    return {std::move(out)};
  }

 private:
  void require_dtype() const {
    require(dtype == DType::kInt32 || dtype == DType::kInt64, "gives int32 or int64 positions, not {}", dtype);
  }
};
REGISTER_OP(SearchSorted);

}  // namespace temper
