#include <cmath>
#include <limits>

#include "ops/arrays/storage.h"

namespace temper {
namespace {

void require_one(const Tensor& tensor, std::string_view what) {
  if (tensor.elements() != 1) throw ModelError(fmt::format("{} is {}, not one number", what, describe(tensor)));
}

/// Infer of an operator on scalars: each is of one element where its shape is known.
void require_scalars(std::span<const Fact> in) {
  for (const Fact& fact : in) {
    const Dim count = fact.shape.elements();
    require(!count.known() || count.is(1), "needs single numbers, got {}", fact);
  }
}

}  // namespace

/// A tensor of the dims listed, every element being the value. Inputs: dims (integers), value (a scalar).
struct Fill {
  static constexpr std::string_view kName = "fill";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_integers(in[0], "the list of dims");
    require_scalars(in.subspan(1));
    if (in[0].constant) return {fact_of(in[1].dtype, Shape(IndexList(*in[0].constant, "the list of dims").values()))};
    const bool scalar = in[0].shape.rank_known() && in[0].shape.rank() == 0;
    return {fact_of(in[1].dtype, scalar ? ShapeFact::of_rank(1) : shape_from_elements(in[0]))};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require_one(in[1], "the value");
    TensorWriter out(in[1].dtype(), Shape(IndexList(in[0], "the list of dims").values()));
    out.fill(in[1]);
    return {out.take()};
  }
};
REGISTER_OP(Fill);

/// Zeros (false, empty strings) of x's shape and type.
struct ZerosLike {
  static constexpr std::string_view kName = "zeros_like";

  static void fields(auto&, auto&&) {}
  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    return {fact_of(in[0].dtype, in[0].shape)};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    if (in[0].dtype() == DType::kList) return {Tensor::list({})};
    TensorWriter out(in[0].dtype(), in[0].shape());
    out.clear();
    return {out.take()};
  }
};
REGISTER_OP(ZerosLike);

/// Ones (true) of x's shape and type.
struct OnesLike {
  static constexpr std::string_view kName = "ones_like";

  static void fields(auto&, auto&&) {}
  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require(in[0].dtype <= DType::kBool, "there is no 1 of type {}", in[0].dtype);
    return {fact_of(in[0].dtype, in[0].shape)};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    return visit_elements(in[0].dtype(), [&]<class T>(Type<T>) -> Tensors {
      Tensor out(in[0].dtype(), in[0].shape());
      std::ranges::fill(out.mutable_data<T>(), static_cast<T>(1.0F));
      return {std::move(out)};
    });
  }
};
REGISTER_OP(OnesLike);

/// start, start + step, start + 2 step, ... short of limit. Inputs: start, limit, step (scalars of one type).
struct Range {
  static constexpr std::string_view kName = "range";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    require_scalars(in);
    require_same_dtype(in[0], in[1]);
    require_same_dtype(in[0], in[2]);
    require(is_number(in[0].dtype), "needs numbers, got {}", in[0].dtype);
    if (!in[0].constant || !in[1].constant || !in[2].constant) return {fact_of(in[0].dtype, ShapeFact::of_rank(1))};
    return visit_numbers(in[0].dtype, [&]<class T>(Type<T>) -> Facts {
      return {fact_of(in[0].dtype, Shape{count<T>(*in[0].constant, *in[1].constant, *in[2].constant)})};
    });
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    for (const Tensor& part : in) {
      require_one(part, "a bound of the range");
      require(part.dtype() == in[0].dtype(), "bounds are of different types: {} and {}", in[0].dtype(), part.dtype());
    }
    return visit_numbers(in[0].dtype(), [&]<class T>(Type<T>) -> Tensors {
      Tensor out(in[0].dtype(), Shape{count<T>(in[0], in[1], in[2])});
      write<T>(out.mutable_data<T>(), in[0].data<T>()[0], in[2].data<T>()[0]);
      return {std::move(out)};
    });
  }

 private:
  template <class T>
  static std::int64_t count(const Tensor& from, const Tensor& to, const Tensor& by) {
    const auto start = static_cast<Compute<T>>(from.data<T>()[0]);
    const auto limit = static_cast<Compute<T>>(to.data<T>()[0]);
    const auto step = static_cast<Compute<T>>(by.data<T>()[0]);
    require(step > 0 || step < 0, "a range's step is 0 or not a number");
    require(step > 0 ? start <= limit : start >= limit, "a range from {} by {} never meets {}", start, step, limit);
    if constexpr (is_float_type<T>) {
      const double distance = static_cast<double>(limit) - static_cast<double>(start);
      const double steps = std::ceil(std::abs(distance / static_cast<double>(step)));
      require(steps < 1e15, "a range from {} to {} by {} is too long", start, limit, step);
      return static_cast<std::int64_t>(steps);
    } else {
      // the distance and the step may pass the type's own range, so both are taken unsigned
      const auto wide = [](auto a, auto b) { return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b); };
      const std::uint64_t distance = step > 0 ? wide(limit, start) : wide(start, limit);
      const std::uint64_t stride = step > 0 ? static_cast<std::uint64_t>(step) : wide(0, step);
      const std::uint64_t steps = distance / stride + (distance % stride != 0 ? 1 : 0);
      require(steps < (std::uint64_t{1} << 60), "a range from {} to {} by {} is too long", start, limit, step);
      return static_cast<std::int64_t>(steps);
    }
  }

  template <class T>
  static void write(std::span<T> out, T start, T step) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      if constexpr (is_float_type<T>) {
        const auto product = static_cast<Compute<T>>(static_cast<T>(static_cast<Compute<T>>(i) * static_cast<Compute<T>>(step)));
        out[i] = static_cast<T>(static_cast<Compute<T>>(start) + product);
      } else {
        out[i] = static_cast<T>(static_cast<std::uint64_t>(start) + i * static_cast<std::uint64_t>(step));
      }
    }
  }
};
REGISTER_OP(Range);

/// `count` numbers from start to stop, both included, at equal distances. Inputs: start, stop (scalars of one type), count.
struct LinSpace {
  static constexpr std::string_view kName = "lin_space";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    require_scalars(in);
    require_same_dtype(in[0], in[1]);
    require(is_float(in[0].dtype), "needs floats, got {}", in[0].dtype);
    require_integers(in[2], "the count");
    if (!in[2].constant) return {fact_of(in[0].dtype, ShapeFact::of_rank(1))};
    return {fact_of(in[0].dtype, Shape{checked_count(*in[2].constant)})};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    require_one(in[0], "the start");
    require_one(in[1], "the stop");
    require(in[0].dtype() == in[1].dtype(), "start and stop are of types {} and {}", in[0].dtype(), in[1].dtype());
    const std::int64_t count = checked_count(in[2]);
    return visit_floats(in[0].dtype(), [&]<class T>(Type<T>) -> Tensors {
      Tensor out(in[0].dtype(), Shape{count});
      const auto to = out.mutable_data<T>();
      const auto start = static_cast<Compute<T>>(in[0].data<T>()[0]);
      const auto stop = static_cast<Compute<T>>(in[1].data<T>()[0]);
      const auto step = count > 1 ? (stop - start) / static_cast<Compute<T>>(count - 1) : Compute<T>(0);
      for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<T>(start + step * static_cast<Compute<T>>(i));
      if (count > 1) to.back() = static_cast<T>(stop);
      return {std::move(out)};
    });
  }

 private:
  static std::int64_t checked_count(const Tensor& tensor) {
    const std::int64_t count = tensor.to_int64("the count");
    require(count > 0, "{} numbers are asked for", count);
    return count;
  }
};
REGISTER_OP(LinSpace);

}  // namespace temper
