#include "ops/elementwise/cast.h"

#include <bit>

namespace temper {
namespace {

template <class To, class From>
To convert(From x) {
  using C = Compute<From>;
  if constexpr (std::is_same_v<To, bool>)
    return static_cast<C>(x) != C(0);
  else if constexpr (std::is_same_v<From, bool>)
    return static_cast<To>(static_cast<Compute<To>>(x ? 1 : 0));
  else if constexpr (is_float_type<From> && std::is_integral_v<To>)
    return float_to_integer<To>(static_cast<C>(x));
  else
    return static_cast<To>(static_cast<Compute<To>>(static_cast<C>(x)));
}

template <class From, class To>
void convert_all(const Tensor& x, Tensor& y) {
  const auto in = x.data<From>();
  const auto out = y.mutable_data<To>();
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = convert<To>(in[i]);
}

/// Clears the bits of each element that a float of fewer bits has no room for.
template <class Float, class Bits>
Tensor without_low_bits(const Tensor& x, int count) {
  Tensor out(x.dtype(), x.shape());
  const auto in = x.data<Float>();
  for (std::size_t i = 0; i < in.size(); ++i) {
    const auto bits = std::bit_cast<Bits>(in[i]);
    const auto kept = std::bit_cast<Float>(static_cast<Bits>(bits & (~Bits{0} << count)));
    out.mutable_data<Float>()[i] = in[i] == in[i] ? kept : in[i];
  }
  return out;
}

Tensor truncated(const Tensor& x, DType dtype) {
  if (x.dtype() == DType::kFloat32 && dtype == DType::kFloat16) return without_low_bits<float, std::uint32_t>(x, 13);
  if (x.dtype() == DType::kFloat32 && dtype == DType::kBFloat16) return without_low_bits<float, std::uint32_t>(x, 16);
  if (x.dtype() == DType::kFloat64 && dtype == DType::kFloat32) return without_low_bits<double, std::uint64_t>(x, 29);
  if (x.dtype() == DType::kFloat64 && dtype == DType::kFloat16) return without_low_bits<double, std::uint64_t>(x, 42);
  return x;
}

void require_castable(DType from, DType to) {
  const auto castable = [](DType dtype) { return is_number(dtype) || dtype == DType::kBool; };
  require(from == to || (castable(from) && castable(to)), "{} cannot be cast to {}", from, to);
}

}  // namespace

Facts Cast::infer(std::span<const Fact> in) const {
  require_inputs(in, 1);
  require_castable(in[0].dtype, dtype);
  return {{dtype, in[0].shape, {}}};
}

Tensors Cast::reference(Inputs in) const {
  require_inputs(in, 1);
  require_castable(in[0].dtype(), dtype);
  if (in[0].dtype() == dtype) return {in[0]};
  const Tensor x = truncate ? truncated(in[0], dtype) : in[0];
  Tensor out(dtype, x.shape());
  visit_elements(x.dtype(), [&]<class From>(Type<From>) {
    visit_elements(dtype, [&]<class To>(Type<To>) { convert_all<From, To>(x, out); });
  });
  return {std::move(out)};
}
REGISTER_OP(Cast);

}  // namespace temper
