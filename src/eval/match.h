#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace temper {

/// A box by its sides, in any unit as long as it is the same for all.
struct Box {
  float ymin = 0;
  float xmin = 0;
  float ymax = 0;
  float xmax = 0;
};

/// Area of the intersection by area of the union; 0 where boxes do not meet or are empty.
double intersection_over_union(const Box& a, const Box& b);
/// Area of the intersection by area of `a`.
double share_within(const Box& a, const Box& b);

struct ScoredBox {
  std::int64_t class_id = 0;
  float score = 0;
  Box box;
};

/// A box that an annotator drew. One that is ignored (a crowd, a difficult or uncertain object) is neither found nor
/// missed, and detections on it are neither right nor false.
struct TrueBox {
  std::int64_t class_id = 0;
  Box box;
  bool ignored = false;
  bool any_class = false;  ///< an ignored region whatever stands in it
};

struct Matching {
  static constexpr int kFalse = -1;
  static constexpr int kNotJudged = -2;
  std::vector<int> truth_of_detection;  ///< the index of the true box it found, kFalse or kNotJudged
  std::vector<int> detection_of_truth;  ///< -1 where it was missed or is ignored
};

/// Assigns detections, best score first, to true boxes of their class: each to the free one that overlaps most, if by
/// at least `least_overlap`. What is left over on an ignored box (least_overlap of the detection's area lies within) is
/// not judged. Source: the PASCAL VOC and COCO evaluation rules.
Matching match_boxes(std::span<const ScoredBox> detections, std::span<const TrueBox> truths,
                     double least_overlap = 0.5);

}  // namespace temper
