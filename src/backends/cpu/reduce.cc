#include "ops/reduce/reductions.h"

#include <cmath>
#include <limits>

#include "backends/cpu/families.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/nest.h"
#include "backends/cpu/prepare.h"
#include "base/threads.h"

namespace temper::cpu {
namespace {

/// Rows of neighbouring elements, each taken into one state (along), or into a state an element (across). Steps from row to row are in
/// elements.
struct ReduceRun {
  const void* x;
  void* states;
  std::int64_t count;
  std::int64_t rows = 1, x_step = 0, state_step = 0;
};
using Step = void (*)(const ReduceRun& run);

constexpr std::size_t kLanes = 16;

// How elements of type X are taken into a state of type S: `first` is the state of none, `...` the new state of s and x, or of
// two states.
#define TEMPER_REDUCTION(name, X, S, first, element, ...)                                              \
  TEMPER_INLINE_STEP S name##_step(S s, S x) { return __VA_ARGS__; }                                   \
  TEMPER_INLINE_STEP S name##_row(const X* xs, std::int64_t count, S result) {                         \
    std::int64_t i = 0;                                                                                \
    if (count >= static_cast<std::int64_t>(kLanes)) {                                                  \
      S lanes[kLanes];                                                                                 \
      for (std::size_t k = 0; k < kLanes; ++k) lanes[k] = first;                                       \
      for (; i + static_cast<std::int64_t>(kLanes) <= count; i += kLanes) {                            \
        for (std::size_t k = 0; k < kLanes; ++k) {                                                     \
          const S v = static_cast<S>(xs[i + static_cast<std::int64_t>(k)]);                            \
          lanes[k] = name##_step(lanes[k], element);                                                   \
        }                                                                                              \
      }                                                                                                \
      for (std::size_t k = 0; k < kLanes; ++k) result = name##_step(result, lanes[k]);                 \
    }                                                                                                  \
    for (; i < count; ++i) {                                                                           \
      const S v = static_cast<S>(xs[i]);                                                               \
      result = name##_step(result, element);                                                           \
    }                                                                                                  \
    return result;                                                                                     \
  }                                                                                                    \
  TEMPER_FOR_EACH_ISA void name##_along(const ReduceRun& run) {                                        \
    const X* xs = static_cast<const X*>(run.x);                                                        \
    S* state = static_cast<S*>(run.states);                                                            \
    for (std::int64_t row = 0; row < run.rows; ++row, xs += run.x_step, state += run.state_step) {     \
      *state = name##_row(xs, run.count, *state);                                                      \
    }                                                                                                  \
  }                                                                                                    \
  TEMPER_FOR_EACH_ISA void name##_across(const ReduceRun& run) {                                       \
    const X* xs = static_cast<const X*>(run.x);                                                        \
    S* states = static_cast<S*>(run.states);                                                           \
    for (std::int64_t row = 0; row < run.rows; ++row, xs += run.x_step, states += run.state_step) {    \
      _Pragma("GCC ivdep") for (std::int64_t i = 0; i < run.count; ++i) {                              \
        const S v = static_cast<S>(xs[i]);                                                             \
        states[i] = name##_step(states[i], element);                                                   \
      }                                                                                                \
    }                                                                                                  \
  }                                                                                                    \
  void name##_clear(const ReduceRun& run) { std::fill_n(static_cast<S*>(run.states), run.count, S(first)); }
#define TEMPER_INLINE_STEP [[gnu::always_inline]] inline

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEMPER_REDUCTION(f32_sum, float, double, 0.0, v, s + x)
TEMPER_REDUCTION(f32_squares, float, double, 0.0, v* v, s + x)
TEMPER_REDUCTION(f32_prod, float, double, 1.0, v, s* x)
TEMPER_REDUCTION(f32_max, float, float, -kInfinity, v, s < x || x != x ? x : s)
TEMPER_REDUCTION(f32_min, float, float, kInfinity, v, x < s || x != x ? x : s)
TEMPER_REDUCTION(i32_sum, std::int32_t, std::uint64_t, 0, v, s + x)
TEMPER_REDUCTION(i32_prod, std::int32_t, std::uint64_t, 1, v, s* x)
TEMPER_REDUCTION(i32_max, std::int32_t, std::int32_t, std::numeric_limits<std::int32_t>::lowest(), v, s < x ? x : s)
TEMPER_REDUCTION(i32_min, std::int32_t, std::int32_t, std::numeric_limits<std::int32_t>::max(), v, x < s ? x : s)
TEMPER_REDUCTION(i64_sum, std::int64_t, std::uint64_t, 0, v, s + x)
TEMPER_REDUCTION(i64_prod, std::int64_t, std::uint64_t, 1, v, s* x)
TEMPER_REDUCTION(i64_max, std::int64_t, std::int64_t, std::numeric_limits<std::int64_t>::lowest(), v, s < x ? x : s)
TEMPER_REDUCTION(i64_min, std::int64_t, std::int64_t, std::numeric_limits<std::int64_t>::max(), v, x < s ? x : s)
TEMPER_REDUCTION(bool_all, std::uint8_t, std::uint8_t, 1, v, static_cast<std::uint8_t>(s& x))
TEMPER_REDUCTION(bool_any, std::uint8_t, std::uint8_t, 0, v, static_cast<std::uint8_t>(s | x))

/// Writes what states come to, of `count` elements each.
using Finish = void (*)(const void* states, void* y, std::int64_t size, std::int64_t count);

template <class S, class Y, class F>
void finish_each(const void* states, void* y, std::int64_t size, F&& f) {
  for (std::int64_t i = 0; i < size; ++i) static_cast<Y*>(y)[i] = static_cast<Y>(f(static_cast<const S*>(states)[i]));
}
template <class S, class Y>
void as_it_is(const void* states, void* y, std::int64_t size, std::int64_t) {
  finish_each<S, Y>(states, y, size, [](S s) { return s; });
}
void float_mean(const void* states, void* y, std::int64_t size, std::int64_t count) {
  finish_each<double, float>(states, y, size, [&](double s) { return count == 0 ? std::numeric_limits<double>::quiet_NaN() : s / static_cast<double>(count); });
}
template <class Y>
void integer_mean(const void* states, void* y, std::int64_t size, std::int64_t count) {
  finish_each<std::uint64_t, Y>(states, y, size, [&](std::uint64_t s) { return count == 0 ? 0 : static_cast<std::int64_t>(s) / count; });
}
void root(const void* states, void* y, std::int64_t size, std::int64_t) {
  finish_each<double, float>(states, y, size, [](double s) { return std::sqrt(s); });
}

struct Way {
  std::string_view op;
  DType dtype;
  std::size_t state_bytes;
  Step along, across, clear;
  Finish finish;
};
#define TEMPER_WAY(op, dtype, S, steps, finish) {op, dtype, sizeof(S), steps##_along, steps##_across, steps##_clear, finish}
constexpr DType kF32 = DType::kFloat32;
constexpr DType kI32 = DType::kInt32;
constexpr DType kI64 = DType::kInt64;
constexpr Way kWays[] = {
    TEMPER_WAY("sum", kF32, double, f32_sum, (as_it_is<double, float>)),
    TEMPER_WAY("mean", kF32, double, f32_sum, float_mean),
    TEMPER_WAY("euclidean_norm", kF32, double, f32_squares, root),
    TEMPER_WAY("prod", kF32, double, f32_prod, (as_it_is<double, float>)),
    TEMPER_WAY("max", kF32, float, f32_max, (as_it_is<float, float>)),
    TEMPER_WAY("min", kF32, float, f32_min, (as_it_is<float, float>)),
    TEMPER_WAY("sum", kI32, std::uint64_t, i32_sum, (as_it_is<std::uint64_t, std::int32_t>)),
    TEMPER_WAY("mean", kI32, std::uint64_t, i32_sum, integer_mean<std::int32_t>),
    TEMPER_WAY("prod", kI32, std::uint64_t, i32_prod, (as_it_is<std::uint64_t, std::int32_t>)),
    TEMPER_WAY("max", kI32, std::int32_t, i32_max, (as_it_is<std::int32_t, std::int32_t>)),
    TEMPER_WAY("min", kI32, std::int32_t, i32_min, (as_it_is<std::int32_t, std::int32_t>)),
    TEMPER_WAY("sum", kI64, std::uint64_t, i64_sum, (as_it_is<std::uint64_t, std::int64_t>)),
    TEMPER_WAY("mean", kI64, std::uint64_t, i64_sum, integer_mean<std::int64_t>),
    TEMPER_WAY("prod", kI64, std::uint64_t, i64_prod, (as_it_is<std::uint64_t, std::int64_t>)),
    TEMPER_WAY("max", kI64, std::int64_t, i64_max, (as_it_is<std::int64_t, std::int64_t>)),
    TEMPER_WAY("min", kI64, std::int64_t, i64_min, (as_it_is<std::int64_t, std::int64_t>)),
    TEMPER_WAY("all", DType::kBool, std::uint8_t, bool_all, (as_it_is<std::uint8_t, std::uint8_t>)),
    TEMPER_WAY("any", DType::kBool, std::uint8_t, bool_any, (as_it_is<std::uint8_t, std::uint8_t>)),
};

/// Reads x once, in order, into states in the workspace.
class ReduceKernel final : public Kernel {
 public:
  /// `kept`: x's shape with 1 for each reduced axis.
  ReduceKernel(const Way& way, const Shape& x, const Shape& kept)
      : way_(way), name_(fmt::format("{}_{}", way.dtype == kF32 ? "f32" : dtype_name(way.dtype), way.op)) {
    const auto steps = broadcast_strides(kept, x);
    const View whole(x);
    for (std::size_t axis = 0; axis < x.rank(); ++axis) nest_.add(x[axis], {whole.strides[axis], steps[axis]});
    inner_ = nest_.take_last();
    rows_ = nest_.take_last();
    states_ = kept.elements();
    count_ = states_ == 0 ? 0 : x.elements() / states_;
  }

  std::string_view name() const override { return name_; }

  std::size_t workspace_bytes() const override { return static_cast<std::size_t>(states_) * way_.state_bytes; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte> workspace) const override {
    const std::byte* const x = in[0].bytes().data();
    std::byte* const states = workspace.data();
    way_.clear({nullptr, states, states_});
    if (!nest_.empty()) take_all(x, states);
    way_.finish(states, out[0].mutable_bytes().data(), states_, count_);
  }

 private:
  /// What one thread takes of the outer axes' positions, of rows and of each run.
  struct Share {
    std::int64_t position, positions, row, rows, first, last;
  };

  /// Threads share the states out: by the outermost axis where that has a state for each place, else by the run's.
  void take_all(const std::byte* x, std::byte* states) const {
    constexpr std::int64_t kGrain = 1 << 15;
    const std::int64_t positions = nest_.positions();
    const std::int64_t size = rows_.dim * inner_.dim;
    if (nest_.rank() > 0 && nest_[0].steps[1] != 0) {
      const std::int64_t each = positions / nest_[0].dim;
      parallel_for(nest_[0].dim, kGrain / (each * size) + 1, [&](std::int64_t begin, std::int64_t end) {
        take(x, states, {begin * each, end * each, 0, rows_.dim, 0, inner_.dim});
      });
    } else if (nest_.rank() == 0 && rows_.steps[1] != 0) {
      parallel_for(rows_.dim, kGrain / inner_.dim + 1, [&](std::int64_t begin, std::int64_t end) { take(x, states, {0, 1, begin, end, 0, inner_.dim}); });
    } else if (inner_.steps[1] != 0) {
      parallel_for(inner_.dim, std::max<std::int64_t>(kGrain / (positions * rows_.dim), 256), [&](std::int64_t begin, std::int64_t end) {
        take(x, states, {0, positions, 0, rows_.dim, begin, end});
      });
    } else {
      take(x, states, {0, positions, 0, rows_.dim, 0, inner_.dim});
    }
  }

  void take(const std::byte* x, std::byte* states, const Share& share) const {
    const auto x_bytes = static_cast<std::int64_t>(size_of(way_.dtype));
    const auto state_bytes = static_cast<std::int64_t>(way_.state_bytes);
    const Step step = inner_.steps[1] == 0 ? way_.along : way_.across;
    nest_.each(share.position, share.positions, [&](const auto& at) {
      const std::int64_t from = at[0] + share.row * rows_.steps[0] + share.first;
      const std::int64_t to = at[1] + share.row * rows_.steps[1] + share.first * inner_.steps[1];
      step({x + from * x_bytes, states + to * state_bytes, share.last - share.first, share.rows - share.row, rows_.steps[0], rows_.steps[1]});
    });
  }

  Way way_;
  std::string name_;
  Nest<2> nest_;  ///< x and states
  Nest<2>::Axis rows_, inner_;
  std::int64_t states_ = 0, count_ = 0;
};

}  // namespace

std::optional<Prepared> prepare_reduce(const Node& node, std::span<const Fact> in) {
  if (std::ranges::none_of(kWays, [&](const Way& way) { return way.op == node.op.name(); })) return std::nullopt;
  const auto* const way = std::ranges::find_if(kWays, [&](const Way& w) { return w.op == node.op.name() && w.dtype == in[0].dtype; });
  if (way == std::end(kWays)) return refuse_dtype(in[0].dtype);
  if (in.size() == 2 && !in[1].constant) return Refusal{"the axes are not known beforehand"};
  const auto axes = in.size() == 2 ? in[1].constant->to_int64s() : attribute_of<std::vector<std::int64_t>>(node.op, "axes");
  const Shape x = shape_of(in[0]);
  Shape kept = x;
  for (const std::int64_t axis : axes) kept.set(normalise_axis(axis, x.rank()), 1);
  if (kept.elements() > (std::int64_t{1} << 40)) return Refusal{"there are too many results"};
  return std::make_unique<ReduceKernel>(*way, x, kept);
}

}  // namespace temper::cpu
