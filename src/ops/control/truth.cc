#include "ops/definition.h"

namespace temper {

/// y = whether x counts as true where a condition is wanted: a scalar that is not zero or not the empty string, or a tensor of
/// another rank that has elements. One bool.
struct Truth {
  static constexpr std::string_view kName = "truth";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    return {{DType::kBool, Shape{}, {}}};
  }

  Tensors reference(Inputs in) const {
    const Tensor& x = in[0];
    if (x.rank() > 0) return {Tensor::scalar(x.elements() > 0)};
    if (x.dtype() == DType::kString) return {Tensor::scalar(!x.string_data()[0].empty())};
    return {visit_elements(x.dtype(), [&]<class T>(Type<T>) { return Tensor::scalar(x.data<T>()[0] != T{}); })};
  }
};
REGISTER_OP(Truth);

}  // namespace temper
