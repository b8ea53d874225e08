#include "ops/definition.h"
#include "ops/reduce/accumulator.h"

namespace temper {
namespace {

/// Reduces the rows of data that share a segment. `rows` says which rows `ids` are for (empty: all, in turn); a
/// negative id leaves its row out; `none` fills segments without rows.
template <class How, class T>
void reduce_rows(const Tensor& data, std::size_t inner, std::span<const std::int64_t> rows,
                 std::span<const std::int64_t> ids, std::size_t segments, T none, Tensor& y) {
  using State = typename How::template State<T>;
  const Scratch<State> states(segments * inner, How::template start<T>());
  const Scratch<std::int64_t> counts(segments, 0);
  const auto elements = data.data<T>();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0) continue;
    const auto segment = static_cast<std::size_t>(ids[i]);
    const std::size_t row = rows.empty() ? i : static_cast<std::size_t>(rows[i]);
    ++counts[segment];
    for (std::size_t k = 0; k < inner; ++k)
      How::template add<T>(states[segment * inner + k], elements[row * inner + k]);
  }
  const auto out = y.mutable_data<T>();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int64_t count = counts[i / inner];
    out[i] = count == 0 ? none : How::template finish<T>(states[i], count);
  }
}

ShapeFact with_rows(Dim rows, const ShapeFact& data, std::size_t leading) {
  if (!data.rank_known()) return {};
  require(data.rank() >= leading, "the data has {} dimensions, fewer than the {} of its segments", data.rank(),
          leading);
  std::vector<Dim> dims{rows};
  dims.insert(dims.end(), data.dims().begin() + static_cast<std::ptrdiff_t>(leading), data.dims().end());
  return ShapeFact(std::move(dims));
}

/// Base of reductions over runs of rows. Inputs: data of one dimension or more; for each row its segment: integers that
/// do not fall, from 0; and optionally, as many, which rows of data are meant (else, all in turn). There are as many
/// segments as the last number and one; those without rows give 0, or 1 for products.
template <class How, bool kFloatsOnly = false>
struct Segments {
  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2, 3);
    require(kFloatsOnly ? is_float(in[0].dtype) : is_number(in[0].dtype), "cannot reduce {} data", in[0].dtype);
    for (const Fact& index : in.subspan(1)) {
      require(is_integer(index.dtype), "needs integer segments and rows, got {}", index.dtype);
      require_rank(index, 1, "a list of segments or rows");
    }
    Dim rows;
    if (in[1].constant) {
      const auto ids = in[1].constant->to_int64s();
      rows = ids.empty() ? 0 : std::max<std::int64_t>(ids.back(), 0) + 1;
    }
    return {{in[0].dtype, with_rows(rows, in[0].shape, 1), {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2, 3);
    const auto ids = in[1].to_int64s();
    const auto rows = in.size() == 3 ? in[2].to_int64s() : std::vector<std::int64_t>{};
    check(in[0], ids, rows, in.size() == 3);
    Shape shape = in[0].shape();
    shape.set(0, ids.empty() ? 0 : ids.back() + 1);
    Tensor y(in[0].dtype(), shape);
    const auto inner = static_cast<std::size_t>(shape.elements(1, shape.rank()));
    const auto body = [&]<class T>(Type<T>) {
      const T none = static_cast<T>(static_cast<Compute<T>>(std::is_same_v<How, Multiplying> ? 1 : 0));
      reduce_rows<How, T>(in[0], inner, rows, ids, static_cast<std::size_t>(shape[0]), none, y);
    };
    if constexpr (kFloatsOnly)
      visit_floats(y.dtype(), body);
    else
      visit_numbers(y.dtype(), body);
    return {std::move(y)};
  }

 private:
  static void check(const Tensor& data, std::span<const std::int64_t> ids, std::span<const std::int64_t> rows,
                    bool chosen) {
    require(data.rank() >= 1, "needs data of at least 1 dimension, got {}", data);
    const std::int64_t count = data.dim(0);
    require(static_cast<std::int64_t>(ids.size()) == (chosen ? static_cast<std::int64_t>(rows.size()) : count),
            "{} segments are given for {} rows", ids.size(), chosen ? static_cast<std::int64_t>(rows.size()) : count);
    for (const std::int64_t row : rows) require(row >= 0 && row < count, "there is no row {} among {}", row, count);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      require(ids[i] >= (i == 0 ? 0 : ids[i - 1]) && ids[i] < (std::int64_t{1} << 62), "segment {} follows {}", ids[i],
              i == 0 ? 0 : ids[i - 1]);
    }
  }
};

/// Base of reductions over rows in any order. Inputs: data; for each row its segment, or a negative number where it is
/// to be left out (of any shape that data's begins with: what these dimensions hold are rows); how many segments there
/// are.
template <class Derived, class How>
struct UnsortedSegments {
  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    require(is_number(in[0].dtype), "needs number data, got {}", in[0].dtype);
    require(is_integer(in[1].dtype) && is_integer(in[2].dtype), "needs integer segments, and how many there are");
    Dim count;
    if (in[2].constant) {
      const std::int64_t number = in[2].constant->to_int64("the number of segments");
      require(number >= 0, "the number of segments is {}", number);
      count = number;
    }
    if (!in[1].shape.rank_known()) return {{in[0].dtype, {}, {}}};
    return {{in[0].dtype, with_rows(count, in[0].shape, in[1].shape.rank()), {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    const Tensor& data = in[0];
    const auto ids = in[1].to_int64s();
    const std::int64_t segments = in[2].to_int64("the number of segments");
    const std::size_t leading = in[1].rank();
    const bool prefix =
        leading <= data.rank() && std::ranges::equal(data.shape().dims().first(leading), in[1].shape().dims());
    require(prefix, "the shape of {} does not begin with that of its segments, {}", data, in[1]);
    for (const std::int64_t id : ids) require(id < segments, "segment {} is not among {}", id, segments);
    Shape shape{segments};
    for (std::size_t axis = leading; axis < data.rank(); ++axis) shape.push_back(data.dim(axis));
    Tensor y(data.dtype(), shape);
    const auto inner = static_cast<std::size_t>(shape.elements(1, shape.rank()));
    visit_numbers(y.dtype(), [&]<class T>(Type<T>) {
      reduce_rows<How, T>(data, inner, {}, ids, static_cast<std::size_t>(segments), Derived::template none<T>(), y);
    });
    return {std::move(y)};
  }
};

}  // namespace

/// Sums. Floats are added in double; integers wrap around.
struct SegmentSum : Segments<Summing> {
  static constexpr std::string_view kName = "segment_sum";
};
REGISTER_OP(SegmentSum);

/// Means; of integers, cut off at the point.
struct SegmentMean : Segments<Averaging> {
  static constexpr std::string_view kName = "segment_mean";
};
REGISTER_OP(SegmentMean);

/// Sums over the square root of how many rows a segment has. Floats only.
struct SegmentSqrtN : Segments<AveragingRoot, true> {
  static constexpr std::string_view kName = "segment_sqrt_n";
};
REGISTER_OP(SegmentSqrtN);

/// Products.
struct SegmentProd : Segments<Multiplying> {
  static constexpr std::string_view kName = "segment_prod";
};
REGISTER_OP(SegmentProd);

/// The greatest of each segment.
struct SegmentMax : Segments<TakingMax> {
  static constexpr std::string_view kName = "segment_max";
};
REGISTER_OP(SegmentMax);

/// The least of each segment.
struct SegmentMin : Segments<TakingMin> {
  static constexpr std::string_view kName = "segment_min";
};
REGISTER_OP(SegmentMin);

/// Sums; 0 for a segment without rows.
struct UnsortedSegmentSum : UnsortedSegments<UnsortedSegmentSum, Summing> {
  static constexpr std::string_view kName = "unsorted_segment_sum";
  template <class T>
  static T none() {
    return T{};
  }
};
REGISTER_OP(UnsortedSegmentSum);

/// Products; 1 for a segment without rows.
struct UnsortedSegmentProd : UnsortedSegments<UnsortedSegmentProd, Multiplying> {
  static constexpr std::string_view kName = "unsorted_segment_prod";
  template <class T>
  static T none() {
    return static_cast<T>(static_cast<Compute<T>>(1));
  }
};
REGISTER_OP(UnsortedSegmentProd);

/// The greatest of each segment; the lowest finite number where there are no rows.
struct UnsortedSegmentMax : UnsortedSegments<UnsortedSegmentMax, TakingMax> {
  static constexpr std::string_view kName = "unsorted_segment_max";
  template <class T>
  static T none() {
    return lowest_finite<T>();
  }
};
REGISTER_OP(UnsortedSegmentMax);

/// The least of each segment; the highest finite number where there are no rows.
struct UnsortedSegmentMin : UnsortedSegments<UnsortedSegmentMin, TakingMin> {
  static constexpr std::string_view kName = "unsorted_segment_min";
  template <class T>
  static T none() {
    return highest_finite<T>();
  }
};
REGISTER_OP(UnsortedSegmentMin);

}  // namespace temper
