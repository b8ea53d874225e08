#include "ops/definition.h"
#include "ops/reduce/accumulator.h"
#include "ops/reduce/axis.h"

namespace temper {
namespace {

/// Base of ArgMax and ArgMin: where along an axis the best element is; of equal ones, the first. NaN is never best.
/// Where none is better than the worst finite value of the type, the answer is 0. An axis that is not known before the
/// run is a second input, which then counts.
template <class Derived>
struct ArgExtreme {
  std::int64_t axis = 0;
  DType dtype = DType::kInt64;

  static void fields(auto& self, auto&& field) {
    field("axis", self.axis);
    field("dtype", self.dtype);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1, 2);
    require(is_number(in[0].dtype) || in[0].dtype == DType::kBool, "needs a number input, got {}", in[0].dtype);
    require(is_integer(dtype), "gives integers, not {}", dtype);
    const auto along = axis_of(in, axis);
    if (!in[0].shape.rank_known()) return {{dtype, {}, {}}};
    std::vector<Dim> dims = in[0].shape.dims();
    if (!along) {
      require(!dims.empty(), "a scalar has no axis");
      return {{dtype, ShapeFact::of_rank(dims.size() - 1), {}}};
    }
    dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(normalise_axis(*along, dims.size())));
    return {{dtype, ShapeFact(std::move(dims)), {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1, 2);
    const Tensor& x = in[0];
    Facts facts;
    for (const Tensor& input : in) facts.push_back(Fact::of(input));
    Tensor y(dtype, *infer(facts)[0].shape.known());
    const std::size_t along = normalise_axis(*axis_of(facts, axis), x.rank());
    require(x.dim(along) > 0 || y.elements() == 0, "axis {} of {} holds nothing to choose from", along, x);
    std::vector<std::int64_t> places(static_cast<std::size_t>(y.elements()));
    visit_elements(x.dtype(), [&]<class T>(Type<T>) { find<T>(x, along, places); });
    visit_integers(dtype, [&]<class I>(Type<I>) {
      require(places.empty() || std::in_range<I>(x.dim(along) - 1), "{} cannot count {} elements", dtype, x.dim(along));
      std::ranges::transform(places, y.mutable_data<I>().begin(),
                             [](std::int64_t place) { return static_cast<I>(place); });
    });
    return {std::move(y)};
  }

 private:
  template <class T>
  static void find(const Tensor& x, std::size_t along, std::vector<std::int64_t>& places) {
    const std::int64_t count = x.dim(along);
    const auto inner = static_cast<std::size_t>(places.empty() ? 0 : x.shape().elements(along + 1, x.rank()));
    const auto elements = x.data<T>();
    for (std::size_t i = 0; i < places.size(); ++i) {
      const std::size_t first = i / inner * inner * static_cast<std::size_t>(count) + i % inner;
      auto best = static_cast<Compute<T>>(Derived::template worst<T>());
      for (std::int64_t place = 0; place < count; ++place) {
        const auto element = static_cast<Compute<T>>(elements[first + static_cast<std::size_t>(place) * inner]);
        if (!Derived::better(element, best)) continue;
        best = element;
        places[i] = place;
      }
    }
  }
};

}  // namespace

/// Where along `axis` the greatest element is.
struct ArgMax : ArgExtreme<ArgMax> {
  static constexpr std::string_view kName = "arg_max";
  template <class T>
  static T worst() {
    return lowest_finite<T>();
  }
  static bool better(auto x, auto best) { return x > best; }
};
REGISTER_OP(ArgMax);

/// Where along `axis` the least element is.
struct ArgMin : ArgExtreme<ArgMin> {
  static constexpr std::string_view kName = "arg_min";
  template <class T>
  static T worst() {
    return highest_finite<T>();
  }
  static bool better(auto x, auto best) { return x < best; }
};
REGISTER_OP(ArgMin);

}  // namespace temper
