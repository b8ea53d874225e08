#include "ops/nn/compute.h"
#include "ops/nn/pool.h"

namespace temper {

/// max_pool over [N, H, W, C] whose window is computed at run time. Inputs: x, then kernel and strides, each four
/// integers [1, height, width, 1].
struct MaxPoolBy {
  static constexpr std::string_view kName = "max_pool_by";

  Padding padding = Padding::kValid;

  static void fields(auto& self, auto&& field) { field("padding", self.padding); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    require(is_number(in[0].dtype), "needs a number input, got {}", in[0].dtype);
    require_rank(in[0], 4, "a pool's input");
    for (const Fact& fact : in.subspan(1)) {
      require(is_integer(fact.dtype), "the window is {}, not integers", fact.dtype);
      require_vector(fact, 4, "the window");
    }
    if (in[1].constant && in[2].constant) return pool(*in[1].constant, *in[2].constant).infer(in.first(1));
    return {{in[0].dtype, ShapeFact({dim_of(in[0], 0), {}, {}, dim_of(in[0], 3)}), {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    return pool(in[1], in[2]).reference(in.first(1));
  }

 private:
  MaxPool pool(const Tensor& kernel, const Tensor& strides) const {
    return {spatial(kernel, "kernel"), spatial(strides, "strides"), {}, padding, {}};
  }
  static std::vector<std::int64_t> spatial(const Tensor& tensor, std::string_view what) {
    require_vector(tensor, 4, what);
    const auto numbers = tensor.to_int64s();
    require(numbers[0] == 1 && numbers[3] == 1, "{} [{}] must be 1 along images and channels", what,
            fmt::join(numbers, ","));
    return {numbers[1], numbers[2]};
  }
};
REGISTER_OP(MaxPoolBy);

}  // namespace temper
