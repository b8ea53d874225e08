#include "ops/arrays/diagonal.h"

namespace temper {

Band::Band(const Tensor& k) {
  const IndexList list(k, "the diagonals");
  require(list.size() == 1 || list.size() == 2, "diagonals are named by {} numbers, not 1 or 2", list.size());
  lower = list[0];
  upper = list[list.size() - 1];
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  require(lower >= -kMost && upper < kMost && lower <= upper, "there are no diagonals from {} to {}", lower, upper);
}

std::int64_t Band::longest(std::int64_t rows, std::int64_t columns) const {
  const auto inside = [&](std::int64_t d) { return d == 0 || (d > -rows && d < columns); };
  require(inside(lower) && inside(upper), "diagonals {} to {} are outside matrices of {} by {}", lower, upper, rows, columns);
  return std::min(rows + std::min<std::int64_t>(upper, 0), columns - std::max<std::int64_t>(lower, 0));
}

namespace {

std::optional<Band> known_band(const Fact& k) {
  require_integers(k, "the diagonals");
  if (!k.constant) return std::nullopt;
  return Band(*k.constant);
}

void require_scalar_of(const Tensor& value, DType dtype, std::string_view what) {
  if (value.elements() == 1 && value.dtype() == dtype) return;
  throw ModelError(fmt::format("{} is {}, not a scalar of type {}", what, describe(value), dtype));
}

/// The shape of the dims before the last `dropped`.
Shape leading(const Shape& shape, std::size_t dropped) {
  return Shape(shape.dims().first(shape.rank() - dropped));
}

struct Matrix {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};

Matrix matrix_of(const Shape& shape) {
  require(shape.rank() >= 2, "needs matrices, got shape {}", shape);
  return {shape[shape.rank() - 2], shape[shape.rank() - 1]};
}

}  // namespace

/// Matrices that hold the given diagonals, `padding` elsewhere. Inputs: diagonals [..., length] for one, [..., count, length]
/// for more; k, one diagonal's number or the lowest and uppermost; rows, columns (-1: as few as hold them); padding.
struct MatrixDiag {
  static constexpr std::string_view kName = "matrix_diag";

  DiagonalAlign align = DiagonalAlign::kRightLeft;

  static void fields(auto& self, auto&& field) { field("align", self.align); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 5);
    require_same_dtype(in[0], in[4]);
    const auto band = known_band(in[1]);
    if (!band || !in[0].shape.rank_known()) return {fact_of(in[0].dtype, {})};
    const ShapeFact& from = in[0].shape;
    const std::size_t dropped = checked_dims(*band, from.rank());
    if (band->count() > 1) unify(from[from.rank() - 2], band->count(), "the number of diagonals");
    std::vector<Dim> dims(from.dims().begin(), from.dims().end() - static_cast<std::ptrdiff_t>(dropped));
    const Dim longest = from[from.rank() - 1];
    if (in[2].constant && in[3].constant && longest.known()) {
      const Matrix size = resolve(*band, longest.value(), *in[2].constant, *in[3].constant);
      dims.emplace_back(size.rows);
      dims.emplace_back(size.columns);
    } else {
      dims.resize(dims.size() + 2);
    }
    return {fact_of(in[0].dtype, ShapeFact(std::move(dims)))};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 5);
    const Tensor& x = in[0];
    require_scalar_of(in[4], x.dtype(), "the padding value");
    const Band band(in[1]);
    const std::size_t dropped = checked_dims(band, x.rank());
    require(band.count() == 1 || x.dim(x.rank() - 2) == band.count(), "shape {} does not hold {} diagonals", x.shape(),
            band.count());
    const std::int64_t longest = x.dim(x.rank() - 1);
    const auto [rows, columns] = resolve(band, longest, in[2], in[3]);
    Shape shape = leading(x.shape(), dropped);
    const std::int64_t matrices = shape.elements();
    shape.push_back(rows);
    shape.push_back(columns);
    TensorWriter out(x.dtype(), shape);
    out.fill(in[4]);
    if (out.elements() == 0 || x.elements() == 0) return {out.take()};
    visit_storage(x.dtype(), [&]<class T>(Type<T>) {
      const T* from = static_cast<const T*>(storage(x));
      T* to = static_cast<T*>(out.storage());
      for (std::int64_t m = 0; m < matrices; ++m, from += longest * band.count(), to += rows * columns) {
        each_on_band(band, align, rows, columns, longest,
                     [&](std::int64_t at, std::int64_t place) { to[at] = from[place]; });
      }
    });
    return {out.take()};
  }

 private:
  static std::size_t checked_dims(const Band& band, std::size_t rank) {
    const std::size_t dropped = band.count() > 1 ? 2 : 1;
    require(rank >= dropped, "{} diagonals need {} dimensions at least, got {}", band.count(), dropped, rank);
    return dropped;
  }

  static Matrix resolve(const Band& band, std::int64_t longest, const Tensor& rows, const Tensor& columns) {
    const std::int64_t least_rows = longest - std::min<std::int64_t>(band.upper, 0);
    const std::int64_t least_columns = longest + std::max<std::int64_t>(band.lower, 0);
    std::int64_t r = rows.to_int64("the number of rows");
    std::int64_t c = columns.to_int64("the number of columns");
    if (r == -1 && c == -1) r = c = std::max(least_rows, least_columns);
    if (r == -1) r = least_rows;
    if (c == -1) c = least_columns;
    require(r >= least_rows && c >= least_columns && (r == least_rows || c == least_columns),
            "diagonals {} to {} of length {} do not fit {} rows and {} columns", band.lower, band.upper, longest, r, c);
    return {r, c};
  }
};
REGISTER_OP(MatrixDiag);

/// The diagonals of matrices; rows of shorter ones are filled up with `padding`. Inputs: x [..., rows, columns], k (one
/// diagonal's number, or the lowest and uppermost), padding. Gives [..., length] for one, [..., count, length] for more.
struct MatrixDiagPart {
  static constexpr std::string_view kName = "matrix_diag_part";

  DiagonalAlign align = DiagonalAlign::kRightLeft;

  static void fields(auto& self, auto&& field) { field("align", self.align); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    require_same_dtype(in[0], in[2]);
    const auto band = known_band(in[1]);
    if (!band || !in[0].shape.rank_known()) return {fact_of(in[0].dtype, {})};
    const ShapeFact& from = in[0].shape;
    require(from.rank() >= 2, "needs matrices, got shape {}", from);
    std::vector<Dim> dims(from.dims().begin(), from.dims().end() - 2);
    if (band->count() > 1) dims.emplace_back(band->count());
    dims.push_back(map_dims([&](std::int64_t rows, std::int64_t columns) { return band->longest(rows, columns); },
                            from[from.rank() - 2], from[from.rank() - 1]));
    return {fact_of(in[0].dtype, ShapeFact(std::move(dims)))};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    const Tensor& x = in[0];
    require_scalar_of(in[2], x.dtype(), "the padding value");
    const Band band(in[1]);
    const auto [rows, columns] = matrix_of(x.shape());
    const std::int64_t longest = band.longest(rows, columns);
    Shape shape = leading(x.shape(), 2);
    const std::int64_t matrices = shape.elements();
    if (band.count() > 1) shape.push_back(band.count());
    shape.push_back(longest);
    TensorWriter out(x.dtype(), shape);
    out.fill(in[2]);
    if (out.elements() == 0 || x.elements() == 0) return {out.take()};
    visit_storage(x.dtype(), [&]<class T>(Type<T>) {
      const T* from = static_cast<const T*>(storage(x));
      T* to = static_cast<T*>(out.storage());
      for (std::int64_t m = 0; m < matrices; ++m, from += rows * columns, to += longest * band.count()) {
        each_on_band(band, align, rows, columns, longest,
                     [&](std::int64_t at, std::int64_t place) { to[place] = from[at]; });
      }
    });
    return {out.take()};
  }
};
REGISTER_OP(MatrixDiagPart);

/// Matrices with their diagonals replaced. Inputs: x [..., rows, columns], diagonals stored as matrix_diag_part gives them, k.
struct MatrixSetDiag {
  static constexpr std::string_view kName = "matrix_set_diag";

  DiagonalAlign align = DiagonalAlign::kRightLeft;

  static void fields(auto& self, auto&& field) { field("align", self.align); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    require_same_dtype(in[0], in[1]);
    known_band(in[2]);
    require(!in[0].shape.rank_known() || in[0].shape.rank() >= 2, "needs matrices, got {}", in[0]);
    return {fact_of(in[0].dtype, in[0].shape)};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    const Tensor& x = in[0];
    require(in[1].dtype() == x.dtype(), "diagonals of type {} are set in {}", in[1].dtype(), x.dtype());
    const Band band(in[2]);
    const auto [rows, columns] = matrix_of(x.shape());
    const std::int64_t longest = band.longest(rows, columns);
    Shape wanted = leading(x.shape(), 2);
    const std::int64_t matrices = wanted.elements();
    if (band.count() > 1) wanted.push_back(band.count());
    wanted.push_back(longest);
    require(in[1].shape() == wanted, "diagonals of shape {} are given where {} is needed", in[1].shape(), wanted);
    TensorWriter out(x.dtype(), x.shape());
    copy_view(x.dtype(), storage(x), View(x.shape()), out.storage(), View(x.shape()));
    if (x.elements() == 0) return {out.take()};
    visit_storage(x.dtype(), [&]<class T>(Type<T>) {
      const T* from = static_cast<const T*>(storage(in[1]));
      T* to = static_cast<T*>(out.storage());
      for (std::int64_t m = 0; m < matrices; ++m, from += longest * band.count(), to += rows * columns) {
        each_on_band(band, align, rows, columns, longest,
                     [&](std::int64_t at, std::int64_t place) { to[at] = from[place]; });
      }
    });
    return {out.take()};
  }
};
REGISTER_OP(MatrixSetDiag);

/// y[..., i, j] = x[..., i, j] where i - j <= lower and j - i <= upper, else 0; a negative bound sets none.
/// Inputs: x, lower, upper (integers).
struct MatrixBandPart {
  static constexpr std::string_view kName = "matrix_band_part";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    require_integers(in[1], "the lower bound");
    require_integers(in[2], "the upper bound");
    require(!in[0].shape.rank_known() || in[0].shape.rank() >= 2, "needs matrices, got {}", in[0]);
    return {fact_of(in[0].dtype, in[0].shape)};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    const Tensor& x = in[0];
    const auto [rows, columns] = matrix_of(x.shape());
    std::int64_t lower = in[1].to_int64("the lower bound");
    std::int64_t upper = in[2].to_int64("the upper bound");
    require(lower <= rows && upper <= columns, "a band of {} below and {} above is outside matrices of {} by {}", lower, upper,
            rows, columns);
    if (lower < 0) lower = rows;
    if (upper < 0) upper = columns;
    TensorWriter out(x.dtype(), x.shape());
    out.clear();
    if (x.elements() == 0) return {out.take()};
    const std::int64_t lines = x.elements() / columns;
    visit_storage(x.dtype(), [&]<class T>(Type<T>) {
      const T* from = static_cast<const T*>(storage(x));
      T* to = static_cast<T*>(out.storage());
      for (std::int64_t line = 0; line < lines; ++line, from += columns, to += columns) {
        const std::int64_t i = line % rows;
        const std::int64_t first = std::clamp<std::int64_t>(i - lower, 0, columns);
        const std::int64_t end = std::clamp<std::int64_t>(i + upper + 1, first, columns);
        copy_run(from + first, to + first, end - first);
      }
    });
    return {out.take()};
  }
};
REGISTER_OP(MatrixBandPart);

/// y[i..., i...] = x[i...], 0 elsewhere: twice the dims.
struct Diag {
  static constexpr std::string_view kName = "diag";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    if (!in[0].shape.rank_known()) return {fact_of(in[0].dtype, {})};
    std::vector<Dim> dims = in[0].shape.dims();
    require(!dims.empty() && 2 * dims.size() <= kMaxRank, "a diagonal of {} dimensions is not supported", dims.size());
    dims.insert(dims.end(), in[0].shape.dims().begin(), in[0].shape.dims().end());
    return {fact_of(in[0].dtype, ShapeFact(std::move(dims)))};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    const Tensor& x = in[0];
    require(x.rank() > 0, "a scalar is no diagonal");
    Shape shape = x.shape();
    for (const std::int64_t dim : x.shape()) shape.push_back(dim);
    TensorWriter out(x.dtype(), shape);
    out.clear();
    View flat;
    flat.add(x.elements(), 1);
    View diagonal;
    diagonal.add(x.elements(), x.elements() + 1);
    copy_view(x.dtype(), storage(x), flat, out.storage(), diagonal);
    return {out.take()};
  }
};
REGISTER_OP(Diag);

/// y[i...] = x[i..., i...]: half the dims.
struct DiagPart {
  static constexpr std::string_view kName = "diag_part";

  static void fields(auto&, auto&&) {}

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    if (!in[0].shape.rank_known()) return {fact_of(in[0].dtype, {})};
    const std::size_t half = in[0].shape.rank() / 2;
    require(half > 0 && in[0].shape.rank() % 2 == 0, "shape {} has no such diagonal", in[0].shape);
    std::vector<Dim> dims;
    for (std::size_t i = 0; i < half; ++i) dims.push_back(unify(in[0].shape[i], in[0].shape[i + half], "a dimension"));
    return {fact_of(in[0].dtype, ShapeFact(std::move(dims)))};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    const Tensor& x = in[0];
    const std::size_t half = x.rank() / 2;
    bool fits = half > 0 && x.rank() % 2 == 0;
    for (std::size_t i = 0; fits && i < half; ++i) fits = x.dim(i) == x.dim(i + half);
    require(fits, "shape {} has no such diagonal", x.shape());
    const Shape shape = leading(x.shape(), half);
    View view;
    view.add(shape.elements(), shape.elements() + 1);
    return {read_view(x, view, shape)};
  }
};
REGISTER_OP(DiagPart);

}  // namespace temper
