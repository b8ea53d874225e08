#include "ops/arrays/storage.h"

#include <cstring>

namespace temper {
namespace {

/// Two views over the same positions, without dims of 1 and with dims that are one run in both taken together.
struct Walk {
  std::size_t rank = 0;
  bool empty = false;
  std::array<std::int64_t, View::kMaxRank> dims;
  std::array<std::int64_t, View::kMaxRank> from{};
  std::array<std::int64_t, View::kMaxRank> to;

  Walk(const View& source, const View& target) {
    for (std::size_t axis = 0; axis < source.rank; ++axis) {
      invariant(source.dims[axis] == target.dims[axis], "views differ along dimension {}", axis);
      empty |= source.dims[axis] == 0;
    }
    if (empty) return;
    for (std::size_t axis = 0; axis < source.rank; ++axis) {
      add(source.dims[axis], source.strides[axis], target.strides[axis]);
    }
  }

  /// Calls `body(from offset, to offset)` for every position of the dims before `inner`.
  template <class Body>
  void each(std::size_t inner, std::int64_t source, std::int64_t target, Body&& body) const {
    std::array<std::int64_t, View::kMaxRank> at;
    std::fill_n(at.begin(), inner, 0);
    for (;;) {
      body(source, target);
      std::size_t axis = inner;
      for (; axis > 0; --axis) {
        const std::size_t k = axis - 1;
        source += from[k];
        target += to[k];
        if (++at[k] < dims[k]) break;
        at[k] = 0;
        source -= from[k] * dims[k];
        target -= to[k] * dims[k];
      }
      if (axis == 0) return;
    }
  }

  /// The order of dims does not matter to a copy.
  void move_to_back(std::size_t axis) {
    std::rotate(dims.begin() + static_cast<std::ptrdiff_t>(axis), dims.begin() + static_cast<std::ptrdiff_t>(axis) + 1,
                dims.begin() + static_cast<std::ptrdiff_t>(rank));
    std::rotate(from.begin() + static_cast<std::ptrdiff_t>(axis), from.begin() + static_cast<std::ptrdiff_t>(axis) + 1,
                from.begin() + static_cast<std::ptrdiff_t>(rank));
    std::rotate(to.begin() + static_cast<std::ptrdiff_t>(axis), to.begin() + static_cast<std::ptrdiff_t>(axis) + 1,
                to.begin() + static_cast<std::ptrdiff_t>(rank));
  }

 private:
  void add(std::int64_t dim, std::int64_t from_stride, std::int64_t to_stride) {
    if (dim <= 1) return;
    if (rank > 0 && from[rank - 1] == from_stride * dim && to[rank - 1] == to_stride * dim) {
      dims[rank - 1] *= dim;
      from[rank - 1] = from_stride;
      to[rank - 1] = to_stride;
      return;
    }
    dims[rank] = dim;
    from[rank] = from_stride;
    to[rank++] = to_stride;
  }
};

/// Tiles of the last two dims, so that lines of both sides stay in the cache while a tile is turned.
template <class T>
void copy_turned(const Walk& walk, const T* from, std::int64_t source, T* to, std::int64_t target) {
  constexpr std::int64_t kTile = 16;
  const std::size_t a = walk.rank - 2;  // neighbours in `from`
  const std::size_t b = walk.rank - 1;  // neighbours in `to`
  walk.each(a, source, target, [&](std::int64_t s, std::int64_t t) {
    for (std::int64_t i = 0; i < walk.dims[a]; i += kTile) {
      const std::int64_t i_end = std::min(i + kTile, walk.dims[a]);
      for (std::int64_t j = 0; j < walk.dims[b]; j += kTile) {
        const std::int64_t j_end = std::min(j + kTile, walk.dims[b]);
        for (std::int64_t y = i; y < i_end; ++y) {
          const T* in = from + s + y + j * walk.from[b];
          T* out = to + t + y * walk.to[a] + j;
          for (std::int64_t x = j; x < j_end; ++x, in += walk.from[b]) *out++ = *in;
        }
      }
    }
  });
}

template <class T>
void copy_walk(Walk& walk, const T* from, std::int64_t source, T* to, std::int64_t target) {
  if (walk.rank == 0) {
    to[target] = from[source];
    return;
  }
  const std::size_t last = walk.rank - 1;
  const std::int64_t count = walk.dims[last];
  const std::int64_t in_step = walk.from[last];
  const std::int64_t out_step = walk.to[last];
  if (in_step == 1 && out_step == 1) {
    walk.each(last, source, target, [&](std::int64_t s, std::int64_t t) { copy_run(from + s, to + t, count); });
    return;
  }
  if (out_step == 1) {
    const auto turned = std::find(walk.from.begin(), walk.from.begin() + static_cast<std::ptrdiff_t>(last), 1);
    if (const auto axis = static_cast<std::size_t>(turned - walk.from.begin()); axis < last) {
      walk.move_to_back(axis);
      walk.move_to_back(last - 1);
      copy_turned(walk, from, source, to, target);
      return;
    }
  }
  walk.each(last, source, target, [&](std::int64_t s, std::int64_t t) {
    for (std::int64_t i = 0; i < count; ++i, s += in_step, t += out_step) to[t] = from[s];
  });
}

}  // namespace

View::View(const Shape& shape) : rank(shape.rank()) {
  std::ranges::copy(shape, dims.begin());
  set_row_major();
}

void View::set_row_major() {
  offset = 0;
  const bool empty = std::ranges::count(std::span(dims).first(rank), 0) > 0;
  std::int64_t stride = empty ? 0 : 1;  // the other dims of an empty view may be beyond multiplying
  for (std::size_t axis = rank; axis-- > 0;) {
    strides[axis] = stride;
    if (!empty) stride *= dims[axis];
  }
}

void copy_view(DType dtype, const void* from, const View& source, void* to, const View& target) {
  invariant(source.rank == target.rank, "views have {} and {} dimensions", source.rank, target.rank);
  Walk walk(source, target);
  if (walk.empty) return;
  visit_storage(dtype, [&]<class T>(Type<T>) {
    copy_walk(walk, static_cast<const T*>(from), source.offset, static_cast<T*>(to), target.offset);
  });
}

Tensor read_view(const Tensor& from, const View& view, const Shape& shape) {
  const std::int64_t elements = shape.elements();  // refuses what cannot be counted before strides are
  View target = view;
  target.set_row_major();
  Walk walk(view, target);
  const bool one_run = walk.rank == 0 || (walk.rank == 1 && walk.from[0] == 1);
  if (one_run && !walk.empty && from.dtype() != DType::kString) {
    return from.reshaped(Shape{from.elements()}).rows(view.offset, elements).reshaped(shape);
  }
  TensorWriter out(from.dtype(), shape);
  if (walk.empty) return out.take();
  visit_storage(from.dtype(), [&]<class T>(Type<T>) {
    copy_walk(walk, static_cast<const T*>(storage(from)), view.offset, static_cast<T*>(out.storage()), 0);
  });
  return out.take();
}

void TensorWriter::clear() {
  if (strings_) {
    std::ranges::fill(*strings_, std::string());
  } else if (const auto bytes = tensor_.mutable_bytes(); !bytes.empty()) {
    std::memset(bytes.data(), 0, bytes.size());
  }
}

void TensorWriter::fill(const Tensor& value) {
  invariant(value.dtype() == dtype() && value.elements() > 0, "a tensor is filled with {}", value);
  visit_storage(dtype(), [&]<class T>(Type<T>) {
    std::fill_n(static_cast<T*>(storage()), elements(), *static_cast<const T*>(temper::storage(value)));
  });
}

IndexList::IndexList(const Tensor& tensor, std::string_view what) : size_(static_cast<std::size_t>(tensor.elements())) {
  if (size_ > kMaxSize || !is_integer(tensor.dtype())) {
    throw ModelError(fmt::format("{} is {}; it should be at most {} integers", what, describe(tensor), kMaxSize));
  }
  const Indices read(tensor);
  for (std::size_t i = 0; i < size_; ++i) values_[i] = read[static_cast<std::int64_t>(i)];
}

Indices::Indices(const Tensor& tensor) : dtype_(tensor.dtype()), data_(tensor.bytes().data()) {
  if (!is_integer(dtype_)) throw ModelError(fmt::format("indices are of type {}, not integers", dtype_));
}

std::int64_t Indices::other(std::size_t i) const {
  return visit_integers(dtype_, [&]<class T>(Type<T>) { return static_cast<std::int64_t>(static_cast<const T*>(data_)[i]); });
}

Dim unify(const Dim& known, const Dim& dim, std::string_view what) {
  if (!known.known()) return dim;
  if (dim.known() && dim != known) {
    throw ModelError(fmt::format("{} is {} in one place and {} in another", what, known.value(), dim.value()));
  }
  return known;
}

}  // namespace temper
