#include <array>

#include "ops/arrays/transpose.h"
#include "ops/elementwise/cast.h"
#include "ops/image/resize.h"
#include "passes/pass.h"

namespace temper {
namespace {

/// Operators that give their first input where its shape does not change.
constexpr std::array<std::string_view, 9> kShapeOnly = {"reshape", "ensure_shape", "pad",   "slice", "squeeze",
                                                        "tile",    "broadcast_to", "split", "concat"};

bool same_known_shape(const Fact& a, const Fact& b) {
  const auto x = a.shape.known();
  return x && b.shape.known() == x;
}

/// Whether two shapes of as many elements are equal: all dims are known but, perhaps, one.
bool same_shape_of_as_many(const ShapeFact& a, const ShapeFact& b) {
  if (!a.rank_known() || !b.rank_known() || a.rank() != b.rank()) return false;
  int unknown = 0;
  for (std::size_t i = 0; i < a.rank(); ++i) {
    if (a[i] != b[i] || a[i].is(0)) return false;
    unknown += a[i].known() ? 0 : 1;
  }
  return unknown <= 1;
}

bool same_order(const Transpose& transpose) {
  for (std::size_t i = 0; i < transpose.perm.size(); ++i) {
    if (transpose.perm[i] != static_cast<std::int64_t>(i)) return false;
  }
  return true;
}

/// Whether pictures are resized to the size that they have: each position is that of a pixel.
bool same_size(const Rewriter& rewriter, const Node& node) {
  const auto* bilinear = node.op.as<ResizeBilinear>();
  const auto* nearest = node.op.as<ResizeNearest>();
  if (bilinear == nullptr && nearest == nullptr) return false;
  const ResizeGrid& grid = bilinear == nullptr ? static_cast<const ResizeGrid&>(*nearest) : *bilinear;
  const Fact& in = rewriter.fact(node.inputs[0]);
  const Fact& out = rewriter.fact(node.outputs[0]);
  if ((grid.align_corners && grid.half_pixel_centers) || in.dtype != out.dtype) return false;
  if (!in.shape.rank_known() || !out.shape.rank_known() || in.shape.rank() != 4) return false;
  return in.shape[1].known() && in.shape[2].known() && in.shape[1] == out.shape[1] && in.shape[2] == out.shape[2];
}

/// Which input the node gives unchanged.
std::optional<std::size_t> passed_on(const Rewriter& rewriter, const Node& node) {
  const std::string_view op = node.op.name();
  if (op == "identity" || same_size(rewriter, node)) return 0;
  if (const auto* transpose = node.op.as<Transpose>()) return same_order(*transpose) ? std::optional<std::size_t>(0) : std::nullopt;
  if (const auto* cast = node.op.as<Cast>()) {
    return cast->dtype == rewriter.fact(node.inputs[0]).dtype ? std::optional<std::size_t>(0) : std::nullopt;
  }
  if (op == "reshape" || op == "squeeze" || op == "expand_dims") {
    const bool same = same_shape_of_as_many(rewriter.fact(node.inputs[0]).shape, rewriter.fact(node.outputs[0]).shape);
    if (same) return 0;
  }
  if (node.outputs.size() != 1 || std::ranges::find(kShapeOnly, op) == kShapeOnly.end()) return std::nullopt;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Fact& input = rewriter.fact(node.inputs[i]);
    if (i > 0 && op != "concat") break;
    if (op == "concat" && node.inputs.size() > 1 && input.shape.elements().is(0)) continue;
    if (input.dtype == rewriter.fact(node.outputs[0]).dtype && same_known_shape(input, rewriter.fact(node.outputs[0]))) return i;
  }
  return std::nullopt;
}

}  // namespace

/// Takes away what gives its input unchanged: identities, casts to the type that is there, transposes that keep the order,
/// reshapes to the shape that is there, resizes to the size that is there, and pads, slices and the like that keep a known shape.
///     relu(cast(x) {dtype: float32})   =>   relu(x), where x is float32
struct RemoveIdentities {
  static constexpr std::string_view kName = "remove_identities";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const auto input = passed_on(rewriter, node);
    return input ? Rewrite(Rewriter::replace(node, node.inputs[*input])) : skip();
  }
};
REGISTER_PASS(RemoveIdentities);

}  // namespace temper
