#pragma once
#include "ops/definition.h"

namespace temper {

/// y[i[perm[0]], i[perm[1]], ...] = x[i[0], i[1], ...]: dim k of the result is dim perm[k] of x. Entries of perm count from
/// the end where negative. Shares the elements where their order does not change.
struct Transpose {
  static constexpr std::string_view kName = "transpose";

  std::vector<std::int64_t> perm;

  static void fields(auto& self, auto&& field) { field("perm", self.perm); }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
