#include <random>

#include "ops/definition.h"

namespace temper {

/// Numbers drawn evenly from [0, 1). Input: the shape. The same seeds give the same numbers in every run; they are not
/// those that TensorFlow draws.
struct RandomUniform {
  static constexpr std::string_view kName = "random_uniform";
  static constexpr bool kPure = false;

  DType dtype = DType::kFloat32;
  std::int64_t seed = 0;
  std::int64_t seed2 = 0;

  static void fields(auto& self, auto&& field) {
    field("dtype", self.dtype);
    field("seed", self.seed);
    field("seed2", self.seed2);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require_rank(in[0], 1, "the shape");
    require(is_integer(in[0].dtype), "the shape must be integers, got {}", in[0].dtype);
    require(is_float(dtype), "draws floats, not {}", dtype);
    return {{dtype, shape_from_elements(in[0]), {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    require_rank(in[0], 1, "the shape");
    Tensor y(dtype, Shape(in[0].to_int64s()));
    std::mt19937_64 generator(static_cast<std::uint64_t>(seed) * 0x9e3779b97f4a7c15U + static_cast<std::uint64_t>(seed2));
    visit_floats(dtype, [&]<class T>(Type<T>) {  // 8 bits are what every float type holds below 1
      constexpr int kBits = sizeof(T) > 2 ? 24 : 8;
      for (T& element : y.mutable_data<T>()) {
        element = static_cast<T>(static_cast<float>(generator() >> (64 - kBits)) / static_cast<float>(1 << kBits));
      }
    });
    return {std::move(y)};
  }
};
REGISTER_OP(RandomUniform);

}  // namespace temper
