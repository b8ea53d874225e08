#pragma once
#include "ops/definition.h"

namespace temper {

/// y[b..., o..., i..., r...] = x[b..., o..., indices[b..., i...], r...]: slices of x along `axis` picked by index, where the
/// first batch_dims dims (b) are common to both inputs. batch_dims counts from the end of indices' dims where negative.
/// Throws ModelError on an index outside the dim. Inputs: x, indices (integers).
struct Gather {
  static constexpr std::string_view kName = "gather";

  std::int64_t axis = 0;
  std::int64_t batch_dims = 0;

  static void fields(auto& self, auto&& field) {
    field("axis", self.axis);
    field("batch_dims", self.batch_dims);
  }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
