#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "import/tensorflow/proto/checkpoint.pb.h"
#include "ir/shape.h"

/// Parts of tensors: checkpoints hold a partitioned variable in parts, and graphs restore parts of one.
namespace temper::tensorflow {

/// The elements [start, start + count) along each axis.
struct TensorSlice {
  std::vector<std::int64_t> starts;
  std::vector<std::int64_t> counts;

  Shape shape() const;
};

/// Of a tensor of shape `whole`. Throws ModelError where it does not lie inside it.
TensorSlice to_slice(const TensorSliceProto& proto, const Shape& whole);
/// "3 10 0,1:-" as RestoreV2 has it: the whole shape, then start and length along each axis, or - for all. Throws ModelError where it is not of that form, or
/// of another shape than `whole`.
TensorSlice to_slice(std::string_view text, const Shape& whole);

/// The key under which a bundle's index has one part of a tensor.
std::string slice_key(std::string_view name, const TensorSliceProto& slice);

/// Copies the elements of `part`, which is the slice alone, to their place in `whole`; or from there.
void put_slice(std::span<std::byte> whole, const Shape& shape, const TensorSlice& slice, std::span<const std::byte> part, std::size_t element_bytes);
void get_slice(std::span<const std::byte> whole, const Shape& shape, const TensorSlice& slice, std::span<std::byte> part, std::size_t element_bytes);

}  // namespace temper::tensorflow
