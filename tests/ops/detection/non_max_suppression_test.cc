#include "ops/detection/non_max_suppression.h"

#include <random>

#include "ops/detection/greedy_selection.h"
#include "ops/harness.h"

namespace temper::testing {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Tensor number(float value) { return f32({}, {value}); }
Tensor count(std::int32_t value) { return i32({}, {value}); }

/// Three clusters, of which the boxes 0, 1, 2 | 3, 4 | 5 overlap.
Tensor clusters() {
  return f32({6, 4}, {0, 0, 1, 1, 0, 0.1F, 1, 1.1F, 0, -0.1F, 1, 0.9F, 0, 10, 1, 11, 0, 10.1F, 1, 11.1F, 0, 100, 1, 101});
}
Tensor cluster_scores() { return f32({6}, {0.9F, 0.75F, 0.6F, 0.95F, 0.5F, 0.3F}); }

OpCase hard(std::string name, Tensor boxes, Tensor scores, std::int32_t most, float iou, float score, Tensor indices,
            Tensor kept) {
  const auto valid = static_cast<std::int32_t>(indices.elements());
  return {std::move(name), "non_max_suppression", {},
          {std::move(boxes), std::move(scores), count(most), number(iou), number(score), number(0)},
          {std::move(indices), std::move(kept), count(valid)}};
}

TEST(NonMaxSuppression, KeepsTheBestOfEachCluster) {
  check(hard("all", clusters(), cluster_scores(), 6, 0.5F, 0, i32({3}, {3, 0, 5}), f32({3}, {0.95F, 0.9F, 0.3F})));
  check(hard("two at most", clusters(), cluster_scores(), 2, 0.5F, 0, i32({2}, {3, 0}), f32({2}, {0.95F, 0.9F})));
  check(hard("none asked for", clusters(), cluster_scores(), 0, 0.5F, 0, i32({0}, {}), f32({0}, {})));
  check(hard("score threshold", clusters(), cluster_scores(), 6, 0.5F, 0.3F, i32({2}, {3, 0}), f32({2}, {0.95F, 0.9F})));
  check(hard("no boxes", f32({0, 4}, {}), f32({0}, {}), 3, 0.5F, 0, i32({0}, {}), f32({0}, {})));
}

TEST(NonMaxSuppression, TakesCornersInAnyOrder) {
  check(hard("flipped", f32({2, 4}, {1, 1, 0, 0, 0, 1.1F, 1, 0.1F}), f32({2}, {0.5F, 0.6F}), 2, 0.5F, 0, i32({1}, {1}),
             f32({1}, {0.6F})));
}

TEST(NonMaxSuppression, TakesEqualScoresByIndex) {
  check(hard("ties", f32({4, 4}, {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 0, 0, 1, 1}), f32({4}, {0, 1, -0.0F, 1}), 4, 0.5F, -1,
             i32({3}, {1, 3, 2}), f32({3}, {1, 1, -0.0F})));
}

TEST(NonMaxSuppression, SuppressesAboveTheThresholdOnly) {
  const Tensor boxes = f32({2, 4}, {0, 0, 1, 1, 0, 0, 1, 2});  // overlap by exactly 0.5
  check(hard("at", boxes, f32({2}, {2, 1}), 2, 0.5F, 0, i32({2}, {0, 1}), f32({2}, {2, 1})));
  check(hard("above", boxes, f32({2}, {2, 1}), 2, 0.49999997F, 0, i32({1}, {0}), f32({1}, {2})));
  check(hard("zero", f32({3, 4}, {0, 0, 1, 1, 0, 1, 1, 2, 0, 0.99F, 1, 1.5F}), f32({3}, {3, 2, 1}), 3, 0, 0,
             i32({2}, {0, 1}), f32({2}, {3, 2})));
  check(hard("no area", f32({2, 4}, {0, 0, 0, 1, 0, 0, 0, 1}), f32({2}, {2, 1}), 2, 0, 0, i32({2}, {0, 1}), f32({2}, {2, 1})));
}

TEST(NonMaxSuppression, TakesAnyNumber) {
  check(hard("NaN score", f32({2, 4}, {0, 0, 1, 1, 2, 2, 3, 3}), f32({2}, {kNaN, 1}), 2, 0.5F, 0, i32({1}, {1}), f32({1}, {1})));
  check(hard("infinite score", f32({2, 4}, {0, 0, 1, 1, 2, 2, 3, 3}), f32({2}, {1, kInfinity}), 2, 0.5F, 0, i32({2}, {1, 0}),
             f32({2}, {kInfinity, 1})));
  const Tensor boxes = f32({3, 4}, {0, 0, 1, 1, kNaN, 0, 1, 1, 0, 0, kInfinity, 1});
  check(hard("NaN corner", boxes, f32({3}, {3, 2, 1}), 3, 0.5F, 0, i32({2}, {0, 2}), f32({2}, {3, 1})));
}

TEST(NonMaxSuppression, Pads) {
  check({"padded", "non_max_suppression", {{"pad_to_max_output_size", true}},
         {clusters(), cluster_scores(), count(5), number(0.5F), number(0.5F), number(0)},
         {i32({5}, {3, 0, 0, 0, 0}), f32({5}, {0.95F, 0.9F, 0, 0, 0}), count(2)}});
}

// What TensorFlow 2.21 gives for these.
TEST(NonMaxSuppression, WeakensSoftly) {
  const Tensor boxes = f32({5, 4}, {0, 0, 1, 1, 0, 0.1F, 1, 1.1F, 0, 0, 1, 1, 5, 5, 6, 6, 0, -0.1F, 1, 0.9F});
  const Tensor scores = f32({5}, {0.9F, 0.75F, 0.6F, 0.95F, 0.5F});
  check({"soft", "non_max_suppression", {}, {boxes, scores, count(5), number(0.5F), number(0), number(0.5F)},
         {i32({5}, {3, 0, 1, 4, 2}), f32({5}, {0.95F, 0.9F, 0.38400355F, 0.1641437F, 0.05786351F}), count(5)}, 1e-7});
}

TEST(NonMaxSuppression, Refuses) {
  const Tensor one = f32({1, 4}, {0, 0, 1, 1});
  const auto refuse = [](Tensors inputs, const std::string& message) {
    check_refused({"", "non_max_suppression", {}, std::move(inputs), {}}, message);
  };
  refuse({one, f32({2}, {1, 1}), count(1), number(0), number(0), number(0)}, "1 boxes have 2 scores");
  refuse({f32({1, 3}, {0, 0, 1}), f32({1}, {1}), count(1), number(0), number(0), number(0)}, "4 columns");
  refuse({one, f32({1}, {1}), count(-1), number(0), number(0), number(0)}, "may not be negative");
  refuse({one, f32({1}, {1}), count(1), number(1.5F), number(0), number(0)}, "not in [0, 1]");
  refuse({one, f32({1}, {1}), count(1), number(kNaN), number(0), number(0)}, "not in [0, 1]");
  refuse({one, f32({1}, {1}), count(1), number(0), number(0), number(-1)}, "soft_nms_sigma is -1");
}

/// The blocks and bounds of NonMaxSuppressor change nothing of what the definition gives.
TEST(NonMaxSuppressor, AgreesWithTheDefinition) {
  std::mt19937 random(7);
  NonMaxSuppressor suppressor;
  for (int trial = 0; trial < 300; ++trial) {
    const std::size_t boxes = random() % 200;
    const float spread = trial % 3 == 0 ? 1.0F : 5.0F;
    std::uniform_int_distribution<int> grid(0, trial % 2 == 0 ? 8 : 1000);
    std::vector<float> corners(boxes * 4);
    for (float& corner : corners) corner = spread * static_cast<float>(grid(random)) / 8;
    std::vector<float> scores(boxes * 3);
    for (float& score : scores) score = static_cast<float>(grid(random)) / 8 - 1;
    suppressor.set_boxes(corners);
    for (std::size_t label = 0; label < 3; ++label) {
      const float threshold = static_cast<float>(random() % 5) / 4;
      const auto most = static_cast<std::int64_t>(random() % 100);
      std::vector<float> own;
      for (std::size_t i = 0; i < boxes; ++i) own.push_back(scores[i * 3 + label]);
      const auto wanted = select_greedily<float>(own, {most, threshold, -0.5F, 0}, [&](std::int32_t i, std::int32_t j) {
        return intersection_over_union(corners.data() + 4 * i, corners.data() + 4 * j);
      });
      const auto got = suppressor.select(scores.data() + label, 3, {most, threshold, -0.5F});
      ASSERT_TRUE(std::ranges::equal(got, wanted.indices)) << "trial " << trial;
    }
  }
}

TEST(NonMaxSuppressionWithOverlaps, ReadsOverlaps) {
  const Tensor overlaps = f32({3, 3}, {1, 0.6F, 0, 0.2F, 1, 0.9F, 0, 0, 1});
  check({"asymmetric", "non_max_suppression_with_overlaps", {},
         {overlaps, f32({3}, {3, 2, 1}), count(3), number(0.5F), number(0)}, {i32({3}, {0, 1, 2})}});
  check({"suppressed", "non_max_suppression_with_overlaps", {},
         {overlaps, f32({3}, {1, 2, 3}), count(3), number(0.5F), number(0)}, {i32({2}, {2, 0})}});
  check_refused({"not square", "non_max_suppression_with_overlaps", {},
                 {f32({1, 2}, {1, 1}), f32({1}, {1}), count(1), number(0), number(0)}, {}}, "not square");
}

OpCase combined(std::string name, Attributes attributes, std::int32_t per_class, std::int32_t total, Tensors expected) {
  const Tensor boxes = f32({1, 3, 1, 4}, {0, 0, 1, 1, 0, 0.1F, 1, 1.1F, 5, 5, 6, 6});
  const Tensor scores = f32({1, 3, 2}, {0.9F, 0.1F, 0.8F, 0.7F, 0.3F, 0.6F});
  return {std::move(name), "combined_non_max_suppression", std::move(attributes),
          {boxes, scores, count(per_class), count(total), number(0.5F), number(0.2F)}, std::move(expected)};
}

TEST(CombinedNonMaxSuppression, MergesClasses) {
  check(combined("clipped", {}, 2, 5,
                 {f32({1, 5, 4}, {0, 0, 1, 1, 0, 0.1F, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0}),
                  f32({1, 5}, {0.9F, 0.7F, 0.6F, 0.3F, 0}), f32({1, 5}, {0, 1, 1, 0, 0}), i32({1}, {4})}));
  check(combined("padded per class", {{"pad_per_class", true}, {"clip_boxes", false}}, 1, 5,
                 {f32({1, 2, 4}, {0, 0, 1, 1, 0, 0.1F, 1, 1.1F}), f32({1, 2}, {0.9F, 0.7F}), f32({1, 2}, {0, 1}), i32({1}, {2})}));
  check(combined("few in all", {{"clip_boxes", false}}, 2, 1,
                 {f32({1, 1, 4}, {0, 0, 1, 1}), f32({1, 1}, {0.9F}), f32({1, 1}, {0}), i32({1}, {1})}));
  check_refused(combined("none", {}, 0, 1, {}), "must be positive");
}

}  // namespace
}  // namespace temper::testing
