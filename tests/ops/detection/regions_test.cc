#include <limits>

#include "ops/harness.h"

namespace temper::testing {
namespace {

Tensor threshold(float value) { return f32({}, {value}); }

TEST(ClasswiseNonMaxSuppression, GoesByPictureClassAndScore) {
  const Tensor boxes = f32({1, 3, 4}, {0, 0, 1, 1, 0, 0.1F, 1, 1.1F, 0, 5, 1, 6});
  const Tensor scores = f32({1, 2, 3}, {0.5F, 0.9F, 0.1F, 0.3F, 0.2F, 0.8F});
  const Tensor all = i64({}, {10});
  check({"two classes", "classwise_non_max_suppression", {}, {boxes, scores, all, threshold(0.5F), threshold(0)},
         {i64({4, 3}, {0, 0, 1, 0, 0, 2, 0, 1, 2, 0, 1, 0})}});
  check({"by score", "classwise_non_max_suppression", {}, {boxes, scores, all, threshold(0.5F), threshold(0.6F)}, {i64({2, 3}, {0, 0, 1, 0, 1, 2})}});
  check({"one each", "classwise_non_max_suppression", {}, {boxes, scores, i64({}, {1}), threshold(0.5F), threshold(0)}, {i64({2, 3}, {0, 0, 1, 0, 1, 2})}});
  check({"none", "classwise_non_max_suppression", {}, {boxes, scores, i64({}, {-1}), threshold(0.5F), threshold(0)}, {i64({0, 3}, {})}});
  check({"middles", "classwise_non_max_suppression", {{"centred", true}},
         {f32({1, 2, 4}, {0.5F, 0.5F, 1, 1, 0.6F, 0.5F, 1, 1}), f32({1, 1, 2}, {0.9F, 0.8F}), all, threshold(0.5F), threshold(0)}, {i64({1, 3}, {0, 0, 0})}});
  check({"no boxes", "classwise_non_max_suppression", {}, {f32({2, 0, 4}, {}), f32({2, 3, 0}, {}), all, threshold(0.5F), threshold(0)}, {i64({0, 3}, {})}});
  check_refused({"other count", "classwise_non_max_suppression", {}, {boxes, f32({1, 1, 2}, {1, 1}), all, threshold(0.5F), threshold(0)}, {}}, "do not fit");
  check_refused({"threshold", "classwise_non_max_suppression", {}, {boxes, scores, all, threshold(2), threshold(0)}, {}}, "iou_threshold");
}

TEST(RoiAlign, MeansSamplesOfEachBin) {
  const Tensor x = f32({1, 2, 2, 1}, {1, 2, 3, 4});
  const Attributes one{{"height", std::int64_t{1}}, {"width", std::int64_t{1}}, {"sampling", std::int64_t{1}}};
  check({"middle", "roi_align", one, {x, f32({1, 4}, {0, 0, 2, 2}), i64({1}, {0})}, {f32({1, 1, 1, 1}, {2.5F})}});
  check({"pixel", "roi_align", one, {x, f32({1, 4}, {1, 1, 2, 2}), i64({1}, {0})}, {f32({1, 1, 1, 1}, {4})}});
  check({"outside", "roi_align", one, {x, f32({1, 4}, {9, 9, 11, 11}), i64({1}, {0})}, {f32({1, 1, 1, 1}, {0})}});
  check({"no regions", "roi_align", one, {x, f32({0, 4}, {}), i64({0}, {})}, {f32({0, 1, 1, 1}, {})}});
  check_refused({"no such picture", "roi_align", one, {x, f32({1, 4}, {0, 0, 1, 1}), i64({1}, {1})}, {}}, "picture 1");
  check_refused({"infinite", "roi_align", one, {x, f32({1, 4}, {0, 0, std::numeric_limits<float>::infinity(), 1}), i64({1}, {0})}, {}}, "a region from");
  check_refused({"huge", "roi_align", {}, {x, f32({1, 4}, {0, 0, 1e5F, 1e5F}), i64({1}, {0})}, {}}, "samples a bin");
}

}  // namespace
}  // namespace temper::testing
