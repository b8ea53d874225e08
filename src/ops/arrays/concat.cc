#include "ops/arrays/concat.h"

#include "ops/arrays/at_axis.h"

namespace temper {
namespace {

Shape joined_shape(Inputs in, std::size_t axis) {
  Shape shape = in[0].shape();
  std::int64_t sum = 0;
  for (const Tensor& part : in) {
    bool fits = part.rank() == shape.rank() && part.dtype() == in[0].dtype();
    for (std::size_t i = 0; fits && i < shape.rank(); ++i) fits = i == axis || part.dim(i) == shape[i];
    if (!fits) {
      throw ModelError(fmt::format("{} and {} cannot be joined along dimension {}", describe(in[0]), describe(part), axis));
    }
    require(!__builtin_add_overflow(sum, part.dim(axis), &sum), "the joined dimension is too large");
  }
  shape.set(axis, sum);
  return shape;
}

}  // namespace

Facts Concat::infer(std::span<const Fact> in) const {
  require(!in.empty(), "has nothing to join");
  const auto ranked = std::ranges::find_if(in, [](const Fact& fact) { return fact.shape.rank_known(); });
  for (const Fact& part : in) require_same_dtype(part, in[0]);
  if (ranked == in.end()) return {fact_of(in[0].dtype, {})};
  ShapeFact shape = ranked->shape;
  require(shape.rank() > 0, "scalars cannot be joined");
  const std::size_t at = normalise_axis(axis, shape.rank());
  Dim sum = 0;
  for (const Fact& part : in) {
    require_rank(part, shape.rank(), "a joined value");
    if (!part.shape.rank_known()) {
      sum = Dim();
      continue;
    }
    sum = map_dims([](std::int64_t a, std::int64_t b) { return a + b; }, sum, part.shape[at]);
    for (std::size_t i = 0; i < shape.rank(); ++i) {
      if (i != at) shape.set(i, unify(shape[i], part.shape[i], fmt::format("dimension {}", i)));
    }
  }
  shape.set(at, sum);
  return {fact_of(in[0].dtype, shape)};
}

Tensors Concat::reference(Inputs in) const {
  require(!in.empty(), "has nothing to join");
  require(in[0].rank() > 0, "scalars cannot be joined");
  const std::size_t at = normalise_axis(axis, in[0].rank());
  const Shape shape = joined_shape(in, at);
  TensorWriter out(in[0].dtype(), shape);
  const std::int64_t outer = shape.elements(0, at);
  const std::int64_t row = shape.elements(at, shape.rank());
  visit_storage(out.dtype(), [&]<class T>(Type<T>) {
    T* to = static_cast<T*>(out.storage());
    for (const Tensor& part : in) {
      if (part.elements() == 0) continue;
      const std::int64_t run = part.elements() / outer;
      const T* from = static_cast<const T*>(storage(part));
      for (std::int64_t i = 0; i < outer; ++i) copy_run(from + i * run, to + i * row, run);
      to += run;
    }
  });
  return {out.take()};
}
REGISTER_OP(Concat);

/// concat along an axis that is the last input.
struct ConcatAt : AtAxis<Concat> {
  static constexpr std::string_view kName = "concat_at";
};
REGISTER_OP(ConcatAt);

/// The inputs, one or more of one dtype and shape, put side by side along a new axis before `axis` of the result.
struct Pack {
  static constexpr std::string_view kName = "pack";

  std::int64_t axis = 0;

  static void fields(auto& self, auto&& field) { field("axis", self.axis); }

  Facts infer(std::span<const Fact> in) const {
    require(!in.empty(), "has nothing to put together");
    ShapeFact shape;
    for (const Fact& part : in) {
      require_same_dtype(part, in[0]);
      if (!part.shape.rank_known()) continue;
      if (!shape.rank_known()) shape = part.shape;
      require_rank(part, shape.rank(), "a packed value");
      for (std::size_t i = 0; i < shape.rank(); ++i) {
        shape.set(i, unify(shape[i], part.shape[i], fmt::format("dimension {} of packed values", i)));
      }
    }
    if (!shape.rank_known()) return {fact_of(in[0].dtype, {})};
    std::vector<Dim> dims = shape.dims();
    const std::size_t at = normalise_axis(axis, dims.size() + 1);
    dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(at), Dim(static_cast<std::int64_t>(in.size())));
    return {fact_of(in[0].dtype, ShapeFact(std::move(dims)))};
  }

  Tensors reference(Inputs in) const {
    require(!in.empty(), "has nothing to put together");
    const Shape& one = in[0].shape();
    const std::size_t at = normalise_axis(axis, one.rank() + 1);
    Shape shape;
    for (std::size_t i = 0; i <= one.rank(); ++i) {
      if (i == at) shape.push_back(static_cast<std::int64_t>(in.size()));
      if (i < one.rank()) shape.push_back(one[i]);
    }
    for (const Tensor& part : in) {
      if (part.shape() == one && part.dtype() == in[0].dtype()) continue;
      throw ModelError(fmt::format("{} and {} cannot be packed together", describe(in[0]), describe(part)));
    }
    if (in.size() == 1) return {in[0].reshaped(shape)};
    TensorWriter out(in[0].dtype(), shape);
    if (out.elements() == 0) return {out.take()};
    const std::int64_t outer = one.elements(0, at);
    const std::int64_t run = one.elements(at, one.rank());
    const std::int64_t row = run * static_cast<std::int64_t>(in.size());
    visit_storage(out.dtype(), [&]<class T>(Type<T>) {
      T* to = static_cast<T*>(out.storage());
      for (const Tensor& part : in) {
        const T* from = static_cast<const T*>(storage(part));
        for (std::int64_t i = 0; i < outer; ++i) copy_run(from + i * run, to + i * row, run);
        to += run;
      }
    });
    return {out.take()};
  }
};
REGISTER_OP(Pack);

}  // namespace temper
