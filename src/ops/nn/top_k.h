#pragma once
#include "ops/definition.h"

namespace temper {

/// The k largest elements along the last axis, largest first, and where they are. Inputs: x [..., n]; k (one int16,
/// int32 or int64). Outputs: values [..., k] and indices [..., k]. Of equal elements the one of lower index comes
/// first; NaN comes after every number. Without `sorted` the order is free, and this kernel gives the same. Types:
/// numbers.
struct TopK {
  static constexpr std::string_view kName = "top_k";

  bool sorted = true;
  DType index_dtype = DType::kInt32;  ///< int16, int32 or int64

  static void fields(auto& self, auto&& field) {
    field("sorted", self.sorted);
    field("index_dtype", self.index_dtype);
  }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

}  // namespace temper
