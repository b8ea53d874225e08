#include "ops/detection/multiclass_nms.h"

#include "ops/harness.h"

namespace temper::testing {
namespace {

Attributes limits(std::int64_t per_class, std::int64_t total, Attributes more = {}) {
  Attributes all{{"max_per_class", per_class}, {"max_total", total}, {"iou_threshold", 0.5}, {"score_threshold", 0.125}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// Boxes 0 and 1 overlap by 0.9 / 1.1; box 2 is elsewhere.
Tensor boxes() { return f32({1, 3, 1, 4}, {0, 0, 1, 1, 0, 0.1F, 1, 1.1F, 2, 2, 4, 4}); }
Tensor scores() { return f32({1, 3, 2}, {0.5F, 0.25F, 0.75F, 0.25F, 0.5F, 0.1F}); }

TEST(MulticlassNms, OrdersByScoreThenClassThenBox) {
  check({"all", "multiclass_nms", limits(3, 4), {boxes(), scores()},
         {f32({1, 4, 4}, {0, 0.1F, 1, 1.1F, 2, 2, 4, 4, 0, 0, 1, 1, 0, 0, 0, 0}), f32({1, 4}, {0.75F, 0.5F, 0.25F, 0}),
          f32({1, 4}, {0, 0, 1, 0}), i32({1}, {3}), i32({1, 4}, {1, 2, 0, -1})}});
  check({"one a class", "multiclass_nms", limits(1, 2), {boxes(), scores()},
         {f32({1, 2, 4}, {0, 0.1F, 1, 1.1F, 0, 0, 1, 1}), f32({1, 2}, {0.75F, 0.25F}), f32({1, 2}, {0, 1}), i32({1}, {2}), i32({1, 2}, {1, 0})}});
  check({"background", "multiclass_nms", limits(3, 1, {{"first_class", std::int64_t{1}}}), {boxes(), scores()},
         {f32({1, 1, 4}, {0, 0, 1, 1}), f32({1, 1}, {0.25F}), f32({1, 1}, {0}), i32({1}, {1}), i32({1, 1}, {0})}});
  check({"no boxes", "multiclass_nms", limits(3, 1), {f32({2, 0, 1, 4}, {}), f32({2, 0, 2}, {})},
         {f32({2, 1, 4}, {0, 0, 0, 0, 0, 0, 0, 0}), f32({2, 1}, {0, 0}), f32({2, 1}, {0, 0}), i32({2}, {0, 0}), i32({2, 1}, {-1, -1})}});
}

TEST(MulticlassNms, ClipsAfterOrBeforeItSelects) {
  const Tensor window = f32({1, 4}, {0, 0, 2, 0.5F});
  const Attributes after{{"clipping", std::string("after")}, {"change_frame", true}};
  check({"after", "multiclass_nms", limits(3, 3, after), {boxes(), scores(), window},
         {f32({1, 3, 4}, {0, 0.2F, 0.5F, 1, 0, 0, 0.5F, 1, 0, 0, 0, 0}), f32({1, 3}, {0.75F, 0.25F, 0}), f32({1, 3}, {0, 1, 0}), i32({1}, {2}),
          i32({1, 3}, {1, 0, -1})}, 1e-6});
  check({"before", "multiclass_nms", limits(3, 3, {{"clipping", std::string("before")}}), {boxes(), scores(), f32({1, 4}, {0, 0, 2, 0.15F})},
         {f32({1, 3, 4}, {0, 0.1F, 1, 0.15F, 0, 0, 1, 0.15F, 0, 0, 1, 0.15F}), f32({1, 3}, {0.75F, 0.5F, 0.25F}), f32({1, 3}, {0, 0, 1}), i32({1}, {3}),
          i32({1, 3}, {1, 0, 0})}});
}

TEST(MulticlassNms, LooksAtAsManyBoxesAsItIsTold) {
  const Attributes counted = limits(3, 1, {{"has_counts", true}});
  check({"first", "multiclass_nms", counted, {boxes(), scores(), i32({1}, {1})},
         {f32({1, 1, 4}, {0, 0, 1, 1}), f32({1, 1}, {0.5F}), f32({1, 1}, {0}), i32({1}, {1}), i32({1, 1}, {0})}});
  check({"all", "multiclass_nms", counted, {boxes(), scores(), i32({1}, {-1})},
         {f32({1, 1, 4}, {0, 0.1F, 1, 1.1F}), f32({1, 1}, {0.75F}), f32({1, 1}, {0}), i32({1}, {1}), i32({1, 1}, {1})}});
  check_refused({"too many", "multiclass_nms", counted, {boxes(), scores(), i32({1}, {4})}, {}}, "4 of 3 boxes");
}

TEST(MulticlassNms, ConvertsScores) {
  const Attributes sigmoid = limits(3, 1, {{"conversion", std::string("sigmoid")}});
  check({"sigmoid", "multiclass_nms", sigmoid, {boxes(), f32({1, 3, 1}, {-1, -9, 0})},
         {f32({1, 1, 4}, {2, 2, 4, 4}), f32({1, 1}, {0.5F}), f32({1, 1}, {0}), i32({1}, {1}), i32({1, 1}, {2})}});
}

TEST(MulticlassNms, RefusesWhatDoesNotFit) {
  check_refused({"classes", "multiclass_nms", limits(3, 1), {f32({1, 1, 2, 4}, {0, 0, 1, 1, 0, 0, 1, 1}), f32({1, 1, 3}, {0, 0, 0})}, {}},
                "2 boxes for 3 classes");
  check_refused({"rows", "multiclass_nms", limits(3, 1), {boxes(), f32({1, 2, 1}, {0, 0})}, {}}, "have scores of shape");
  check_refused({"total", "multiclass_nms", limits(3, -1), {boxes(), scores()}, {}}, "a number is negative");
  check_refused({"background", "multiclass_nms", limits(3, 1, {{"first_class", std::int64_t{3}}}), {boxes(), scores()}, {}}, "hold no class");
}

TEST(GatherOrZero, TakesRowsOrZeros) {
  const Tensor x = f32({2, 3, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  check({"rows", "gather_or_zero", {}, {x, i32({2, 3}, {2, -1, 0, 1, 1, -1})}, {f32({2, 3, 2}, {5, 6, 0, 0, 1, 2, 9, 10, 9, 10, 0, 0})}});
  check({"none", "gather_or_zero", {}, {u8({1, 0}, {}), i32({1, 2}, {-1, -1})}, {u8({1, 2}, {0, 0})}});
  check_refused({"outside", "gather_or_zero", {}, {x, i32({2, 1}, {3, 0})}, {}}, "outside of 3 rows");
}

}  // namespace
}  // namespace temper::testing
