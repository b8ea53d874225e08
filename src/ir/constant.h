#pragma once
#include "ir/op.h"

namespace temper {

/// Gives its attribute `value`. It belongs to the graph itself: every pass and backend meets it.
struct Constant {
  static constexpr std::string_view kName = "constant";

  Tensor value;

  static void fields(auto& self, auto&& field) { field("value", self.value); }
  Facts infer(std::span<const Fact>) const { return {Fact::of(value)}; }
  Tensors reference(Inputs) const { return {value}; }
};

/// A constant of `dtype` and `shape` kept only as a kernel wants it: `bytes` (uint8, rank 1) in the layout that `layout` names.
/// The planner puts it in the place of a `constant`; it has no elements for other uses until they are unpacked.
struct PackedConstant {
  static constexpr std::string_view kName = "packed_constant";
  static constexpr bool kPure = false;

  DType dtype = DType::kFloat32;
  std::vector<std::int64_t> shape;
  std::string layout;
  Tensor bytes;

  static void fields(auto& self, auto&& field) {
    field("dtype", self.dtype);
    field("shape", self.shape);
    field("layout", self.layout);
    field("bytes", self.bytes);
  }
  Facts infer(std::span<const Fact>) const {
    return {{dtype, Shape(shape), {}, std::make_shared<const Packed>(Packed{layout, bytes})}};
  }
  Tensors reference(Inputs) const {
    throw InternalError("a packed constant is read before its elements are unpacked");
  }
};

}  // namespace temper
