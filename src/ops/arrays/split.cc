#include "ops/arrays/split.h"

#include "ops/arrays/at_axis.h"

namespace temper {
namespace {

constexpr std::int64_t kMaxParts = 1 << 20;

void require_parts(std::int64_t parts, std::int64_t least) {
  require(parts >= least && parts <= kMaxParts, "cannot make {} parts", parts);
}

/// The elements [first, first + count) along an axis.
Tensor slab(const Tensor& x, std::size_t axis, std::int64_t first, std::int64_t count) {
  Shape shape = x.shape();
  shape.set(axis, count);
  return read_view(x, View(x.shape()).narrow(axis, first, count), shape);
}

}  // namespace

Facts Split::infer(std::span<const Fact> in) const {
  require_inputs(in, 1);
  require_parts(parts, 1);
  ShapeFact shape = in[0].shape;
  if (shape.rank_known()) {
    const std::size_t at = normalise_axis(axis, shape.rank());
    const Dim whole = shape[at];
    require(!whole.known() || whole.value() % parts == 0, "a dimension of {} cannot be cut into {} equal parts",
            whole.known() ? whole.value() : 0, parts);
    shape.set(at, map_dims([&](std::int64_t dim) { return dim / parts; }, whole));
  }
  return Facts(static_cast<std::size_t>(parts), fact_of(in[0].dtype, shape));
}

Tensors Split::reference(Inputs in) const {
  require_inputs(in, 1);
  require_parts(parts, 1);
  const std::size_t at = normalise_axis(axis, in[0].rank());
  const std::int64_t whole = in[0].dim(at);
  require(whole % parts == 0, "a dimension of {} cannot be cut into {} equal parts", whole, parts);
  const std::int64_t count = whole / parts;
  Tensors out;
  out.reserve(static_cast<std::size_t>(parts));
  for (std::int64_t i = 0; i < parts; ++i) out.push_back(slab(in[0], at, i * count, count));
  return out;
}
REGISTER_OP(Split);

/// split along an axis that is the last input.
struct SplitAt : AtAxis<Split> {
  static constexpr std::string_view kName = "split_at";
};
REGISTER_OP(SplitAt);

/// x cut along `axis` into `parts` of the sizes given; one size may be -1: what the others leave. Inputs: x, sizes.
struct SplitSizes {
  static constexpr std::string_view kName = "split_sizes";

  std::int64_t axis = 0;
  std::int64_t parts = 1;

  static void fields(auto& self, auto&& field) {
    field("axis", self.axis);
    field("parts", self.parts);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_parts(parts, 1);
    require_integers(in[1], "the list of sizes");
    ShapeFact shape = in[0].shape;
    Facts out(static_cast<std::size_t>(parts), fact_of(in[0].dtype, shape));
    if (!shape.rank_known()) return out;
    const std::size_t at = normalise_axis(axis, shape.rank());
    std::vector<std::int64_t> sizes(out.size(), -1);
    if (in[1].constant) {
      sizes = in[1].constant->to_int64s();
      if (shape[at].known()) resolve(sizes, shape[at].value());
      require(sizes.size() == out.size(), "lists {} sizes for {} parts", sizes.size(), parts);
    }
    for (std::size_t i = 0; i < out.size(); ++i) out[i].shape.set(at, sizes[i] < 0 ? Dim() : Dim(sizes[i]));
    return out;
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require_parts(parts, 1);
    const std::size_t at = normalise_axis(axis, in[0].rank());
    std::vector<std::int64_t> sizes = in[1].to_int64s();
    resolve(sizes, in[0].dim(at));
    Tensors out;
    out.reserve(sizes.size());
    std::int64_t first = 0;
    for (const std::int64_t size : sizes) {
      out.push_back(slab(in[0], at, first, size));
      first += size;
    }
    return out;
  }

 private:
  void resolve(std::vector<std::int64_t>& sizes, std::int64_t whole) const {
    require(static_cast<std::int64_t>(sizes.size()) == parts, "lists {} sizes for {} parts", sizes.size(), parts);
    require(std::ranges::count(sizes, -1) <= 1, "more than one size is -1");
    std::int64_t left = whole;
    for (const std::int64_t size : sizes) {
      require(size >= -1 && size <= whole, "a size of {} does not fit a dimension of {}", size, whole);
      left -= std::max<std::int64_t>(size, 0);
    }
    const auto rest = std::ranges::find(sizes, -1);
    require(left >= 0 && (left == 0 || rest != sizes.end()), "sizes [{}] do not add up to a dimension of {}",
            fmt::join(sizes, ","), whole);
    if (rest != sizes.end()) *rest = left;
  }
};
REGISTER_OP(SplitSizes);

/// split_sizes along an axis that is the last input.
struct SplitSizesAt : AtAxis<SplitSizes> {
  static constexpr std::string_view kName = "split_sizes_at";
};
REGISTER_OP(SplitSizesAt);

/// The `parts` slices of x along `axis`, that axis taken away. Slices share the elements where each lies in one run.
struct Unpack {
  static constexpr std::string_view kName = "unpack";

  std::int64_t axis = 0;
  std::int64_t parts = 1;

  static void fields(auto& self, auto&& field) {
    field("axis", self.axis);
    field("parts", self.parts);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require_parts(parts, 0);
    ShapeFact shape;
    if (in[0].shape.rank_known()) {
      std::vector<Dim> dims = in[0].shape.dims();
      const auto at = dims.begin() + static_cast<std::ptrdiff_t>(normalise_axis(axis, dims.size()));
      unify(*at, parts, "the number of unpacked slices");
      dims.erase(at);
      shape = ShapeFact(std::move(dims));
    }
    return Facts(static_cast<std::size_t>(parts), fact_of(in[0].dtype, shape));
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    require_parts(parts, 0);
    const Tensor& x = in[0];
    const std::size_t at = normalise_axis(axis, x.rank());
    require(x.dim(at) == parts, "a dimension of {} is unpacked into {}", x.dim(at), parts);
    Shape shape;
    for (std::size_t i = 0; i < x.rank(); ++i) {
      if (i != at) shape.push_back(x.dim(i));
    }
    Tensors out;
    out.reserve(static_cast<std::size_t>(parts));
    for (std::int64_t i = 0; i < parts; ++i) out.push_back(read_view(x, View(x.shape()).narrow(at, i, 1), shape));
    return out;
  }
};
REGISTER_OP(Unpack);

}  // namespace temper
