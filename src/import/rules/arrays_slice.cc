#include "import/rule.h"

namespace temper {
namespace {

/// `op` along the axis that is input `axis`: an attribute where it is constant, else the last input of `op`_at.
ValueIds emit_along(NodeImport& node, std::string_view op, ValueIds inputs, std::size_t axis, Attributes attributes = {}) {
  if (!node.input_fact(axis).constant) {
    inputs.push_back(node.input(axis));
    return node.emit_all(fmt::format("{}_at", op), std::move(inputs), attributes);
  }
  attributes.emplace_back("axis", node.int64_input(axis, "axis"));
  return node.emit_all(op, std::move(inputs), attributes);
}

ValueIds concat(NodeImport& node) {
  ValueIds parts = node.inputs();
  require(parts.size() >= 2, "has {} inputs, at least an axis and a value are needed", parts.size());
  const bool axis_first = node.op() == "Concat";
  const std::size_t axis = axis_first ? 0 : parts.size() - 1;
  parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(axis));
  return emit_along(node, "concat", std::move(parts), axis);
}

ValueIds split(NodeImport& node) {
  return emit_along(node, "split", {node.input(1)}, 0, {{"parts", node.attribute<std::int64_t>("num_split")}});
}

ValueIds split_sizes(NodeImport& node) {
  return emit_along(node, "split_sizes", {node.input(0), node.input(1)}, 2,
                    {{"parts", node.attribute<std::int64_t>("num_split")}});
}

ValueIds unpack(NodeImport& node) {
  return node.emit_all("unpack", {node.input(0)},
                       {{"axis", node.attribute<std::int64_t>("axis", 0)}, {"parts", node.attribute<std::int64_t>("num")}});
}

ValueIds strided_slice(NodeImport& node) {
  Attributes masks;
  for (const char* name : {"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"}) {
    masks.emplace_back(name, node.attribute<std::int64_t>(name, 0));
  }
  return node.emit_all("strided_slice", node.inputs(), masks);
}

ValueIds mirror_pad(NodeImport& node) {
  const auto mode = node.attribute<std::string>("mode");
  require(mode == "REFLECT" || mode == "SYMMETRIC", "attribute 'mode' is '{}', neither REFLECT nor SYMMETRIC", mode);
  return {node.emit("pad", node.inputs(), {{"mode", std::string(mode == "REFLECT" ? "reflect" : "symmetric")}})};
}

ValueIds reverse_flags(NodeImport& node) {
  const std::vector<std::int64_t> flags = node.int64s_input(1, "dims");
  std::vector<std::int64_t> axes;
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (flags[i] != 0) axes.push_back(static_cast<std::int64_t>(i));
  }
  return {node.emit("reverse", {node.input(0)}, {{"axes", axes}})};
}

ValueIds reverse_sequence(NodeImport& node) {
  return {node.emit("reverse_sequence", node.inputs(),
                    {{"seq_axis", node.attribute<std::int64_t>("seq_dim")},
                     {"batch_axis", node.attribute<std::int64_t>("batch_dim", 0)}})};
}

ValueIds gather(NodeImport& node) {
  if (node.input_count() < 3) return {node.emit("gather", {node.input(0), node.input(1)})};
  return emit_along(node, "gather", {node.input(0), node.input(1)}, 2,
                    {{"batch_dims", node.attribute<std::int64_t>("batch_dims", 0)}});
}

}  // namespace

REGISTER_RULES(arrays_slice) {
  rules.tensorflow("Concat", concat);
  rules.tensorflow("ConcatV2", concat);
  rules.tensorflow("ParallelConcat", emit_as("concat"));
  rules.tensorflow("Pack", [](NodeImport& node) -> ValueIds {
    return {node.emit("pack", node.inputs(), {{"axis", node.attribute<std::int64_t>("axis", 0)}})};
  });
  rules.tensorflow("Unpack", unpack);
  rules.tensorflow("Split", split);
  rules.tensorflow("SplitV", split_sizes);
  rules.tensorflow("Slice", emit_as("slice"));
  rules.tensorflow("StridedSlice", strided_slice);
  rules.tensorflow("Pad", emit_as("pad"));
  rules.tensorflow("PadV2", emit_as("pad"));
  rules.tensorflow("MirrorPad", mirror_pad);
  rules.tensorflow("Reverse", reverse_flags);
  rules.tensorflow("ReverseV2", [](NodeImport& node) -> ValueIds {
    if (!node.input_fact(1).constant) return {node.emit("reverse_by", {node.input(0), node.input(1)})};
    return {node.emit("reverse", {node.input(0)}, {{"axes", node.int64s_input(1, "axis")}})};
  });
  rules.tensorflow("ReverseSequence", reverse_sequence);
  rules.tensorflow("Roll", [](NodeImport& node) -> ValueIds {
    return {node.emit("roll", {node.input(0), node.input(1)}, {{"axes", node.int64s_input(2, "axis")}})};
  });
  rules.tensorflow("Gather", gather);
  rules.tensorflow("GatherV2", gather);
}

}  // namespace temper
