#include "ops/nn/compute.h"

namespace temper {

/// The cross product of vectors of three along the last axis. Inputs a, b [..., 3] of one shape and number type;
/// integers wrap around.
struct Cross {
  static constexpr std::string_view kName = "cross";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_same_dtype(in[0], in[1]);
    require(is_number(in[0].dtype), "needs number inputs, got {}", in[0].dtype);
    if (!in[0].shape.rank_known() || !in[1].shape.rank_known()) return {{in[0].dtype, {}, {}}};
    require(in[0].shape.rank() == in[1].shape.rank() && in[0].shape.rank() >= 1, "inputs {} and {} differ in shape",
            in[0], in[1]);
    std::vector<Dim> dims;
    for (std::size_t i = 0; i < in[0].shape.rank(); ++i) {
      dims.push_back(agreed(in[0].shape[i], in[1].shape[i], "a dim"));
    }
    dims.back() = agreed(dims.back(), 3, "the last dim");
    return {{in[0].dtype, ShapeFact(std::move(dims)), {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require(in[0].dtype() == in[1].dtype() && in[0].shape() == in[1].shape(), "inputs {} and {} differ",
            in[0], in[1]);
    require(in[0].rank() >= 1 && in[0].dim(in[0].rank() - 1) == 3, "needs vectors of three, got {}", in[0]);
    return {visit_numbers(in[0].dtype(), [&]<class T>(Type<T>) {
      // Unsigned, so that integers wrap around.
      using C = std::conditional_t<std::is_integral_v<T>, std::uint64_t, Compute<T>>;
      Tensor out(in[0].dtype(), in[0].shape());
      const auto a = in[0].data<T>();
      const auto b = in[1].data<T>();
      const auto y = out.mutable_data<T>();
      for (std::size_t i = 0; i < y.size(); i += 3) {
        const auto component = [&](std::size_t j, std::size_t k) {
          return static_cast<T>(static_cast<C>(a[i + j]) * static_cast<C>(b[i + k]) -
                                static_cast<C>(a[i + k]) * static_cast<C>(b[i + j]));
        };
        y[i] = component(1, 2);
        y[i + 1] = component(2, 0);
        y[i + 2] = component(0, 1);
      }
      return out;
    })};
  }
};
REGISTER_OP(Cross);

}  // namespace temper
