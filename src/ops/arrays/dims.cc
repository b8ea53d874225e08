#include "ops/arrays/at_axis.h"

namespace temper {

/// y = x.
struct Identity {
  static constexpr std::string_view kName = "identity";
  static constexpr bool kView = true;

  static void fields(auto&, auto&&) {}
  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    return {in[0]};
  }
  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    return {in[0]};
  }
};
REGISTER_OP(Identity);

/// x with a dim of 1 put in before `axis`, which counts in the result where negative. Shares the elements.
struct ExpandDims {
  static constexpr std::string_view kName = "expand_dims";
  static constexpr bool kView = true;

  std::int64_t axis = 0;

  static void fields(auto& self, auto&& field) { field("axis", self.axis); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    if (!in[0].shape.rank_known()) return {fact_of(in[0].dtype, {})};
    std::vector<Dim> dims = in[0].shape.dims();
    dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(normalise_axis(axis, dims.size() + 1)), Dim(1));
    return {fact_of(in[0].dtype, ShapeFact(std::move(dims)))};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    const std::size_t at = normalise_axis(axis, in[0].rank() + 1);
    Shape shape;
    for (std::size_t i = 0; i <= in[0].rank(); ++i) {
      if (i == at) shape.push_back(1);
      if (i < in[0].rank()) shape.push_back(in[0].dim(i));
    }
    return {in[0].reshaped(shape)};
  }
};
REGISTER_OP(ExpandDims);

/// expand_dims along an axis that is the last input.
struct ExpandDimsAt : AtAxis<ExpandDims> {
  static constexpr std::string_view kName = "expand_dims_at";
};
REGISTER_OP(ExpandDimsAt);

/// x without the dims at `axes`, each of which is 1; without every dim of 1 where there are no axes. Shares the elements.
struct Squeeze {
  static constexpr std::string_view kName = "squeeze";
  static constexpr bool kView = true;

  std::vector<std::int64_t> axes;

  static void fields(auto& self, auto&& field) { field("axes", self.axes); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    const ShapeFact& shape = in[0].shape;
    if (!shape.rank_known() || (axes.empty() && !shape.known())) return {fact_of(in[0].dtype, {})};
    std::vector<Dim> dims;
    for (std::size_t i = 0; i < shape.rank(); ++i) {
      if (!drops(i, shape.rank(), shape[i])) dims.push_back(shape[i]);
    }
    return {fact_of(in[0].dtype, ShapeFact(std::move(dims)))};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    Shape shape;
    for (std::size_t i = 0; i < in[0].rank(); ++i) {
      if (!drops(i, in[0].rank(), in[0].dim(i))) shape.push_back(in[0].dim(i));
    }
    for (const std::int64_t axis : axes) normalise_axis(axis, in[0].rank());
    return {in[0].reshaped(shape)};
  }

 private:
  bool drops(std::size_t i, std::size_t rank, const Dim& dim) const {
    if (axes.empty()) return dim.is(1);
    const bool listed = std::ranges::any_of(axes, [&](std::int64_t axis) { return normalise_axis(axis, rank) == i; });
    require(!listed || !dim.known() || dim.is(1), "dimension {} is {} and cannot be squeezed away", i,
            dim.known() ? dim.value() : 0);
    return listed;
  }
};
REGISTER_OP(Squeeze);

/// x, which must be of `shape`; -1 there admits any dim.
struct EnsureShape {
  static constexpr std::string_view kName = "ensure_shape";
  static constexpr bool kView = true;

  std::vector<std::int64_t> shape;

  static void fields(auto& self, auto&& field) { field("shape", self.shape); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    std::vector<Dim> dims;
    for (const std::int64_t dim : shape) dims.push_back(dim < 0 ? Dim() : Dim(dim));
    const ShapeFact& given = in[0].shape;
    if (given.rank_known()) {
      require(given.rank() == dims.size(), "a value of shape {} should be of shape [{}]", given, fmt::join(shape, ","));
      for (std::size_t i = 0; i < dims.size(); ++i) dims[i] = unify(dims[i], given[i], "a dimension");
    }
    return {{in[0].dtype, ShapeFact(std::move(dims)), in[0].constant}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    bool fits = in[0].rank() == shape.size();
    for (std::size_t i = 0; fits && i < shape.size(); ++i) fits = shape[i] < 0 || shape[i] == in[0].dim(i);
    require(fits, "a value of shape {} should be of shape [{}]", in[0].shape(), fmt::join(shape, ","));
    return {in[0]};
  }
};
REGISTER_OP(EnsureShape);

}  // namespace temper
