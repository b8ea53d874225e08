#include "ops/elementwise/select.h"

#include <cstring>

#include "ops/elementwise/broadcast.h"

namespace temper {
namespace {

/// What is known of a condition's shape once it stands for whole rows of x.
ShapeFact as_rows(const ShapeFact& condition, const ShapeFact& x) {
  if (!condition.rank_known()) return {};
  if (condition.rank() != 1) return condition;
  if (!x.rank_known()) return {};
  std::vector<Dim> dims(std::max<std::size_t>(x.rank(), 1), Dim(1));
  dims[0] = condition[0];
  return ShapeFact(std::move(dims));
}

template <class T>
void choose(const BroadcastRuns<3>& runs, const Tensor& condition, const T* x, const T* y, T* z) {
  const bool* const tests = condition.data<bool>().data();
  const auto steps = runs.steps();
  runs.for_each([&](std::int64_t to, const auto& from) {
    const bool* const c = tests + from[0];
    const T* const a = x + from[1];
    const T* const b = y + from[2];
    if (steps[0] == 0) {
      const T* const source = *c ? a : b;
      const std::int64_t step = *c ? steps[1] : steps[2];
      for (std::int64_t i = 0; i < runs.length(); ++i) z[to + i] = source[i * step];
    } else {
      for (std::int64_t i = 0; i < runs.length(); ++i) z[to + i] = c[i] ? a[i * steps[1]] : b[i * steps[2]];
    }
  });
}

/// Elements of `size` bytes, moved as integers of that width.
void choose_bytes(const BroadcastRuns<3>& runs, Inputs in, Tensor& out) {
  const auto as = [&]<class T>(Type<T>) {
    choose(runs, in[0], reinterpret_cast<const T*>(in[1].bytes().data()),
           reinterpret_cast<const T*>(in[2].bytes().data()), reinterpret_cast<T*>(out.mutable_bytes().data()));
  };
  switch (size_of(out.dtype())) {
    case 1:
      return as(Type<std::uint8_t>{});
    case 2:
      return as(Type<std::uint16_t>{});
    case 4:
      return as(Type<std::uint32_t>{});
    default:
      return as(Type<std::uint64_t>{});
  }
}

}  // namespace

Facts Select::infer(std::span<const Fact> in) const {
  require_inputs(in, 3);
  require(in[0].dtype == DType::kBool, "needs a bool condition, got {}", in[0].dtype);
  require_same_dtype(in[1], in[2]);
  require(in[1].dtype != DType::kList, "cannot choose between lists");
  const ShapeFact values = broadcast(in[1].shape, in[2].shape);
  const ShapeFact condition = by_row ? as_rows(in[0].shape, values) : in[0].shape;
  return {{in[1].dtype, broadcast(condition, values), {}}};
}

Tensors Select::reference(Inputs in) const {
  require_inputs(in, 3);
  const Facts facts{
      {in[0].dtype(), in[0].shape(), {}}, {in[1].dtype(), in[1].shape(), {}}, {in[2].dtype(), in[2].shape(), {}}};
  const Shape shape = *infer(facts)[0].shape.known();
  Shape condition = in[0].shape();
  if (by_row) {
    require(in[1].shape() == in[2].shape() && shape == in[1].shape(),
            "a condition {} does not choose between {} and {}", in[0], in[1], in[2]);
    if (condition.rank() == 1) {
      require(shape.rank() > 0 && condition[0] == shape[0], "{} conditions for {}", condition[0], in[1]);
      for (std::size_t axis = 1; axis < shape.rank(); ++axis) condition.push_back(1);
    }
  }
  const BroadcastRuns<3> runs(shape, {condition, in[1].shape(), in[2].shape()});
  if (in[1].dtype() == DType::kString) {
    std::vector<std::string> chosen(static_cast<std::size_t>(shape.elements()));
    choose(runs, in[0], in[1].string_data().data(), in[2].string_data().data(), chosen.data());
    return {Tensor::strings(shape, std::move(chosen))};
  }
  Tensor out(in[1].dtype(), shape);
  choose_bytes(runs, in, out);
  return {std::move(out)};
}
REGISTER_OP(Select);

}  // namespace temper
