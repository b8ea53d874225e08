#include "ops/definition.h"
#include "ops/reduce/accumulator.h"

namespace temper {

/// y[v] = how often v occurs among values, for each v below the size; or, of weights, the sum of those of its
/// occurrences. Inputs: integer values, none negative (those of the size or more are left out); the size; weights, of
/// the values' shape, or empty, whose type y has. With `binary`, y is 1 where v occurs. With `by_row`, each row of a
/// matrix of values is counted by itself: y is [rows, size].
struct Bincount {
  static constexpr std::string_view kName = "bincount";

  bool binary = false;
  bool by_row = false;

  static void fields(auto& self, auto&& field) {
    field("binary", self.binary);
    field("by_row", self.by_row);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    require(is_integer(in[0].dtype) && is_integer(in[1].dtype), "needs integer values and an integer size");
    require(is_number(in[2].dtype), "needs number weights, got {}", in[2].dtype);
    Dim size;
    if (in[1].constant) {
      const std::int64_t number = in[1].constant->to_int64("the size");
      require(number >= 0, "the size is {}", number);
      size = number;
    }
    std::vector<Dim> dims{size};
    if (by_row) {
      if (!in[0].shape.rank_known()) return {{in[2].dtype, {}, {}}};
      const std::size_t rank = in[0].shape.rank();
      require(rank == 1 || rank == 2, "counts the values of a vector or matrix, not of {}", in[0]);
      if (rank == 2) dims.insert(dims.begin(), in[0].shape[0]);
    }
    return {{in[2].dtype, ShapeFact(std::move(dims)), {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    const auto values = in[0].to_int64s();
    const std::int64_t size = in[1].to_int64("the size");
    require(size >= 0, "the size is {}", size);
    const Tensor& weights = in[2];
    require(weights.elements() == 0 || weights.shape() == in[0].shape(), "weights {} are not of the shape of values {}",
            weights, in[0]);
    require(!by_row || in[0].rank() == 1 || in[0].rank() == 2, "counts the values of a vector or matrix, not of {}",
            in[0]);
    const bool rows = by_row && in[0].rank() == 2;
    Tensor y = Tensor::zeros(weights.dtype(), rows ? Shape{in[0].dim(0), size} : Shape{size});
    const std::int64_t row_size = rows ? in[0].dim(1) : in[0].elements();
    visit_numbers(y.dtype(), [&]<class T>(Type<T>) {
      const auto out = y.mutable_data<T>();
      for (std::size_t i = 0; i < values.size(); ++i) {
        require(values[i] >= 0, "a value to be counted is {}: none may be negative", values[i]);
        if (values[i] >= size) continue;
        T& bin = out[i / static_cast<std::size_t>(row_size) * static_cast<std::size_t>(size) +
                     static_cast<std::size_t>(values[i])];
        const SumOf<T> more = weights.elements() == 0 ? SumOf<T>(1) : widen(weights.data<T>()[i]);
        bin = narrow<T>(binary ? SumOf<T>(1) : widen(bin) + more);
      }
    });
    return {std::move(y)};
  }
};
REGISTER_OP(Bincount);

}  // namespace temper
