#include "ops/arrays/storage.h"

namespace temper {
namespace {

/// Values as a vector of an integer dtype.
Tensor vector_of(DType dtype, std::span<const std::int64_t> values) {
  Tensor out(dtype, Shape{static_cast<std::int64_t>(values.size())});
  visit_integers(dtype, [&]<class T>(Type<T>) {
    std::ranges::transform(values, out.mutable_data<T>().begin(), [](std::int64_t value) { return static_cast<T>(value); });
  });
  return out;
}

void require_vectors(std::span<const Fact> in) {
  for (const Fact& fact : in) {
    require_integers(fact, "a shape");
    require_rank(fact, 1, "a shape");
    require_same_dtype(fact, in[0]);
  }
}

void require_vectors(Inputs in) {
  for (const Tensor& tensor : in) {
    if (tensor.rank() == 1 && tensor.dtype() == in[0].dtype()) continue;
    throw ModelError(fmt::format("shapes are {} and {}, not vectors of one type", describe(in[0]), describe(tensor)));
  }
}

/// Two shapes side by side, the shorter one filled up with dims of 1 in front.
struct Pair {
  std::size_t rank = 0;
  std::array<std::int64_t, IndexList::kMaxSize> a{};
  std::array<std::int64_t, IndexList::kMaxSize> b{};

  Pair(const IndexList& x, const IndexList& y) : rank(std::max(x.size(), y.size())) {
    for (std::size_t i = 0; i < rank; ++i) {
      a[i] = i + x.size() < rank ? 1 : x[i + x.size() - rank];
      b[i] = i + y.size() < rank ? 1 : y[i + y.size() - rank];
      require(a[i] == b[i] || a[i] == 1 || b[i] == 1, "shapes [{}] and [{}] do not broadcast together",
              fmt::join(x.values(), ","), fmt::join(y.values(), ","));
    }
  }
};

}  // namespace

/// For shapes to be joined along an axis, where each begins in the result: zeros, but along the axis the sum of the dims
/// before. Inputs: axis (an integer), then the shapes (vectors of one length). One output a shape.
struct ConcatOffset {
  static constexpr std::string_view kName = "concat_offset";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require(in.size() >= 2, "has no shapes to join");
    require_integers(in[0], "the axis");
    require_vectors(in.subspan(1));
    Dim length;
    for (const Fact& shape : in.subspan(1)) {
      if (shape.shape.rank_known()) length = unify(length, shape.shape[0], "the length of shapes to join");
    }
    return Facts(in.size() - 1, fact_of(in[1].dtype, ShapeFact({length})));
  }

  Tensors reference(Inputs in) const {
    require(in.size() >= 2, "has no shapes to join");
    const Inputs shapes = in.subspan(1);
    require_vectors(shapes);
    const IndexList first(shapes[0], "a shape");
    const std::size_t axis = normalise_axis(in[0].to_int64("the axis"), first.size());
    Tensors out;
    std::uint64_t sum = 0;  // sizes may be anything, so the sum wraps around
    for (const Tensor& tensor : shapes) {
      const IndexList shape(tensor, "a shape");
      bool fits = shape.size() == first.size();
      for (std::size_t i = 0; fits && i < shape.size(); ++i) fits = i == axis || shape[i] == first[i];
      require(fits, "shapes [{}] and [{}] cannot be joined along dimension {}", fmt::join(first.values(), ","),
              fmt::join(shape.values(), ","), axis);
      std::array<std::int64_t, IndexList::kMaxSize> offset{};
      offset[axis] = static_cast<std::int64_t>(sum);
      out.push_back(vector_of(tensor.dtype(), std::span(offset).first(shape.size())));
      sum += static_cast<std::uint64_t>(shape[axis]);
    }
    return out;
  }
};
REGISTER_OP(ConcatOffset);

/// The shape that two shapes broadcast to. Inputs: two vectors of integers.
struct BroadcastShapes {
  static constexpr std::string_view kName = "broadcast_shapes";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_vectors(in);
    const bool known = in[0].shape.rank_known() && in[1].shape.rank_known();
    const auto longer = [](std::int64_t a, std::int64_t b) { return std::max(a, b); };
    return {fact_of(in[0].dtype, ShapeFact({known ? map_dims(longer, in[0].shape[0], in[1].shape[0]) : Dim()}))};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require_vectors(in);
    Pair pair(IndexList(in[0], "a shape"), IndexList(in[1], "a shape"));
    for (std::size_t i = 0; i < pair.rank; ++i) {
      if (pair.a[i] == 1) pair.a[i] = pair.b[i];
    }
    return {vector_of(in[0].dtype(), std::span(pair.a).first(pair.rank))};
  }
};
REGISTER_OP(BroadcastShapes);

/// For two shapes that broadcast together, the axes of the result along which each is repeated (or along which neither is,
/// both being 1 or missing, where the shapes differ). Inputs: two vectors of integers.
struct BroadcastAxes {
  static constexpr std::string_view kName = "broadcast_axes";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_vectors(in);
    return Facts(2, fact_of(in[0].dtype, ShapeFact::of_rank(1)));
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require_vectors(in);
    const IndexList x(in[0], "a shape");
    const IndexList y(in[1], "a shape");
    const Pair pair(x, y);
    std::vector<std::int64_t> of_x;
    std::vector<std::int64_t> of_y;
    for (std::size_t i = 0; i < pair.rank && !std::ranges::equal(x.values(), y.values()); ++i) {
      if (pair.a[i] == 1) of_x.push_back(static_cast<std::int64_t>(i));
      if (pair.b[i] == 1) of_y.push_back(static_cast<std::int64_t>(i));
    }
    return {vector_of(in[0].dtype(), of_x), vector_of(in[0].dtype(), of_y)};
  }
};
REGISTER_OP(BroadcastAxes);

/// y[x[i]] = i, for a permutation x of 0..n-1.
struct InvertPermutation {
  static constexpr std::string_view kName = "invert_permutation";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require_vectors(in);
    return {fact_of(in[0].dtype, in[0].shape.rank_known() ? in[0].shape : ShapeFact::of_rank(1))};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    require_vectors(in);
    const Indices perm(in[0]);
    const std::int64_t count = in[0].elements();
    std::vector<std::int64_t> inverse(static_cast<std::size_t>(count), -1);
    for (std::int64_t i = 0; i < count; ++i) {
      require(perm[i] >= 0 && perm[i] < count, "{} is outside a permutation of {}", perm[i], count);
      std::int64_t& place = inverse[static_cast<std::size_t>(perm[i])];
      require(place < 0, "{} comes twice in a permutation", perm[i]);
      place = i;
    }
    return {vector_of(in[0].dtype(), inverse)};
  }
};
REGISTER_OP(InvertPermutation);

/// The coordinates of places in a row-major array. Inputs: indices (a scalar or a vector), dims. Gives [rank] or [rank, n].
struct UnravelIndex {
  static constexpr std::string_view kName = "unravel_index";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_integers(in[0], "an index");
    require_vectors(in.subspan(1));
    require_same_dtype(in[0], in[1]);
    if (!in[0].shape.rank_known()) return {fact_of(in[0].dtype, {})};
    require(in[0].shape.rank() <= 1, "indices are {}, neither a scalar nor a vector", describe(in[0]));
    std::vector<Dim> dims{in[1].shape.rank_known() ? in[1].shape[0] : Dim()};
    dims.insert(dims.end(), in[0].shape.dims().begin(), in[0].shape.dims().end());
    return {fact_of(in[0].dtype, ShapeFact(std::move(dims)))};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require_vectors(in.subspan(1));
    require(in[0].rank() <= 1 && in[0].dtype() == in[1].dtype(), "indices {} do not go with dims {}", describe(in[0]),
            describe(in[1]));
    const IndexList dims(in[1], "the list of dims");
    std::int64_t size = 1;
    for (const std::int64_t dim : dims.values()) {
      require(dim > 0 && !__builtin_mul_overflow(size, dim, &size), "dims [{}] are of no array", fmt::join(dims.values(), ","));
    }
    const Indices indices(in[0]);
    Shape shape{static_cast<std::int64_t>(dims.size())};
    for (const std::int64_t dim : in[0].shape()) shape.push_back(dim);
    const std::int64_t count = in[0].elements();
    Tensor out(in[0].dtype(), shape);
    visit_integers(out.dtype(), [&]<class T>(Type<T>) {
      const auto to = out.mutable_data<T>();
      for (std::int64_t i = 0; i < count; ++i) {
        std::int64_t index = indices[i];
        require(index >= 0 && index < size, "index {} is outside an array of {}", index, size);
        for (std::size_t axis = dims.size(); axis-- > 0; index /= dims[axis]) {
          to[axis * static_cast<std::size_t>(count) + static_cast<std::size_t>(i)] = static_cast<T>(index % dims[axis]);
        }
      }
    });
    return {std::move(out)};
  }
};
REGISTER_OP(UnravelIndex);

}  // namespace temper
