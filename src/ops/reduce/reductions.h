#pragma once
#include "ops/definition.h"

namespace temper {

/// What reductions have in common: the elements along `axes` become one. With `keep_dims` these axes stay, of size 1.
/// No axes: each element is reduced by itself. Negative axes count from the end; none may be given twice.
/// Axes that are not known before the run are a second input, which then counts.
struct Reduction {
  std::vector<std::int64_t> axes;
  bool keep_dims = false;

  static void fields(auto& self, auto&& field) {
    field("axes", self.axes);
    field("keep_dims", self.keep_dims);
  }
};

/// The sum of elements. Floats are added in double and rounded once; integers wrap around.
struct Sum : Reduction {
  static constexpr std::string_view kName = "sum";
  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// The mean of elements, added as in Sum; of integers, cut off at the point (the sum is of 64 bits).
struct Mean : Reduction {
  static constexpr std::string_view kName = "mean";
  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// The product of elements. Floats are multiplied in double and rounded once; integers wrap around.
struct Prod : Reduction {
  static constexpr std::string_view kName = "prod";
  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// The greatest element; NaN where any is NaN; the lowest value of the type (or -infinity) where there is none.
struct Max : Reduction {
  static constexpr std::string_view kName = "max";
  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// The least element; NaN where any is NaN; the highest value of the type (or infinity) where there is none.
struct Min : Reduction {
  static constexpr std::string_view kName = "min";
  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// The square root of the sum of squares, added as in Sum; of integers, cut off at the point.
struct EuclideanNorm : Reduction {
  static constexpr std::string_view kName = "euclidean_norm";
  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// Whether all elements are true. Bools only, as for Any.
struct All : Reduction {
  static constexpr std::string_view kName = "all";
  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// Whether any element is true.
struct Any : Reduction {
  static constexpr std::string_view kName = "any";
  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
