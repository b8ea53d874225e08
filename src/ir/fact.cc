#include "ir/fact.h"

namespace temper {

void Dim::refuse(std::int64_t value) { throw ModelError(fmt::format("a dimension of {} is too large", value)); }

std::optional<Shape> ShapeFact::known() const {
  if (!dims_) return std::nullopt;
  Shape shape;
  for (const Dim& dim : *dims_) {
    if (!dim.known()) return std::nullopt;
    shape.push_back(dim.value());
  }
  return shape;
}

Dim ShapeFact::elements() const {
  if (!dims_) return {};
  std::int64_t count = 1;
  bool unknown = false;
  for (const Dim& dim : *dims_) {
    if (dim.is(0)) return 0;
    unknown |= !dim.known();
    if (dim.known()) require(!__builtin_mul_overflow(count, dim.value(), &count), "shape {} is too large", *this);
  }
  return unknown ? Dim() : Dim(count);
}

std::string to_string(const ShapeFact& shape) {
  if (!shape.rank_known()) return "[...]";
  std::string text = "[";
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    if (i > 0) text += ',';
    text += shape[i].known() ? std::to_string(shape[i].value()) : "?";
  }
  return text + "]";
}

std::string describe(const Fact& fact) { return fmt::format("{}{}", dtype_name(fact.dtype), to_string(fact.shape)); }

bool admits(const Fact& fact, const Tensor& tensor) {
  if (fact.dtype != tensor.dtype()) return false;
  if (fact.dtype == DType::kList || !fact.shape.rank_known()) return true;
  if (fact.shape.rank() != tensor.rank()) return false;
  for (std::size_t i = 0; i < tensor.rank(); ++i) {
    if (fact.shape[i].known() && fact.shape[i].value() != tensor.dim(i)) return false;
  }
  return true;
}

ShapeFact broadcast(const ShapeFact& a, const ShapeFact& b) {
  if (!a.rank_known() || !b.rank_known()) return {};
  const std::size_t rank = std::max(a.rank(), b.rank());
  std::vector<Dim> dims;
  for (std::size_t i = 0; i < rank; ++i) {
    const Dim x = i + a.rank() < rank ? Dim(1) : a[i + a.rank() - rank];
    const Dim y = i + b.rank() < rank ? Dim(1) : b[i + b.rank() - rank];
    if (x.is(1)) {
      dims.push_back(y);
    } else if (y.is(1)) {
      dims.push_back(x);
    } else if (x.known() && y.known()) {
      require(x == y, "shapes {} and {} do not broadcast together", a, b);
      dims.push_back(x);
    } else {
      dims.push_back(x.known() ? x : y);  // the other is this or 1, and the result is this either way
    }
  }
  return ShapeFact(std::move(dims));
}

ShapeFact join(const ShapeFact& a, const ShapeFact& b) {
  if (!a.rank_known() || !b.rank_known() || a.rank() != b.rank()) return {};
  std::vector<Dim> dims;
  for (std::size_t i = 0; i < a.rank(); ++i) dims.push_back(a[i] == b[i] ? a[i] : Dim());
  return ShapeFact(std::move(dims));
}

ShapeFact shape_from_elements(const Fact& fact) {
  if (fact.constant) {
    std::vector<Dim> dims;
    for (const std::int64_t dim : fact.constant->to_int64s()) dims.push_back(dim < 0 ? Dim() : Dim(dim));
    require(dims.size() <= kMaxRank, "a shape of {} dimensions is not supported, at most {} are", dims.size(), kMaxRank);
    return ShapeFact(std::move(dims));
  }
  if (fact.shape.rank_known() && fact.shape.rank() == 1 && fact.shape[0].known()) {
    const std::int64_t rank = fact.shape[0].value();
    require(rank <= static_cast<std::int64_t>(kMaxRank), "a shape of {} dimensions is not supported, at most {} are",
            rank, kMaxRank);
    return ShapeFact::of_rank(static_cast<std::size_t>(rank));
  }
  return {};
}

}  // namespace temper
