#include "passes/padded_rows.h"

namespace temper {
namespace {

/// Whether `size` is what a slice takes of all rows: as many as there are, at most `length`. `count` becomes what counts them.
bool is_clipped_size(const Rewriter& rewriter, ValueId size, std::int64_t length, ValueId& count) {
  const Node* select = made_by(rewriter, size, "select");  // rows - length > 0 ? length : -1
  if (select == nullptr || constant_integer(rewriter, select->inputs[1]) != length || constant_integer(rewriter, select->inputs[2]) != -1) {
    return false;
  }
  const Node* greater = made_by(rewriter, select->inputs[0], "greater");
  const Node* sub = greater == nullptr ? nullptr : made_by(rewriter, greater->inputs[0], "sub");
  if (sub == nullptr || constant_integer(rewriter, greater->inputs[1]) != 0 || constant_integer(rewriter, sub->inputs[1]) != length) return false;
  count = sub->inputs[0];
  return true;
}

/// The lengths that paddings fill each axis of `x` up to; empty where they do something else.
std::vector<std::int64_t> padded_lengths(const Rewriter& rewriter, ValueId paddings, ValueId x) {
  const Node* pack = made_by(rewriter, paddings, "pack");
  if (pack == nullptr || integer_of(*pack, "axis") != 1 || pack->inputs.size() != 2) return {};
  const auto before = constant_integers(rewriter, pack->inputs[0]);
  const ValueIds after = as_elements(rewriter, pack->inputs[1]);
  if (after.empty() || before != std::vector<std::int64_t>(after.size(), 0)) return {};
  std::vector<std::int64_t> lengths;
  for (std::size_t axis = 0; axis < after.size(); ++axis) {
    const Node* sub = made_by(rewriter, after[axis], "sub");
    const auto length = sub == nullptr ? std::nullopt : constant_integer(rewriter, sub->inputs[0]);
    const auto element = sub == nullptr ? std::nullopt : as_element(rewriter, sub->inputs[1]);
    const Node* shape = element ? made_by(rewriter, element->whole, "shape") : nullptr;
    if (!length || shape == nullptr || shape->inputs[0] != x || element->at != static_cast<std::int64_t>(axis)) return {};
    lengths.push_back(*length);
  }
  return lengths;
}

}  // namespace

std::optional<PaddedRows> as_padded(const Rewriter& rewriter, const Node& pad, const DetectionRows::Originals& originals) {
  if (pad.op.name() != "pad" || pad.inputs.size() != 2) return std::nullopt;
  const Node* slice = made_by(rewriter, pad.inputs[0], "slice");
  if (slice == nullptr) return std::nullopt;
  const auto lengths = padded_lengths(rewriter, pad.inputs[1], slice->outputs[0]);
  const auto begin = constant_integers(rewriter, slice->inputs[1]);
  const ValueIds sizes = as_elements(rewriter, slice->inputs[2]);
  if (lengths.empty() || !begin || *begin != std::vector<std::int64_t>(lengths.size(), 0) || sizes.size() != lengths.size()) return std::nullopt;
  ValueId count{};
  if (!is_clipped_size(rewriter, sizes[0], lengths[0], count)) return std::nullopt;
  for (std::size_t axis = 1; axis < sizes.size(); ++axis) {  // along those nothing is cut off
    ValueId dim{};
    const auto size = constant_integer(rewriter, sizes[axis]);
    if (size ? *size != -1 && *size != lengths[axis] : !is_clipped_size(rewriter, sizes[axis], lengths[axis], dim)) return std::nullopt;
  }
  const auto before = originals.find(count);
  if (before != originals.end()) count = before->second;
  if (!counts_rows_of(rewriter, count, slice->inputs[0])) return std::nullopt;
  return PaddedRows{slice->inputs[0], lengths[0], {lengths.begin() + 1, lengths.end()}};
}

}  // namespace temper
