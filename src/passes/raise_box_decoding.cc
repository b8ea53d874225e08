#include "ops/detection/decode_boxes.h"
#include "passes/pattern.h"

namespace temper {
namespace {

/// A column of a matrix of 4 columns, of which the columns were unpacked, transposed first or not.
std::optional<Part> as_coordinate(const Rewriter& rewriter, ValueId id) {
  const Node* unpack = made_by(rewriter, id, "unpack");
  if (unpack == nullptr || unpack->outputs.size() != 4) return std::nullopt;
  Part part{unpack->inputs[0], static_cast<std::int64_t>(rewriter.graph().value(id).output)};
  if (integer_of(*unpack, "axis") == 0) {
    const Node* transpose = made_by(rewriter, part.whole, "transpose");
    if (transpose == nullptr) return std::nullopt;
    part.whole = transpose->inputs[0];
  } else if (integer_of(*unpack, "axis") != 1) {
    return std::nullopt;
  }
  const ShapeFact& shape = rewriter.fact(part.whole).shape;
  return shape.rank_known() && shape.rank() == 2 ? std::optional(part) : std::nullopt;
}

/// x and c, where `id` is x / c.
std::pair<ValueId, std::optional<float>> as_quotient(const Rewriter& rewriter, ValueId id) {
  if (const Node* div = made_by(rewriter, id, "div")) return {div->inputs[0], constant_float(rewriter, div->inputs[1])};
  return {ValueId::kNone, std::nullopt};
}

/// x, where `id` is x / 2.
ValueId as_half(const Rewriter& rewriter, ValueId id) {
  const auto [x, divisor] = as_quotient(rewriter, id);
  if (divisor == 2.0F) return x;
  const Node* mul = made_by(rewriter, id, "mul");
  if (mul == nullptr) return ValueId::kNone;
  for (const std::size_t side : {0U, 1U}) {
    if (constant_float(rewriter, mul->inputs[side]) == 0.5F) return mul->inputs[1 - side];
  }
  return ValueId::kNone;
}

/// One axis of the decoding: which code columns, which scales, which anchors.
struct AxisPattern {
  Part offset, size;
  float offset_scale = 1, size_scale = 1;
  ValueId centre = ValueId::kNone;       ///< of anchors
  ValueId anchor_size = ValueId::kNone;
  std::optional<Part> low, high;         ///< the corners that those are computed from
};

bool as_code(const Rewriter& rewriter, ValueId id, Part& code, float& scale) {
  const auto [x, divisor] = as_quotient(rewriter, id);
  const auto part = as_coordinate(rewriter, divisor ? x : id);
  if (!part) return false;
  code = *part;
  scale = divisor.value_or(1.0F);
  return true;
}

/// high - low and low + (high - low) / 2.
void find_corners(const Rewriter& rewriter, AxisPattern& axis) {
  const Node* sub = made_by(rewriter, axis.anchor_size, "sub");
  const Node* add = made_by(rewriter, axis.centre, "add");
  if (sub == nullptr || add == nullptr) return;
  for (const std::size_t side : {0U, 1U}) {
    if (add->inputs[side] != sub->inputs[1] || as_half(rewriter, add->inputs[1 - side]) != axis.anchor_size) continue;
    axis.low = as_coordinate(rewriter, sub->inputs[1]);
    axis.high = as_coordinate(rewriter, sub->inputs[0]);
  }
}

/// `low` and `high` as offset * size + centre, less and plus half of exp(size code) * size.
std::optional<AxisPattern> as_axis(const Rewriter& rewriter, ValueId low, ValueId high) {
  const Node* sub = made_by(rewriter, low, "sub");
  const Node* add = made_by(rewriter, high, "add");
  if (sub == nullptr || add == nullptr || sub->inputs[0] != add->inputs[0] || sub->inputs[1] != add->inputs[1]) return std::nullopt;
  const Node* extent = made_by(rewriter, as_half(rewriter, sub->inputs[1]), "mul");
  const Node* centre = made_by(rewriter, sub->inputs[0], "add");
  if (extent == nullptr || centre == nullptr) return std::nullopt;
  AxisPattern axis;
  const std::size_t power = made_by(rewriter, extent->inputs[0], "exp") != nullptr ? 0 : 1;
  const Node* exp = made_by(rewriter, extent->inputs[power], "exp");
  if (exp == nullptr || !as_code(rewriter, exp->inputs[0], axis.size, axis.size_scale)) return std::nullopt;
  axis.anchor_size = extent->inputs[1 - power];
  for (const std::size_t side : {0U, 1U}) {
    const Node* moved = made_by(rewriter, centre->inputs[side], "mul");
    if (moved == nullptr) continue;
    const std::size_t size = moved->inputs[0] == axis.anchor_size ? 0 : 1;
    if (moved->inputs[size] != axis.anchor_size || !as_code(rewriter, moved->inputs[1 - size], axis.offset, axis.offset_scale)) continue;
    axis.centre = centre->inputs[1 - side];
    find_corners(rewriter, axis);
    return axis;
  }
  return std::nullopt;
}

/// Whether `shape` lists three dims or more, of which the last is 4.
bool ends_in_four(const Rewriter& rewriter, ValueId shape) {
  if (const auto constant = constant_integers(rewriter, shape)) return constant->size() >= 3 && constant->back() == 4;
  const Node* pack = made_by(rewriter, shape, "pack");
  return pack != nullptr && pack->inputs.size() >= 3 && constant_integer(rewriter, pack->inputs.back()) == 4;
}

/// Whether `shape` lists the dims of `x`.
bool lists_dims(const Rewriter& rewriter, ValueId shape, ValueId x) {
  const ShapeFact& dims = rewriter.fact(x).shape;
  if (!dims.rank_known()) return false;
  if (const auto constant = constant_integers(rewriter, shape)) {
    const auto known = dims.known();
    return known && std::ranges::equal(*known, *constant);
  }
  const Node* pack = made_by(rewriter, shape, "pack");
  if (pack == nullptr || pack->inputs.size() != dims.rank()) return false;
  for (std::size_t i = 0; i < dims.rank(); ++i) {
    if (const auto number = constant_integer(rewriter, pack->inputs[i])) {
      if (!dims[i].is(*number)) return false;
      continue;
    }
    const auto element = as_element(rewriter, pack->inputs[i]);
    const Node* of = element ? made_by(rewriter, element->whole, "shape") : nullptr;
    if (of == nullptr || of->inputs[0] != x || element->at != static_cast<std::int64_t>(i)) return false;
  }
  return true;
}

}  // namespace

/// Recognises boxes decoded from codes and anchors, column by column; and takes away that it is done on the rows of all
/// pictures as one list.
///     y0 = ty / 10 * ha + yca - exp(th / 5) * ha / 2; ...; transpose(pack(y0, x0, y1, x1))   =>   decode_boxes(codes, anchors)
///     reshape(decode_boxes(reshape(codes), reshape(tile(anchors))))   =>   decode_boxes(codes, anchors)
struct RaiseBoxDecoding {
  static constexpr std::string_view kName = "raise_box_decoding";
  static constexpr Stage kStage = Stage::kRaise;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.name() == "reshape") return unflatten(rewriter, node);
    const Node* pack = &node;
    if (node.op.name() == "transpose") pack = made_by(rewriter, node.inputs[0], "pack");
    if (pack == nullptr || pack->op.name() != "pack" || pack->inputs.size() != 4) return skip();
    if (integer_of(*pack, "axis") != (pack == &node ? 1 : 0)) return skip();
    const auto y = as_axis(rewriter, pack->inputs[0], pack->inputs[2]);
    const auto x = as_axis(rewriter, pack->inputs[1], pack->inputs[3]);
    if (!y || !x) return skip();
    const ValueId codes = y->offset.whole;
    const std::array<Part, 4> columns{y->offset, x->offset, y->size, x->size};
    for (std::size_t i = 0; i < 4; ++i) {
      if (columns[i].whole != codes || columns[i].at != static_cast<std::int64_t>(i)) return skip("codes are not (ty, tx, th, tw)");
    }
    DecodeBoxes op;
    op.scales = {y->offset_scale, x->offset_scale, y->size_scale, x->size_scale};
    ValueId anchors = corner_anchors(*y, *x);
    if (anchors == ValueId::kNone) {
      op.anchors = AnchorForm::kCentres;
      for (const ValueId value : {y->centre, x->centre, y->anchor_size, x->anchor_size}) {
        const ShapeFact& shape = rewriter.fact(value).shape;
        if (!shape.rank_known() || shape.rank() != 1) return skip("anchors are not given one a box");
      }
      anchors = rewriter.add("pack", {y->centre, x->centre, y->anchor_size, x->anchor_size}, {{"axis", std::int64_t{1}}});
    }
    return Rewriter::replace(node, rewriter.add(op, {codes, anchors}));
  }

  static ValueId corner_anchors(const AxisPattern& y, const AxisPattern& x) {
    if (!y.low || !y.high || !x.low || !x.high) return ValueId::kNone;
    const std::array<Part, 4> corners{*y.low, *x.low, *y.high, *x.high};
    for (std::size_t i = 0; i < 4; ++i) {
      if (corners[i].whole != corners[0].whole || corners[i].at != static_cast<std::int64_t>(i)) return ValueId::kNone;
    }
    return corners[0].whole;
  }

  static Rewrite unflatten(Rewriter& rewriter, const Node& node) {
    const Node* decode = made_by(rewriter, node.inputs[0], "decode_boxes");
    const Node* flat = decode == nullptr ? nullptr : made_by(rewriter, decode->inputs[0], "reshape");
    if (flat == nullptr) return skip();
    if (rewriter.use_count(node.inputs[0]) > 1) return skip("decoded boxes are used as one list as well");
    const ShapeFact& rows = rewriter.fact(decode->inputs[0]).shape;
    if (!rows.rank_known() || rows.rank() != 2) return skip();
    const ValueId shape = node.inputs[1];
    if (!ends_in_four(rewriter, shape)) return skip("decoded boxes are given another shape than that of codes");
    ValueId codes = flat->inputs[0];
    const ValueId anchors = unflattened_anchors(rewriter, *decode, codes, shape);
    if (!lists_dims(rewriter, shape, codes)) codes = rewriter.add("reshape", {codes, shape});
    return Rewriter::replace(node, rewriter.add(decode->op, {codes, anchors}));
  }

  /// Anchors that are repeated for each picture are taken once; others get the shape of codes.
  static ValueId unflattened_anchors(Rewriter& rewriter, const Node& decode, ValueId codes, ValueId shape) {
    const Node* flat = made_by(rewriter, decode.inputs[1], "reshape");
    const Node* tile = flat == nullptr ? nullptr : made_by(rewriter, flat->inputs[0], "tile");
    const Node* repeats = tile == nullptr ? nullptr : made_by(rewriter, tile->inputs[1], "pack");
    const Node* dims = made_by(rewriter, shape, "pack");
    if (repeats != nullptr && dims != nullptr && dims->inputs.size() == 3 && repeats->inputs.size() == 3) {
      const ShapeFact& once = rewriter.fact(tile->inputs[0]).shape;
      const bool by_picture = repeats->inputs[0] == dims->inputs[0] && counts_rows_of(rewriter, dims->inputs[0], codes) &&
                              constant_integer(rewriter, repeats->inputs[1]) == 1 && constant_integer(rewriter, repeats->inputs[2]) == 1;
      if (by_picture && once.rank_known() && once.rank() == 3 && once[0].is(1) && once[2].is(4)) return tile->inputs[0];
    }
    return rewriter.add("reshape", {decode.inputs[1], shape});
  }
};
REGISTER_PASS(RaiseBoxDecoding);

}  // namespace temper
