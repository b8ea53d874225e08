#pragma once
#include "import/onnx/dtype.h"
#include "import/rule.h"

/// What rules for ONNX's operators share.
namespace temper {

using Ints = std::vector<std::int64_t>;

/// ONNX's bools are integers.
bool onnx_flag(const NodeImport& node, std::string_view name, bool fallback);

/// The element type that an integer attribute names.
DType onnx_dtype(const NodeImport& node, std::string_view name, DType fallback);

/// A vector, or a scalar, as a constant.
ValueId int64s(NodeImport& node, const Ints& values);
ValueId int64(NodeImport& node, std::int64_t value);
/// A scalar of a number as an element of `dtype`.
ValueId number(NodeImport& node, double value, DType dtype);

/// The rank, which must be known; `what` names the value.
std::size_t known_rank(const NodeImport& node, ValueId value, std::string_view what);

/// What a newer version takes as input `i` and an older one as an attribute: integers that must be constant. Nullopt where neither is there.
std::optional<Ints> ints_given(const NodeImport& node, std::size_t i, std::string_view attribute);

/// Short forms of emit.
ValueId cast(NodeImport& node, ValueId value, DType dtype);
ValueId transpose(NodeImport& node, ValueId value, const Ints& perm);
ValueId reshape(NodeImport& node, ValueId value, const Ints& dims);
/// The dims as an int64 vector, and one of them.
ValueId shape_of(NodeImport& node, ValueId value);
ValueId dim_of(NodeImport& node, ValueId value, std::int64_t axis);

/// A value [batch, channels, space...] with its channels last, and back.
ValueId to_channels_last(NodeImport& node, ValueId value);
ValueId to_channels_first(NodeImport& node, ValueId value);

/// The convolution that a node with the attributes of Conv says, of values in ONNX's layouts; `bias` may be kNone.
ValueId emit_onnx_convolution(NodeImport& node, ValueId x, ValueId filter, ValueId bias);

}  // namespace temper
