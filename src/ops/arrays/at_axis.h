#pragma once
#include "ops/arrays/storage.h"

namespace temper {

/// Base of an operator that is Inner, but for the axis being its last input, a single integer known only when it runs.
template <class Inner>
struct AtAxis {
  Inner inner;

  static void fields(auto& self, auto&& field) {
    Inner::fields(self.inner, [&](std::string_view name, auto& value) {
      if (name != "axis") field(name, value);
    });
  }

  Facts infer(std::span<const Fact> in) const {
    require(!in.empty(), "has no inputs");
    require_integers(in.back(), "the axis");
    const auto rest = in.first(in.size() - 1);
    if (in.back().constant) return at(*in.back().constant).infer(rest);
    Facts ranks;  // where only ranks are known any axis gives the same; the last one has room for batch dims before it
    for (const Fact& fact : rest) {
      ranks.push_back(fact_of(fact.dtype, fact.shape.rank_known() ? ShapeFact::of_rank(fact.shape.rank()) : ShapeFact()));
    }
    Inner last = inner;
    last.axis = -1;
    Facts out = last.infer(ranks);
    for (Fact& fact : out) {
      if (fact.shape.rank_known()) fact.shape = ShapeFact::of_rank(fact.shape.rank());
    }
    return out;
  }

  Tensors reference(Inputs in) const {
    require(!in.empty(), "has no inputs");
    return at(in.back()).reference(in.first(in.size() - 1));
  }

 private:
  Inner at(const Tensor& axis) const {
    require(is_integer(axis.dtype()), "the axis is of type {}, not an integer", axis.dtype());
    Inner op = inner;
    op.axis = axis.to_int64("the axis");
    return op;
  }
};

}  // namespace temper
