#include "ops/definition.h"
#include "ops/reduce/accumulator.h"
#include "ops/reduce/axis.h"

namespace temper {
namespace {

/// Base of Cumsum and Cumprod: y[i] = x[0] with x[1] ... with x[i] along an axis. `exclusive`: without x[i]. `reverse`:
/// from the other end. Floats are accumulated in double, and each y rounded once; integers wrap around. An axis that is
/// not known before the run is a second input, which then counts.
template <class How>
struct Scan {
  std::int64_t axis = 0;
  bool exclusive = false;
  bool reverse = false;

  static void fields(auto& self, auto&& field) {
    field("axis", self.axis);
    field("exclusive", self.exclusive);
    field("reverse", self.reverse);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1, 2);
    require(is_number(in[0].dtype), "needs a number input, got {}", in[0].dtype);
    const auto along = axis_of(in, axis);
    if (along && in[0].shape.rank_known()) normalise_axis(*along, in[0].shape.rank());
    return {{in[0].dtype, in[0].shape, {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1, 2);
    Tensor y(in[0].dtype(), in[0].shape());
    const std::size_t along = normalise_axis(in.size() == 2 ? in[1].to_int64("the axis") : axis, in[0].rank());
    if (y.elements() > 0) visit_numbers(y.dtype(), [&]<class T>(Type<T>) { scan<T>(in[0], along, y); });
    return {std::move(y)};
  }

 private:
  template <class T>
  void scan(const Tensor& x, std::size_t along, Tensor& y) const {
    const auto count = static_cast<std::size_t>(x.dim(along));
    const auto inner = static_cast<std::size_t>(x.shape().elements(along + 1, x.rank()));
    const auto from = x.data<T>();
    const auto to = y.mutable_data<T>();
    for (std::size_t line = 0; line < from.size() / count; ++line) {
      const std::size_t first = line / inner * inner * count + line % inner;
      auto state = How::template start<T>();
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = first + (reverse ? count - 1 - i : i) * inner;
        if (exclusive) to[at] = How::template finish<T>(state, 0);
        How::template add<T>(state, from[at]);
        if (!exclusive) to[at] = How::template finish<T>(state, 0);
      }
    }
  }
};

}  // namespace

/// Running sums.
struct Cumsum : Scan<Summing> {
  static constexpr std::string_view kName = "cumsum";
};
REGISTER_OP(Cumsum);

/// Running products.
struct Cumprod : Scan<Multiplying> {
  static constexpr std::string_view kName = "cumprod";
};
REGISTER_OP(Cumprod);

/// Half the sum of squares of all elements, added in double: a scalar.
struct L2Loss {
  static constexpr std::string_view kName = "l2_loss";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require(is_float(in[0].dtype), "needs a float input, got {}", in[0].dtype);
    return {{in[0].dtype, Shape{}, {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    Tensor y(in[0].dtype(), Shape{});
    visit_floats(y.dtype(), [&]<class T>(Type<T>) {
      double sum = 0;
      for (const T x : in[0].data<T>()) sum += widen(x) * widen(x);
      y.mutable_data<T>()[0] = narrow<T>(sum / 2);
    });
    return {std::move(y)};
  }
};
REGISTER_OP(L2Loss);

}  // namespace temper
