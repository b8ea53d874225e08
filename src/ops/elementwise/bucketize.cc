#include <algorithm>

#include "ops/definition.h"

namespace temper {

/// y = how many boundaries are not above x (all of them where x is NaN), as int32. Boundaries must ascend.
struct Bucketize {
  static constexpr std::string_view kName = "bucketize";

  std::vector<float> boundaries;

  static void fields(auto& self, auto&& field) { field("boundaries", self.boundaries); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require_valid(in[0].dtype);
    return {{DType::kInt32, in[0].shape, {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    require_valid(in[0].dtype());
    Tensor out(DType::kInt32, in[0].shape());
    visit_numbers(in[0].dtype(), [&]<class T>(Type<T>) {
      using Wide = std::conditional_t<std::is_same_v<T, double>, double, float>;
      std::ranges::transform(in[0].data<T>(), out.mutable_data<std::int32_t>().begin(), [&](T x) {
        const auto above =
            std::upper_bound(boundaries.begin(), boundaries.end(), static_cast<Wide>(x),
                             [](Wide value, float boundary) { return value < static_cast<Wide>(boundary); });
        return static_cast<std::int32_t>(above - boundaries.begin());
      });
    });
    return {std::move(out)};
  }

 private:
  void require_valid(DType dtype) const {
    require(is_number(dtype), "needs a number input, got {}", dtype);
    require(std::ranges::is_sorted(boundaries), "boundaries do not ascend");
  }
};
REGISTER_OP(Bucketize);

}  // namespace temper
