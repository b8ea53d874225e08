#pragma once
#include "ops/definition.h"
#include "ops/elementwise/broadcast.h"

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

/// The type of the operands of `Derived::apply` for elements of type T: float for the half types, so that only the
/// result is rounded; T itself where Derived says `static constexpr bool kRoundsWithin = true`, to round steps within.
template <class Derived, class T>
using Operand = std::conditional_t < requires {
  Derived::kRoundsWithin;
}
, T, Compute < T >> ;

/// The unsigned type in which integers of type T are added and multiplied, so that they wrap around as two's complement
/// does. Never narrower than unsigned int: what is narrower would be promoted to int, which overflows.
template <class T>
using Wrapping = std::conditional_t<(sizeof(T) < sizeof(unsigned)), unsigned, std::make_unsigned_t<T>>;

/// Base of y = f(x), element by element. Derived gives `apply(x)` on an Operand and may have attributes;
/// y is bool where apply returns bool, else of x's type.
template <class Derived, class Types>
struct Unary {
  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    const DType dtype = Types::visit(in[0].dtype, [&]<class T>(Type<T>) { return output_dtype<T>(); });
    return {{dtype, in[0].shape, {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    return Types::visit(in[0].dtype(), [&]<class T>(Type<T>) -> Tensors {
      Tensor out(output_dtype<T>(), in[0].shape());
      if constexpr (gives_bool<T>)
        write(in[0].data<T>(), out.mutable_data<bool>());
      else
        write(in[0].data<T>(), out.mutable_data<T>());
      return {std::move(out)};
    });
  }

 private:
  template <class T>
  static constexpr bool gives_bool =
      std::is_same_v<decltype(std::declval<const Derived&>().apply(Operand<Derived, T>{})), bool>;
  template <class T>
  static DType output_dtype() {
    return gives_bool<T> ? DType::kBool : dtype_of<T>;
  }

  template <class T, class R>
  void write(std::span<const T> x, std::span<R> y) const {
    const Derived self = static_cast<const Derived&>(*this);
    for (std::size_t i = 0; i < x.size(); ++i)
      y[i] = static_cast<R>(self.apply(static_cast<Operand<Derived, T>>(x[i])));
  }
};

/// Base of z = f(x, y), element by element, x and y of one type, broadcast together by NumPy's rules. Otherwise as
/// Unary. Takes strings too where `apply(const std::string&, const std::string&)` is given, as a bool or a string.
template <class Derived, class Types>
struct Binary {
  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_same_dtype(in[0], in[1]);
    return {{output_dtype(in[0].dtype), broadcast(in[0].shape, in[1].shape), {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require(in[0].dtype() == in[1].dtype(), "inputs are of different types: {} and {}", in[0].dtype(), in[1].dtype());
    const Shape shape = broadcast(in[0].shape(), in[1].shape());
    if constexpr (takes_strings()) {
      if (in[0].dtype() == DType::kString) return {of_strings(in, shape)};
    }
    return Types::visit(in[0].dtype(), [&]<class T>(Type<T>) -> Tensors {
      Tensor out(gives_bool<T> ? DType::kBool : dtype_of<T>, shape);
      if constexpr (gives_bool<T>)
        write<T>(in, out.mutable_data<bool>(), shape);
      else
        write<T>(in, out.mutable_data<T>(), shape);
      return {std::move(out)};
    });
  }

 private:
  template <class T>
  static constexpr bool gives_bool =
      std::is_same_v<decltype(std::declval<const Derived&>().apply(Operand<Derived, T>{}, Operand<Derived, T>{})),
                     bool>;
  static constexpr bool takes_strings() {
    return requires { Derived::kTakesStrings; };
  }

  static DType output_dtype(DType dtype) {
    if constexpr (takes_strings()) {
      if (dtype == DType::kString) return gives_bool<float> ? DType::kBool : DType::kString;
    }
    return Types::visit(dtype, [&]<class T>(Type<T>) { return gives_bool<T> ? DType::kBool : dtype_of<T>; });
  }

  template <class T, class R>
  void write(Inputs in, std::span<R> out, const Shape& shape) const {
    const T* const x = in[0].data<T>().data();
    const T* const y = in[1].data<T>().data();
    const BroadcastRuns<2> runs(shape, {in[0].shape(), in[1].shape()});
    const auto [x_step, y_step] = runs.steps();
    const std::int64_t length = runs.length();
    runs.for_each([&, x_step = x_step, y_step = y_step](std::int64_t to, const auto& from) {
      R* const z = out.data() + to;
      const T* const a = x + from[0];
      const T* const b = y + from[1];
      if constexpr (std::is_same_v<T, float>) {  // known steps let the compiler use vectors
        if (x_step == 1 && y_step == 1) return write_run(z, a, 1, b, 1, length);
        if (x_step == 1 && y_step == 0) return write_run(z, a, 1, b, 0, length);
        if (x_step == 0 && y_step == 1) return write_run(z, a, 0, b, 1, length);
      }
      write_run(z, a, x_step, b, y_step, length);
    });
  }

  template <class T, class R>
  [[gnu::always_inline]] void write_run(R* z, const T* x, std::int64_t x_step, const T* y, std::int64_t y_step,
                                        std::int64_t length) const {
    const Derived self = static_cast<const Derived&>(*this);
    using O = Operand<Derived, T>;
    for (std::int64_t i = 0; i < length; ++i) {
      z[i] = static_cast<R>(self.apply(static_cast<O>(x[i * x_step]), static_cast<O>(y[i * y_step])));
    }
  }

  Tensor of_strings(Inputs in, const Shape& shape) const {
    const auto& x = in[0].string_data();
    const auto& y = in[1].string_data();
    using Results = std::conditional_t<gives_bool<float>, std::vector<char>, std::vector<std::string>>;
    Results results(static_cast<std::size_t>(shape.elements()));
    const BroadcastRuns<2> runs(shape, {in[0].shape(), in[1].shape()});
    runs.for_each([&](std::int64_t to, const auto& from) {
      for (std::int64_t i = 0; i < runs.length(); ++i) {
        results[static_cast<std::size_t>(to + i)] =
            static_cast<const Derived&>(*this).apply(x[static_cast<std::size_t>(from[0] + i * runs.steps()[0])],
                                                     y[static_cast<std::size_t>(from[1] + i * runs.steps()[1])]);
      }
    });
    if constexpr (gives_bool<float>) {
      Tensor out(DType::kBool, shape);
      std::ranges::transform(results, out.mutable_data<bool>().begin(), [](char truth) { return truth != 0; });
      return out;
    } else {
      return Tensor::strings(shape, std::move(results));
    }
  }
};

}  // namespace temper
