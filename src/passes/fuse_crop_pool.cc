#include "ops/image/crop_and_resize.h"
#include "ops/nn/pool.h"
#include "passes/pass.h"

namespace temper {
namespace {

/// The side of windows that are square and lie side by side; 0 for others.
std::int64_t window_side(const MaxPool& pool) {
  const auto is_one = [](std::int64_t n) { return n == 1; };
  const bool side_by_side = pool.kernel.size() == 2 && pool.kernel[0] == pool.kernel[1] && pool.strides == pool.kernel;
  return side_by_side && std::ranges::all_of(pool.dilations, is_one) ? pool.kernel[0] : 0;
}

/// Whether no window goes beyond the crops.
bool stays_inside(const MaxPool& pool, const ShapeFact& crops, std::int64_t side) {
  if (pool.padding == Padding::kValid) return true;
  if (pool.padding == Padding::kExplicit) return std::ranges::all_of(pool.pads, [](std::int64_t n) { return n == 0; });
  return crops.rank_known() && crops[1].known() && crops[2].known() && crops[1].value() % side == 0 && crops[2].value() % side == 0;
}

}  // namespace

/// Lets crops keep only the greatest of each window: they are by far the largest tensors of a two-stage detector.
///     max_pool(crop_and_resize(x, ...)) {kernel: [k,k], strides: [k,k]}   =>   crop_and_resize(x, ...) {pool: k}
struct FuseCropPool {
  static constexpr std::string_view kName = "fuse_crop_pool";
  static constexpr Stage kStage = Stage::kFuse;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const auto* pool = node.op.as<MaxPool>();
    if (pool == nullptr || rewriter.producer_as<CropAndResize>(node.inputs[0]) == nullptr) return skip();
    const Node& crop = *rewriter.producer(node.inputs[0]);
    if (rewriter.use_count(node.inputs[0]) != 1) return skip("the crops are used elsewhere too");
    const std::int64_t side = window_side(*pool);
    if (side == 0) return skip("windows are not squares side by side");
    if (!stays_inside(*pool, rewriter.fact(node.inputs[0]).shape, side)) return skip("windows may go beyond the crops");
    CropAndResize fused = *crop.op.as<CropAndResize>();
    if (fused.pool != 1) return skip("the crops are pooled already");
    fused.pool = side;
    return Rewriter::replace(node, rewriter.add(std::move(fused), crop.inputs));
  }
};
REGISTER_PASS(FuseCropPool);

}  // namespace temper
