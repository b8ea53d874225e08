#include "ops/reduce/reductions.h"

#include "ops/elementwise/broadcast.h"
#include "ops/reduce/accumulator.h"

namespace temper {
namespace {

/// Which axes of `rank` are reduced. Throws ModelError where one is out of range or given twice.
std::array<bool, kMaxRank> reduced_axes(const Reduction& op, std::size_t rank) {
  require(rank <= kMaxRank, "a tensor of more than {} dimensions is not supported", kMaxRank);
  std::array<bool, kMaxRank> reduced{};
  for (const std::int64_t axis : op.axes) {
    bool& chosen = reduced[normalise_axis(axis, rank)];
    require(!chosen, "axis {} is reduced twice", axis);
    chosen = true;
  }
  return reduced;
}

ShapeFact reduced_shape(const Reduction& op, const ShapeFact& x) {
  if (op.axes.empty()) return x;
  if (!x.rank_known()) return {};
  const auto reduced = reduced_axes(op, x.rank());
  std::vector<Dim> dims;
  for (std::size_t axis = 0; axis < x.rank(); ++axis) {
    if (!reduced[axis])
      dims.push_back(x[axis]);
    else if (op.keep_dims)
      dims.emplace_back(1);
  }
  return ShapeFact(std::move(dims));
}

void require_type(DType dtype, bool logical) {
  if (logical)
    require(dtype == DType::kBool, "needs a bool input, got {}", dtype);
  else
    require(is_number(dtype), "needs a number input, got {}", dtype);
}

/// The operator with the axes that its second input gives, where there is one.
Reduction with_axes(Reduction op, const Tensor& axes) {
  op.axes = axes.to_int64s();
  return op;
}

Facts infer_reduction(const Reduction& op, std::span<const Fact> in, bool logical) {
  require_inputs(in, 1, 2);
  require_type(in[0].dtype, logical);
  if (in.size() == 2) {
    require(is_integer(in[1].dtype), "needs integer axes, got {}", in[1].dtype);
    if (in[1].constant) return {{in[0].dtype, reduced_shape(with_axes(op, *in[1].constant), in[0].shape), {}}};
    const bool rank_stays = op.keep_dims && in[0].shape.rank_known();
    return {{in[0].dtype, rank_stays ? ShapeFact::of_rank(in[0].shape.rank()) : ShapeFact(), {}}};
  }
  return {{in[0].dtype, reduced_shape(op, in[0].shape), {}}};
}

/// Reads x once, in order. `kept` is x's shape with 1 for each reduced axis.
template <class How, class T>
void reduce(const Tensor& x, const Shape& kept, Tensor& y) {
  using State = typename How::template State<T>;
  const Scratch<State> states(static_cast<std::size_t>(kept.elements()), How::template start<T>());
  const BroadcastRuns<1> runs(x.shape(), {kept});
  const T* const elements = x.data<T>().data();
  const bool along = runs.steps()[0] == 0;
  runs.for_each([&](std::int64_t at, const auto& to) {
    const T* const run = elements + at;
    State* const state = states.data() + to[0];
    if (along) {
      State local = *state;
      for (std::int64_t i = 0; i < runs.length(); ++i) How::template add<T>(local, run[i]);
      *state = local;
    } else {
      for (std::int64_t i = 0; i < runs.length(); ++i) How::template add<T>(state[i], run[i]);
    }
  });
  const auto out = y.mutable_data<T>();
  const std::int64_t count = out.empty() ? 0 : x.elements() / y.elements();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = How::template finish<T>(states[i], count);
}

template <class How>
Tensors run_reduction(const Reduction& given, Inputs in, bool logical) {
  require_inputs(in, 1, 2);
  const Reduction op = in.size() == 2 ? with_axes(given, in[1]) : given;
  const Tensor& x = in[0];
  require_type(x.dtype(), logical);
  Tensor y(x.dtype(), *reduced_shape(op, x.shape()).known());
  Shape kept = x.shape();
  const auto reduced = reduced_axes(op, x.rank());
  for (std::size_t axis = 0; axis < x.rank(); ++axis) {
    if (reduced[axis]) kept.set(axis, 1);
  }
  const auto body = [&]<class T>(Type<T>) { reduce<How, T>(x, kept, y); };
  if constexpr (std::is_same_v<How, RequiringAll> || std::is_same_v<How, RequiringAny>)
    body(Type<bool>{});
  else
    visit_numbers(x.dtype(), body);
  return {std::move(y)};
}

}  // namespace

Facts Sum::infer(std::span<const Fact> in) const { return infer_reduction(*this, in, false); }
Tensors Sum::reference(Inputs in) const { return run_reduction<Summing>(*this, in, false); }
REGISTER_OP(Sum);

Facts Mean::infer(std::span<const Fact> in) const { return infer_reduction(*this, in, false); }
Tensors Mean::reference(Inputs in) const { return run_reduction<Averaging>(*this, in, false); }
REGISTER_OP(Mean);

Facts Prod::infer(std::span<const Fact> in) const { return infer_reduction(*this, in, false); }
Tensors Prod::reference(Inputs in) const { return run_reduction<Multiplying>(*this, in, false); }
REGISTER_OP(Prod);

Facts Max::infer(std::span<const Fact> in) const { return infer_reduction(*this, in, false); }
Tensors Max::reference(Inputs in) const { return run_reduction<TakingMax>(*this, in, false); }
REGISTER_OP(Max);

Facts Min::infer(std::span<const Fact> in) const { return infer_reduction(*this, in, false); }
Tensors Min::reference(Inputs in) const { return run_reduction<TakingMin>(*this, in, false); }
REGISTER_OP(Min);

Facts EuclideanNorm::infer(std::span<const Fact> in) const { return infer_reduction(*this, in, false); }
Tensors EuclideanNorm::reference(Inputs in) const { return run_reduction<TakingNorm>(*this, in, false); }
REGISTER_OP(EuclideanNorm);

Facts All::infer(std::span<const Fact> in) const { return infer_reduction(*this, in, true); }
Tensors All::reference(Inputs in) const { return run_reduction<RequiringAll>(*this, in, true); }
REGISTER_OP(All);

Facts Any::infer(std::span<const Fact> in) const { return infer_reduction(*this, in, true); }
Tensors Any::reference(Inputs in) const { return run_reduction<RequiringAny>(*this, in, true); }
REGISTER_OP(Any);

}  // namespace temper
