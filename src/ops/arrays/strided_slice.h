#pragma once
#include "ops/arrays/storage.h"

namespace temper {

/// x[spec, spec, ...] as NumPy writes it. Entry i of the specification takes from begin[i], inclusive, to end[i], exclusive,
/// by strides[i] along the next dim; negative begin and end count from the dim's end, and what lies outside is clamped.
/// Bit i of a mask changes entry i: begin_mask and end_mask, the bound is left out; ellipsis_mask, it stands for all dims
/// that other entries do not speak of; new_axis_mask, it makes a dim of 1; shrink_axis_mask, it picks the one element at
/// begin[i] and the dim is taken away. Ellipsis goes before new axis, which goes before shrinking.
/// Inputs: x, begin, end, strides (integers of one length). Shares the elements where they lie in one run.
struct StridedSlice {
  static constexpr std::string_view kName = "strided_slice";

  std::int64_t begin_mask = 0;
  std::int64_t end_mask = 0;
  std::int64_t ellipsis_mask = 0;
  std::int64_t new_axis_mask = 0;
  std::int64_t shrink_axis_mask = 0;

  static void fields(auto& self, auto&& field) {
    field("begin_mask", self.begin_mask);
    field("end_mask", self.end_mask);
    field("ellipsis_mask", self.ellipsis_mask);
    field("new_axis_mask", self.new_axis_mask);
    field("shrink_axis_mask", self.shrink_axis_mask);
  }

  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// The elements that a slice takes of its first input, and the shape that they have.
struct SlicedView {
  View view;
  Shape shape;
};
/// Of strided_slice's inputs and of slice's. Throw ModelError where they do not fit.
SlicedView sliced(const StridedSlice& op, Inputs in);
SlicedView sliced(Inputs in);

}  // namespace temper
