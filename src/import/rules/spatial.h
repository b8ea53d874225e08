#pragma once
#include "import/rule.h"

namespace temper {

/// Where a source node that works on images has its channels. Temper's operators have them last.
struct ImageLayout {
  std::size_t spatial = 2;
  bool channels_first = false;

  std::size_t rank() const { return spatial + 2; }
};

/// From attribute data_format ("NHWC", "NCDHW", "CHANNELS_FIRST", ...; by default channels are last) of a node over so
/// many spatial dims. Throws ModelError on a layout that packs channels.
ImageLayout image_layout(const NodeImport& node, std::size_t spatial);

/// A value of the node's layout with its channels last, and back.
ValueId channels_last(NodeImport& node, const ImageLayout& layout, ValueId value);
ValueId from_channels_last(NodeImport& node, const ImageLayout& layout, ValueId value);

/// The spatial part of numbers that are given one a dim; those of images and channels must be 1. `what` names them.
std::vector<std::int64_t> spatial_numbers(const ImageLayout& layout, const std::vector<std::int64_t>& numbers,
                                          std::string_view what);

/// Attributes strides, padding, pads and, where the node has any, dilations, as Temper's sliding windows take them,
/// read from strides, padding, explicit_paddings and dilations.
Attributes window_attributes(const NodeImport& node, const ImageLayout& layout);

/// Attribute padding by TensorFlow's name.
std::string padding_name(const NodeImport& node);

/// Emits `op`, which ends as conv does (has_bias, has_residual, activation, alpha), with what attribute fused_ops of
/// the node puts behind it: as much as fits goes into the operator, the rest behind it. `arguments` are the extra
/// inputs in the order in which fused_ops takes them; `layout`, if any, is that of a residual. The result is in
/// channels last.
ValueId emit_fused(NodeImport& node, std::string_view op, ValueIds inputs, Attributes attributes, ValueIds arguments,
                   const ImageLayout* layout);

}  // namespace temper
