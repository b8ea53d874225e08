#pragma once
#include "ops/definition.h"

namespace temper {

/// The element types an element-wise operator takes.
struct Floats {
  static decltype(auto) visit(DType dtype, auto&& body) { return visit_floats(dtype, body); }
};
struct Integers {
  static decltype(auto) visit(DType dtype, auto&& body) { return visit_integers(dtype, body); }
};
struct Numbers {
  static decltype(auto) visit(DType dtype, auto&& body) { return visit_numbers(dtype, body); }
};
struct Bools {
  static decltype(auto) visit(DType dtype, auto&& body) {
    require(dtype == DType::kBool, "needs a bool input, got {}", dtype);
    return body(Type<bool>{});
  }
};
struct Elements {
  static decltype(auto) visit(DType dtype, auto&& body) { return visit_elements(dtype, body); }
};

/// Base of y = f(x), element by element. Derived gives `apply(x)` on the compute type of x and may have attributes;
/// y is bool where apply returns bool, else of x's type. Half types compute in float.
template <class Derived, class Types>
struct Unary {
  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    const DType dtype = Types::visit(in[0].dtype, [&]<class T>(Type<T>) { return output_dtype<T>(); });
    return {{dtype, in[0].shape, {}}};
  }

  Tensors reference(Inputs in) const {
    return Types::visit(in[0].dtype(), [&]<class T>(Type<T>) -> Tensors {
      Tensor out(output_dtype<T>(), in[0].shape());
      const auto x = in[0].data<T>();
      const auto write = [&]<class R>(std::span<R> y) {
        for (std::size_t i = 0; i < x.size(); ++i) y[i] = static_cast<R>(self().apply(static_cast<Compute<T>>(x[i])));
      };
      if constexpr (gives_bool<T>) write(out.mutable_data<bool>());
      else write(out.mutable_data<T>());
      return {std::move(out)};
    });
  }

 private:
  template <class T>
  static constexpr bool gives_bool = std::is_same_v<decltype(std::declval<const Derived&>().apply(Compute<T>{})), bool>;
  template <class T>
  static DType output_dtype() {
    return gives_bool<T> ? DType::kBool : dtype_of<T>;
  }
  const Derived& self() const { return static_cast<const Derived&>(*this); }
};

/// Base of z = f(x, y), element by element, x and y of one type, broadcast together by NumPy's rules. Otherwise as Unary.
template <class Derived, class Types>
struct Binary {
  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_same_dtype(in[0], in[1]);
    const DType dtype = Types::visit(in[0].dtype, [&]<class T>(Type<T>) { return output_dtype<T>(); });
    return {{dtype, broadcast(in[0].shape, in[1].shape), {}}};
  }

  Tensors reference(Inputs in) const {
    const Shape shape = broadcast(in[0].shape(), in[1].shape());
    return Types::visit(in[0].dtype(), [&]<class T>(Type<T>) -> Tensors {
      Tensor out(output_dtype<T>(), shape);
      if constexpr (gives_bool<T>) write<T>(in, out.mutable_data<bool>(), shape);
      else write<T>(in, out.mutable_data<T>(), shape);
      return {std::move(out)};
    });
  }

 private:
  template <class T>
  static constexpr bool gives_bool =
      std::is_same_v<decltype(std::declval<const Derived&>().apply(Compute<T>{}, Compute<T>{})), bool>;
  template <class T>
  static DType output_dtype() {
    return gives_bool<T> ? DType::kBool : dtype_of<T>;
  }
  const Derived& self() const { return static_cast<const Derived&>(*this); }

  template <class T, class R>
  void write(Inputs in, std::span<R> out, const Shape& shape) const {
    const auto x = in[0].data<T>();
    const auto y = in[1].data<T>();
    const auto x_strides = broadcast_strides(in[0].shape(), shape);
    const auto y_strides = broadcast_strides(in[1].shape(), shape);
    Position at(shape);
    for (R& z : out) {
      const auto i = static_cast<std::size_t>(at.offset(x_strides));
      const auto j = static_cast<std::size_t>(at.offset(y_strides));
      z = static_cast<R>(self().apply(static_cast<Compute<T>>(x[i]), static_cast<Compute<T>>(y[j])));
      at.next();
    }
  }
};

}  // namespace temper
