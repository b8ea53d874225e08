#include "eval/match.h"

#include <gtest/gtest.h>

#include <cmath>

namespace temper {
namespace {

constexpr int kFalse = Matching::kFalse;
constexpr int kNotJudged = Matching::kNotJudged;

TEST(Match, OverlapOfBoxes) {
  const Box square{0, 0, 2, 2};
  EXPECT_DOUBLE_EQ(intersection_over_union(square, square), 1);
  EXPECT_DOUBLE_EQ(intersection_over_union(square, {0, 1, 2, 3}), 2.0 / 6);
  EXPECT_DOUBLE_EQ(intersection_over_union(square, {2, 2, 3, 3}), 0);
  EXPECT_DOUBLE_EQ(intersection_over_union({1, 1, 1, 1}, {1, 1, 1, 1}), 0);
  EXPECT_DOUBLE_EQ(intersection_over_union(square, {2, 2, 0, 0}), 0);
  EXPECT_DOUBLE_EQ(intersection_over_union(square, {NAN, 0, 1, 1}), 0);
  EXPECT_DOUBLE_EQ(share_within({0, 0, 1, 1}, {0, 0.5F, 4, 4}), 0.5);
}

TEST(Match, BestScoreTakesTheBestOverlap) {
  const std::vector<TrueBox> truths = {{1, {0, 0, 10, 10}}, {1, {0, 20, 10, 30}}, {2, {0, 40, 10, 50}}};
  const std::vector<ScoredBox> detections = {
      {1, 0.6F, {0, 0, 10, 10}},   // the same object again, with a lower score
      {1, 0.9F, {0, 1, 10, 11}},   // finds truth 0
      {2, 0.8F, {0, 20, 10, 30}},  // right place, wrong class
      {2, 0.7F, {0, 40, 10, 50}},  // finds truth 2
  };
  const Matching matching = match_boxes(detections, truths);
  EXPECT_EQ(matching.truth_of_detection, (std::vector<int>{kFalse, 0, kFalse, 2}));
  EXPECT_EQ(matching.detection_of_truth, (std::vector<int>{1, -1, 3}));
}

TEST(Match, OverlapOfExactlyTheLeastCounts) {
  const std::vector<TrueBox> truths = {{1, {0, 0, 2, 1}}};
  const std::vector<ScoredBox> detections = {{1, 0.9F, {0, 0, 1, 1}}};
  EXPECT_EQ(match_boxes(detections, truths, 0.5).truth_of_detection[0], 0);
  EXPECT_EQ(match_boxes(detections, truths, 0.51).truth_of_detection[0], kFalse);
}

TEST(Match, IgnoredBoxesAreNeitherFoundNorMissed) {
  const std::vector<TrueBox> truths = {{1, {0, 0, 10, 10}, true}, {0, {0, 20, 10, 30}, true, true}};
  const std::vector<ScoredBox> detections = {
      {1, 0.9F, {0, 0, 5, 5}}, {2, 0.9F, {0, 0, 5, 5}}, {7, 0.9F, {0, 20, 10, 30}}};
  const Matching matching = match_boxes(detections, truths);
  EXPECT_EQ(matching.truth_of_detection, (std::vector<int>{kNotJudged, kFalse, kNotJudged}));
  EXPECT_EQ(matching.detection_of_truth, (std::vector<int>{-1, -1}));
}

TEST(Match, NothingToMatch) { EXPECT_TRUE(match_boxes({}, {}).truth_of_detection.empty()); }

}  // namespace
}  // namespace temper
