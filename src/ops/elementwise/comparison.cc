#include "ops/elementwise/elementwise.h"

namespace temper {
namespace {

/// Base of Equal and NotEqual, on anything but lists. Where `mismatch_differs`, shapes that do not broadcast together
/// are not refused: the answer is one bool, that the inputs differ.
template <class Derived>
struct Equality : Binary<Derived, Elements> {
  using Base = Binary<Derived, Elements>;
  static constexpr bool kTakesStrings = true;
  bool mismatch_differs = false;
  static void fields(auto& self, auto&& field) { field("mismatch_differs", self.mismatch_differs); }

  Facts infer(std::span<const Fact> in) const {
    if (!mismatch_differs) return Base::infer(in);
    require_inputs(in, 2);
    require_same_dtype(in[0], in[1]);
    const auto x = in[0].shape.known();
    const auto y = in[1].shape.known();
    if (!x || !y) return {{DType::kBool, {}, {}}};
    return fit(*x, *y) ? Base::infer(in) : Facts{{DType::kBool, Shape{}, {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    if (!mismatch_differs || fit(in[0].shape(), in[1].shape())) return Base::reference(in);
    return {Tensor::scalar(Derived::kWhereDifferent)};
  }

 private:
  static bool fit(const Shape& x, const Shape& y) {
    for (std::size_t i = 1; i <= std::min(x.rank(), y.rank()); ++i) {
      const std::int64_t a = x[x.rank() - i];
      const std::int64_t b = y[y.rank() - i];
      if (a != b && a != 1 && b != 1) return false;
    }
    return true;
  }
};

}  // namespace

/// Whether x == y.
struct Equal : Equality<Equal> {
  static constexpr std::string_view kName = "equal";
  static constexpr bool kWhereDifferent = false;
  bool apply(const auto& x, const auto& y) const { return x == y; }
};
REGISTER_OP(Equal);

/// Whether x != y; true where either is NaN.
struct NotEqual : Equality<NotEqual> {
  static constexpr std::string_view kName = "not_equal";
  static constexpr bool kWhereDifferent = true;
  bool apply(const auto& x, const auto& y) const { return x != y; }
};
REGISTER_OP(NotEqual);

/// Whether x < y.
struct Less : Binary<Less, Numbers> {
  static constexpr std::string_view kName = "less";
  template <class T>
  bool apply(T x, T y) const {
    return x < y;
  }
};
REGISTER_OP(Less);

/// Whether x <= y.
struct LessEqual : Binary<LessEqual, Numbers> {
  static constexpr std::string_view kName = "less_equal";
  template <class T>
  bool apply(T x, T y) const {
    return x <= y;
  }
};
REGISTER_OP(LessEqual);

/// Whether x > y.
struct Greater : Binary<Greater, Numbers> {
  static constexpr std::string_view kName = "greater";
  template <class T>
  bool apply(T x, T y) const {
    return x > y;
  }
};
REGISTER_OP(Greater);

/// Whether x >= y.
struct GreaterEqual : Binary<GreaterEqual, Numbers> {
  static constexpr std::string_view kName = "greater_equal";
  template <class T>
  bool apply(T x, T y) const {
    return x >= y;
  }
};
REGISTER_OP(GreaterEqual);

/// Whether |x - y| <= tolerance. Integers: the true distance, without wrapping around.
struct ApproximateEqual : Binary<ApproximateEqual, Numbers> {
  static constexpr std::string_view kName = "approximate_equal";
  float tolerance = 1e-5F;
  static void fields(auto& self, auto&& field) { field("tolerance", self.tolerance); }
  template <class T>
  bool apply(T x, T y) const {
    const T low = x < y ? x : y;
    const T high = x < y ? y : x;
    if constexpr (std::is_integral_v<T>) {
      const auto distance = static_cast<Wrapping<T>>(high) - static_cast<Wrapping<T>>(low);
      return static_cast<double>(distance) <= static_cast<double>(tolerance);
    } else {
      return high - low <= static_cast<T>(tolerance);
    }
  }
};
REGISTER_OP(ApproximateEqual);

}  // namespace temper
