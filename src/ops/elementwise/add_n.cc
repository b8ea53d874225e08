#include "ops/elementwise/elementwise.h"

namespace temper {

/// The sum of one or more inputs of one type and shape, added from the first to the last; each sum is rounded to the
/// type. Integers wrap around.
struct AddN {
  static constexpr std::string_view kName = "add_n";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require(!in.empty(), "takes at least 1 input, got none");
    require(is_number(in[0].dtype), "needs number inputs, got {}", in[0].dtype);
    ShapeFact shape = in[0].shape;
    for (const Fact& x : in) {
      require_same_dtype(in[0], x);
      shape = unify(shape, x.shape);
    }
    return {{in[0].dtype, shape, {}}};
  }

  Tensors reference(Inputs in) const {
    require(!in.empty(), "takes at least 1 input, got none");
    for (const Tensor& x : in) {
      require(x.dtype() == in[0].dtype() && x.shape() == in[0].shape(), "inputs differ: {} and {}", in[0],
              x);
    }
    return visit_numbers(in[0].dtype(), [&]<class T>(Type<T>) -> Tensors {
      Tensor out(in[0].dtype(), in[0].shape());
      const auto sum = out.mutable_data<T>();
      std::ranges::copy(in[0].data<T>(), sum.begin());
      for (const Tensor& x : in.subspan(1)) {
        const auto more = x.data<T>();
        for (std::size_t i = 0; i < sum.size(); ++i) {
          if constexpr (std::is_integral_v<T>) {
            sum[i] = static_cast<T>(static_cast<Wrapping<T>>(sum[i]) + static_cast<Wrapping<T>>(more[i]));
          } else {
            sum[i] = static_cast<T>(static_cast<Compute<T>>(sum[i]) + static_cast<Compute<T>>(more[i]));
          }
        }
      }
      return {std::move(out)};
    });
  }

 private:
  /// What is known of two shapes that must be equal.
  static ShapeFact unify(const ShapeFact& a, const ShapeFact& b) {
    if (!a.rank_known()) return b;
    if (!b.rank_known()) return a;
    require(a.rank() == b.rank(), "inputs are of different shapes: {} and {}", a, b);
    ShapeFact shape = a;
    for (std::size_t axis = 0; axis < a.rank(); ++axis) {
      require(!a[axis].known() || !b[axis].known() || a[axis] == b[axis], "inputs are of different shapes: {} and {}",
              a, b);
      if (!a[axis].known()) shape.set(axis, b[axis]);
    }
    return shape;
  }
};
REGISTER_OP(AddN);

}  // namespace temper
