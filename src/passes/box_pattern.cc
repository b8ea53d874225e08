#include "passes/box_pattern.h"

namespace temper {
namespace {

/// A scalar: an element of a vector, or a constant.
struct Corner {
  std::optional<Part> element;
  std::optional<float> constant;

  bool operator==(const Corner& other) const {
    if (element && other.element) return element->whole == other.element->whole && element->at == other.element->at;
    return constant && constant == other.constant;
  }
};

Corner as_corner(const Rewriter& rewriter, ValueId id) {
  if (const auto constant = constant_float(rewriter, id)) return {std::nullopt, constant};
  return {as_element(rewriter, id), std::nullopt};
}

std::optional<WindowPattern> as_window(const std::array<Corner, 4>& corners) {
  WindowPattern window;
  std::array<float, 4> constants{};
  for (std::size_t i = 0; i < 4; ++i) {
    if (corners[i].constant) constants[i] = *corners[i].constant;
    else if (!corners[i].element || corners[i].element->at != static_cast<std::int64_t>(i)) return std::nullopt;
    const ValueId vector = corners[i].element ? corners[i].element->whole : ValueId::kNone;
    if (i > 0 && vector != window.vector) return std::nullopt;
    window.vector = vector;
  }
  if (window.vector == ValueId::kNone) window.corners = constants;
  return window;
}

/// The boxes of whose columns a, b, c, d these are, where a column is [n, 1].
ValueId as_columns(const Rewriter& rewriter, const std::array<ValueId, 4>& columns) {
  const Node* split = made_by(rewriter, columns[0], "split");
  if (split == nullptr || integer_of(*split, "axis") != 1 || integer_of(*split, "parts") != 4) return ValueId::kNone;
  for (std::size_t i = 0; i < 4; ++i) {
    if (columns[i] != split->outputs[i]) return ValueId::kNone;
  }
  return split->inputs[0];
}

const Node* joined_columns(const Rewriter& rewriter, ValueId id) {
  const Node* node = made_by(rewriter, id, "concat");
  return node != nullptr && node->inputs.size() == 4 && integer_of(*node, "axis") == 1 ? node : nullptr;
}

/// Whether `scale` is 1 / (high - low); kNone is a scale of 1.
bool is_scale(const Rewriter& rewriter, ValueId scale, const Corner& low, const Corner& high) {
  if (scale == ValueId::kNone || constant_float(rewriter, scale)) {
    const float number = scale == ValueId::kNone ? 1.0F : *constant_float(rewriter, scale);
    return low.constant && high.constant && number == 1.0F / (*high.constant - *low.constant);
  }
  const Node* division = made_by(rewriter, scale, "div");
  if (division == nullptr || constant_float(rewriter, division->inputs[0]) != 1.0F) return false;
  const Node* size = made_by(rewriter, division->inputs[1], "sub");
  return size != nullptr && as_corner(rewriter, size->inputs[0]) == high && as_corner(rewriter, size->inputs[1]) == low;
}

/// What has its corners of index 0 and 1 subtracted, and those: (y0, x0, y0, x0). Zeros where nothing is.
struct Shifted {
  ValueId boxes;
  std::array<Corner, 4> corners;
};

std::optional<Shifted> as_shifted(const Rewriter& rewriter, ValueId id) {
  const Node* sub = made_by(rewriter, id, "sub");
  if (sub == nullptr) {
    Shifted unmoved{id, {}};
    for (Corner& corner : unmoved.corners) corner.constant = 0.0F;
    return unmoved;
  }
  Shifted shifted{sub->inputs[0], {}};
  if (const Tensor* constant = rewriter.constant(sub->inputs[1])) {
    if (constant->dtype() != DType::kFloat32 || constant->shape() != Shape{4}) return std::nullopt;
    for (std::size_t i = 0; i < 4; ++i) shifted.corners[i].constant = constant->data<float>()[i];
    return shifted;
  }
  const Node* pack = made_by(rewriter, sub->inputs[1], "pack");
  if (pack == nullptr || pack->inputs.size() != 4 || integer_of(*pack, "axis") != 0) return std::nullopt;
  for (std::size_t i = 0; i < 4; ++i) shifted.corners[i] = as_corner(rewriter, pack->inputs[i]);
  return shifted;
}

}  // namespace

std::optional<BoxChange> as_clipped(const Rewriter& rewriter, ValueId id) {
  const Node* joined = joined_columns(rewriter, id);
  if (joined == nullptr) return std::nullopt;
  std::array<ValueId, 4> columns{};
  std::array<Corner, 4> low;
  std::array<Corner, 4> high;
  for (std::size_t i = 0; i < 4; ++i) {
    const Node* max = made_by(rewriter, joined->inputs[i], "maximum");
    const Node* min = max == nullptr ? nullptr : made_by(rewriter, max->inputs[0], "minimum");
    if (min == nullptr) return std::nullopt;
    columns[i] = min->inputs[0];
    low[i] = as_corner(rewriter, max->inputs[1]);
    high[i] = as_corner(rewriter, min->inputs[1]);
  }
  if (!(low[0] == low[2] && low[1] == low[3] && high[0] == high[2] && high[1] == high[3])) return std::nullopt;
  const auto window = as_window({low[0], low[1], high[0], high[1]});
  const ValueId boxes = as_columns(rewriter, columns);
  return window && boxes != ValueId::kNone ? std::optional(BoxChange{boxes, *window}) : std::nullopt;
}

std::optional<BoxChange> as_framed(const Rewriter& rewriter, ValueId id) {
  const Node* joined = joined_columns(rewriter, id);
  if (joined == nullptr) return std::nullopt;
  std::array<ValueId, 4> columns{};
  std::array<ValueId, 4> scales{};
  for (std::size_t i = 0; i < 4; ++i) {
    const Node* product = made_by(rewriter, joined->inputs[i], "mul");
    if (product == nullptr) {
      columns[i] = joined->inputs[i];
      scales[i] = ValueId::kNone;
      continue;
    }
    const std::size_t side = made_by(rewriter, product->inputs[1], "split") != nullptr ? 1 : 0;
    columns[i] = product->inputs[side];
    scales[i] = product->inputs[1 - side];
  }
  if (scales[0] != scales[2] || scales[1] != scales[3]) return std::nullopt;
  const ValueId moved = as_columns(rewriter, columns);
  const auto shifted = moved == ValueId::kNone ? std::nullopt : as_shifted(rewriter, moved);
  if (!shifted || !(shifted->corners[0] == shifted->corners[2]) || !(shifted->corners[1] == shifted->corners[3])) return std::nullopt;
  std::array<Corner, 4> corners{shifted->corners[0], shifted->corners[1], {}, {}};
  for (std::size_t i = 0; i < 2; ++i) {  // the far corners are read off the scales
    if (corners[i].element) {
      corners[i + 2].element = Part{corners[i].element->whole, static_cast<std::int64_t>(i + 2)};
    } else {
      const auto scale = scales[i] == ValueId::kNone ? std::optional(1.0F) : constant_float(rewriter, scales[i]);
      if (!scale || !corners[i].constant) return std::nullopt;
      corners[i + 2].constant = *corners[i].constant + 1.0F / *scale;
    }
    if (!is_scale(rewriter, scales[i], corners[i], corners[i + 2])) return std::nullopt;
  }
  const auto window = as_window(corners);
  return window ? std::optional(BoxChange{shifted->boxes, *window}) : std::nullopt;
}

ValueId as_areas(const Rewriter& rewriter, ValueId id) {
  const ShapeFact& shape = rewriter.fact(id).shape;
  const Node* view = made_by(rewriter, id, "squeeze");
  if (view == nullptr && shape.rank_known() && shape.rank() == 1) view = made_by(rewriter, id, "reshape");
  if (view != nullptr) id = view->inputs[0];
  const Node* product = made_by(rewriter, id, "mul");
  if (product == nullptr) return ValueId::kNone;
  std::array<ValueId, 4> columns{};
  for (std::size_t i = 0; i < 2; ++i) {
    const Node* size = made_by(rewriter, product->inputs[i], "sub");
    if (size == nullptr) return ValueId::kNone;
    columns[i] = size->inputs[1];
    columns[i + 2] = size->inputs[0];
  }
  return as_columns(rewriter, columns);
}

}  // namespace temper
