#include "ir/attribute.h"
#include "ops/arrays/gather_nd.h"

namespace temper {

/// How an update meets what is there: it replaces it, or the two are joined.
enum class ScatterMode { kUpdate, kAdd, kSub, kMin, kMax, kMul };
template <>
struct EnumNames<ScatterMode> {
  static constexpr std::array<std::string_view, 6> kNames = {"update", "add", "sub", "min", "max", "mul"};
};

namespace {

/// Integers wrap around; bools add by or and multiply by and; min and max keep what is there where an update is NaN.
template <class T>
T join(ScatterMode mode, T old, T update) {
  using C = Compute<T>;
  const C a = static_cast<C>(old);
  const C b = static_cast<C>(update);
  if (mode == ScatterMode::kMin) return b < a ? update : old;
  if (mode == ScatterMode::kMax) return a < b ? update : old;
  if constexpr (std::is_same_v<T, bool>) {
    if (mode == ScatterMode::kMul) return a && b;
    return mode == ScatterMode::kAdd ? (a || b) : (a != b);
  } else if constexpr (std::is_integral_v<T>) {
    const auto x = static_cast<std::uint64_t>(a);
    const auto y = static_cast<std::uint64_t>(b);
    if (mode == ScatterMode::kMul) return static_cast<T>(x * y);
    return static_cast<T>(mode == ScatterMode::kAdd ? x + y : x - y);
  } else {
    if (mode == ScatterMode::kMul) return static_cast<T>(a * b);
    return static_cast<T>(mode == ScatterMode::kAdd ? a + b : a - b);
  }
}

/// Throws ModelError unless updates are as rows of coordinates into `target` need them.
void check_updates(const Tensor& indices, const Tensor& updates, const Shape& target) {
  require(is_integer(indices.dtype()), "indices are of type {}, not integers", indices.dtype());
  const Coordinates rows(indices.shape(), target);
  Shape wanted;
  for (std::size_t i = 0; i + 1 < indices.rank(); ++i) wanted.push_back(indices.dim(i));
  for (auto i = static_cast<std::size_t>(rows.depth); i < target.rank(); ++i) wanted.push_back(target[i]);
  require(updates.shape() == wanted, "updates of shape {} are given where {} is needed", updates.shape(), wanted);
}

/// Calls `body(offset in the target, offset in the updates, run)` for every row that is inside.
template <class Body>
void each_row(const Tensor& indices, const Shape& target, bool ignore_bad, Body&& body) {
  const Coordinates rows(indices.shape(), target);
  const Indices read(indices);
  for (std::int64_t i = 0; i < rows.count; ++i) {
    const std::int64_t offset = rows.offset(read, i, target);
    if (offset >= 0) body(offset, i * rows.run, rows.run);
    else if (!ignore_bad) rows.refuse(read, i, target);
  }
}

/// Joins checked updates into `target`, whose elements are set already. Later rows meet what earlier ones left.
void scatter(TensorWriter& target, const Tensor& indices, const Tensor& updates, ScatterMode mode, bool ignore_bad) {
  if (updates.elements() == 0) return;
  if (mode == ScatterMode::kUpdate || target.dtype() == DType::kString) {
    require(mode == ScatterMode::kUpdate || mode == ScatterMode::kAdd, "strings can be replaced or added, nothing else");
    visit_storage(target.dtype(), [&]<class T>(Type<T>) {
      T* to = static_cast<T*>(target.storage());
      const T* from = static_cast<const T*>(storage(updates));
      each_row(indices, target.shape(), ignore_bad, [&](std::int64_t at, std::int64_t source, std::int64_t run) {
        if constexpr (std::is_same_v<T, std::string>) {
          for (std::int64_t i = 0; i < run; ++i) {
            if (mode == ScatterMode::kAdd) to[at + i] += from[source + i];
            else to[at + i] = from[source + i];
          }
        } else {
          copy_run(from + source, to + at, run);
        }
      });
    });
    return;
  }
  visit_elements(target.dtype(), [&]<class T>(Type<T>) {
    T* to = static_cast<T*>(target.storage());
    const T* from = updates.data<T>().data();
    each_row(indices, target.shape(), ignore_bad, [&](std::int64_t at, std::int64_t source, std::int64_t run) {
      for (std::int64_t i = 0; i < run; ++i) to[at + i] = join(mode, to[at + i], from[source + i]);
    });
  });
}

void require_indices(const Fact& indices) {
  require_integers(indices, "the tensor of indices");
  require(!indices.shape.rank_known() || indices.shape.rank() > 0, "indices are a scalar; they need at least one dimension");
}

}  // namespace

/// Zeros of the dims listed, with updates added at rows of coordinates: those that name one place add up.
/// Throws ModelError on coordinates outside, unless `ignore_bad`. Inputs: indices [..., K], updates, shape.
struct ScatterNd {
  static constexpr std::string_view kName = "scatter_nd";

  bool ignore_bad = false;

  static void fields(auto& self, auto&& field) { field("ignore_bad", self.ignore_bad); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    require_indices(in[0]);
    require_integers(in[2], "the shape");
    require_rank(in[2], 1, "the shape");
    return {fact_of(in[1].dtype, shape_from_elements(in[2]))};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    require(in[2].rank() == 1, "the shape has {} dimensions, not 1", in[2].rank());
    const Shape shape(IndexList(in[2], "the shape").values());
    check_updates(in[0], in[1], shape);
    TensorWriter out(in[1].dtype(), shape);
    out.clear();
    scatter(out, in[0], in[1], ScatterMode::kAdd, ignore_bad);
    return {out.take()};
  }
};
REGISTER_OP(ScatterNd);

/// x with updates joined in at rows of coordinates, by `mode`. Throws ModelError on coordinates outside, unless
/// `ignore_bad`. Inputs: x, indices [..., K], updates.
struct TensorScatter {
  static constexpr std::string_view kName = "tensor_scatter";

  ScatterMode mode = ScatterMode::kUpdate;
  bool ignore_bad = false;

  static void fields(auto& self, auto&& field) {
    field("mode", self.mode);
    field("ignore_bad", self.ignore_bad);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    require_indices(in[1]);
    require_same_dtype(in[0], in[2]);
    return {fact_of(in[0].dtype, in[0].shape)};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    require(in[0].dtype() == in[2].dtype(), "updates of type {} are given for {}", in[2].dtype(), in[0].dtype());
    check_updates(in[1], in[2], in[0].shape());
    TensorWriter out(in[0].dtype(), in[0].shape());
    const View whole(in[0].shape());
    copy_view(in[0].dtype(), storage(in[0]), whole, out.storage(), whole);
    scatter(out, in[1], in[2], mode, ignore_bad);
    return {out.take()};
  }
};
REGISTER_OP(TensorScatter);

}  // namespace temper
