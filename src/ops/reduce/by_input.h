#pragma once
#include "ops/definition.h"

namespace temper {

/// `Base`, an operator of one input, along axes that are only known when the graph runs: they are a second input, integers,
/// and take the place of its attribute `axes` or `axis`.
template <class Base>
struct ByInput : Base {
  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require(is_integer(in[1].dtype), "axes must be integers, got {}", in[1].dtype);
    if (in[1].constant) return with_axes(*in[1].constant).infer(in.first(1));
    const Fact of_any_rank{in[0].dtype, {}, {}};
    Facts out = Base::infer({&of_any_rank, 1});
    if (in[0].shape.rank_known()) out[0].shape = shape_along_any(in[0].shape);
    return out;
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require(is_integer(in[1].dtype()), "axes must be integers, got {}", in[1].dtype());
    return with_axes(in[1]).reference(in.first(1));
  }

 private:
  Base with_axes(const Tensor& given) const {
    Base base = *this;
    if constexpr (requires { base.axes; }) base.axes = given.to_int64s();
    else base.axis = given.to_int64("axis");
    return base;
  }

  /// What is known of the result's shape whichever axes are given.
  ShapeFact shape_along_any(const ShapeFact& x) const {
    if constexpr (requires { this->keep_dims; }) return this->keep_dims ? ShapeFact::of_rank(x.rank()) : ShapeFact();
    else if constexpr (requires { this->exclusive; }) return x;
    else return x.rank() == 0 ? ShapeFact() : ShapeFact::of_rank(x.rank() - 1);
  }
};

}  // namespace temper
