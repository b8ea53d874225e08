#include "ops/nn/top_k.h"

#include <bit>
#include <cmath>
#include <limits>

#include "ops/nn/compute.h"

namespace temper {
namespace {

/// Orders elements as unsigned numbers do, the largest element first; NaN is last.
std::uint32_t descending_key(float x) {
  if (x != x) return std::numeric_limits<std::uint32_t>::max();
  const auto bits = std::bit_cast<std::uint32_t>(x + 0.0F);  // -0 becomes 0: they are equal
  const std::uint32_t ascending = (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
  return ~ascending;
}

std::uint32_t descending_key(std::int64_t x) {
  return static_cast<std::uint32_t>(std::int64_t{std::numeric_limits<std::uint32_t>::max()} -
                                    (x - std::int64_t{std::numeric_limits<std::int32_t>::min()}));
}

/// Elements of at most 32 bits whose key, with the index below it, is one 64-bit number.
template <class T>
constexpr bool has_key = sizeof(T) < 4 || std::is_same_v<T, float> || std::is_same_v<T, std::int32_t>;

template <class T>
bool before(T x, T y) {
  return x > y || (x == x && y != y);
}

/// Moves the `k` first of `order` to the front, in order.
template <class Less>
void sort_first(auto& order, std::size_t k, Less&& less) {
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(k);
  if (middle != order.end()) std::nth_element(order.begin(), middle, order.end(), less);
  std::sort(order.begin(), middle, less);
}

/// Writes the indices of the k largest of a row.
template <class T>
class RowSelector {
 public:
  void operator()(std::span<const T> row, std::span<std::int64_t> indices) {
    if (indices.size() == 1) {
      indices[0] = first_of(row);
      return;
    }
    if constexpr (has_key<T>) {
      keys_.resize(row.size());
      for (std::size_t i = 0; i < row.size(); ++i) keys_[i] = (std::uint64_t{key(row[i])} << 32) | i;
      sort_first(keys_, indices.size(), std::less());
      for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<std::int64_t>(keys_[i] & 0xffffffffU);
    } else {
      order_.resize(row.size());
      for (std::size_t i = 0; i < row.size(); ++i) order_[i] = static_cast<std::int64_t>(i);
      sort_first(order_, indices.size(), [&](std::int64_t i, std::int64_t j) {
        const T x = row[static_cast<std::size_t>(i)];
        const T y = row[static_cast<std::size_t>(j)];
        return before(x, y) || (!before(y, x) && i < j);
      });
      std::copy_n(order_.begin(), indices.size(), indices.begin());
    }
  }

 private:
  static std::uint32_t key(T x) {
    if constexpr (is_float_type<T>)
      return descending_key(static_cast<float>(x));
    else
      return descending_key(static_cast<std::int64_t>(x));
  }
  static std::int64_t first_of(std::span<const T> row) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < row.size(); ++i) {
      if (before(static_cast<Compute<T>>(row[i]), static_cast<Compute<T>>(row[best]))) best = i;
    }
    return static_cast<std::int64_t>(best);
  }

  std::vector<std::uint64_t> keys_;
  std::vector<std::int64_t> order_;
};

template <class T, class Index>
void select_rows(const Tensor& x, std::int64_t k, Tensor& values, Tensor& indices) {
  const auto columns = static_cast<std::size_t>(x.dim(x.rank() - 1));
  const auto from = x.data<T>();
  const auto to = values.mutable_data<T>();
  const auto to_index = indices.mutable_data<Index>();
  const auto count = static_cast<std::size_t>(k);
  std::vector<std::int64_t> chosen(count);
  RowSelector<T> select;
  for (std::size_t start = 0, out = 0; out < to.size(); start += columns, out += count) {
    select(from.subspan(start, columns), chosen);
    for (std::size_t i = 0; i < count; ++i) {
      to[out + i] = from[start + static_cast<std::size_t>(chosen[i])];
      to_index[out + i] = static_cast<Index>(chosen[i]);
    }
  }
}

std::int64_t checked_k(const Tensor& k, const Dim& columns) {
  const std::int64_t count = k.to_int64("k");
  require(count >= 0, "k must not be negative, got {}", count);
  require(!columns.known() || count <= columns.value(), "k is {}, but there are {} elements", count,
          columns.known() ? columns.value() : 0);
  return count;
}

std::int64_t largest_index(DType dtype) {
  if (dtype == DType::kInt16) return std::numeric_limits<std::int16_t>::max();
  if (dtype == DType::kInt32) return std::numeric_limits<std::int32_t>::max();
  require(dtype == DType::kInt64, "indices of type {} are not supported", dtype);
  return std::numeric_limits<std::uint32_t>::max();
}

}  // namespace

Facts TopK::infer(std::span<const Fact> in) const {
  require_inputs(in, 2);
  require(is_number(in[0].dtype), "needs a number input, got {}", in[0].dtype);
  require(is_integer(in[1].dtype), "k is {}, not an integer", in[1].dtype);
  largest_index(index_dtype);
  ShapeFact shape = in[0].shape;
  const Dim columns = dim_of(in[0], -1);
  const Dim k = in[1].constant ? Dim(checked_k(*in[1].constant, columns)) : Dim();
  if (shape.rank_known()) {
    require(shape.rank() >= 1, "needs at least 1 dimension, got {}", describe(in[0]));
    shape.set(shape.rank() - 1, k);
  }
  return {{in[0].dtype, shape, {}}, {index_dtype, shape, {}}};
}

Tensors TopK::reference(Inputs in) const {
  require_inputs(in, 2);
  require(in[0].rank() >= 1, "needs at least 1 dimension, got {}", describe(in[0]));
  const std::int64_t columns = in[0].dim(in[0].rank() - 1);
  require(columns <= largest_index(index_dtype), "indices of {} elements do not fit {}", columns, index_dtype);
  const std::int64_t k = checked_k(in[1], columns);
  Shape shape = in[0].shape();
  shape.set(shape.rank() - 1, k);
  Tensor values(in[0].dtype(), shape);
  Tensor indices(index_dtype, shape);
  visit_numbers(in[0].dtype(), [&]<class T>(Type<T>) {
    if (index_dtype == DType::kInt16)
      select_rows<T, std::int16_t>(in[0], k, values, indices);
    else if (index_dtype == DType::kInt32)
      select_rows<T, std::int32_t>(in[0], k, values, indices);
    else
      select_rows<T, std::int64_t>(in[0], k, values, indices);
  });
  return {std::move(values), std::move(indices)};
}
REGISTER_OP(TopK);

/// The element that would be at position n of each row of the last axis if it were sorted, ascending (`reverse`:
/// descending). Inputs: x [..., columns]; n (one integer in [0, columns)). Output: x's shape without its last dim. NaN
/// comes after every number. Types: numbers.
struct NthElement {
  static constexpr std::string_view kName = "nth_element";

  bool reverse = false;

  static void fields(auto& self, auto&& field) { field("reverse", self.reverse); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require(is_number(in[0].dtype), "needs a number input, got {}", in[0].dtype);
    require(is_integer(in[1].dtype), "n is {}, not an integer", in[1].dtype);
    if (in[1].constant) check_n(*in[1].constant, dim_of(in[0], -1));
    if (!in[0].shape.rank_known()) return {{in[0].dtype, {}, {}}};
    require(in[0].shape.rank() >= 1, "needs at least 1 dimension, got {}", describe(in[0]));
    std::vector<Dim> dims = in[0].shape.dims();
    dims.pop_back();
    return {{in[0].dtype, ShapeFact(std::move(dims)), {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require(in[0].rank() >= 1, "needs at least 1 dimension, got {}", describe(in[0]));
    const std::int64_t columns = in[0].dim(in[0].rank() - 1);
    const std::int64_t n = check_n(in[1], columns);
    return {visit_numbers(in[0].dtype(), [&]<class T>(Type<T>) {
      Tensor out(in[0].dtype(), Shape(in[0].shape().dims().first(in[0].rank() - 1)));
      std::vector<T> row(static_cast<std::size_t>(columns));
      auto from = in[0].data<T>().begin();
      for (T& y : out.mutable_data<T>()) {
        std::copy_n(from, columns, row.begin());
        from += columns;
        std::nth_element(row.begin(), row.begin() + n, row.end(), [&](T a, T b) {
          if (a != a || b != b) return a == a && b != b;
          return reverse ? a > b : a < b;
        });
        y = row[static_cast<std::size_t>(n)];
      }
      return out;
    })};
  }

 private:
  static std::int64_t check_n(const Tensor& tensor, const Dim& columns) {
    const std::int64_t n = tensor.to_int64("n");
    require(n >= 0 && (!columns.known() || n < columns.value()), "n is {}, but there are {} elements", n,
            columns.known() ? std::to_string(columns.value()) : "?");
    return n;
  }
};
REGISTER_OP(NthElement);

/// Whether the target's prediction is among the k largest of its row: y[b] is true where fewer than k elements of
/// predictions[b] are larger than predictions[b, targets[b]]. False where the target is outside the row, and where any
/// element of the row, up to where the answer is settled, is NaN or infinite.
/// Inputs: predictions float32 [B, C]; targets int32 or int64 [B]; k (one int32 or int64). Output: bool [B].
struct InTopK {
  static constexpr std::string_view kName = "in_top_k";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    require(in[0].dtype == DType::kFloat32, "predictions are {}, not float32", in[0].dtype);
    require(is_integer(in[1].dtype) && is_integer(in[2].dtype), "targets and k are {} and {}, not integers",
            in[1].dtype, in[2].dtype);
    require_rank(in[0], 2, "predictions");
    require_rank(in[1], 1, "targets");
    return {{DType::kBool, ShapeFact({agreed(dim_of(in[0], 0), dim_of(in[1], 0), "the number of rows")}), {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    require(in[0].dtype() == DType::kFloat32, "predictions are {}, not float32", in[0].dtype());
    require_rank(in[0], 2, "predictions");
    require_vector(in[1], in[0].dim(0), "targets");
    const std::int64_t k = in[2].to_int64("k");
    const std::vector<std::int64_t> targets = in[1].to_int64s();
    const auto columns = static_cast<std::size_t>(in[0].dim(1));
    Tensor out(DType::kBool, in[1].shape());
    for (std::size_t b = 0; b < targets.size(); ++b) {
      out.mutable_data<bool>()[b] = is_among(in[0].data<float>().subspan(b * columns, columns), targets[b], k);
    }
    return {std::move(out)};
  }

 private:
  static bool is_among(std::span<const float> row, std::int64_t target, std::int64_t k) {
    if (target < 0 || target >= static_cast<std::int64_t>(row.size())) return false;
    const float wanted = row[static_cast<std::size_t>(target)];
    if (!(std::abs(wanted) < std::numeric_limits<float>::infinity())) return false;
    std::int64_t larger = 0;
    for (const float x : row) {
      if (!(std::abs(x) < std::numeric_limits<float>::infinity())) return false;
      if (x > wanted && ++larger > k) break;
    }
    return larger < k;
  }
};
REGISTER_OP(InTopK);

}  // namespace temper
