#pragma once
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eval/match.h"
#include "ir/graph.h"

namespace temper {

/// The order of a box's four numbers.
enum class BoxOrder { kYxYx, kXyXy, kCentreSize, kCornerSize };

/// How a detector gives its answers, of one picture.
struct DetectorSignature {
  enum class Layout {
    kTensors,  ///< boxes [1,n,4], scores [1,n], classes [1,n] and a count in tensors of their own
    kRows      ///< one tensor [1,n,m], a row a detection
  };
  Layout layout = Layout::kTensors;
  std::string input;  ///< empty: the one that takes pictures
  std::string boxes;
  std::string scores;
  std::string classes;  ///< empty: every detection is of class 1
  std::string count;    ///< empty: every row counts
  std::string rows;
  BoxOrder order = BoxOrder::kYxYx;
  std::optional<bool> normalised =
      true;  ///< sides are fractions, not pixels of the input; none: told from their values
  std::size_t box_column = 0;
  std::size_t score_column = 4;
  std::size_t class_column = 5;
  bool counts_from_one = false;  ///< class numbers are those of the Object Detection API, whose first class is 1

  /// The tensors it reads.
  std::vector<std::string> outputs() const;
};

/// Finds the answers of a detector among the graph's outputs: the names of the Object Detection API (detection_boxes,
/// detection_scores, detection_classes, num_detections, whatever the prefix), or one output of rows
/// [1,n,6] with x1, y1, x2, y2, score, class, as CenterNet gives. Throws ModelError, saying what was looked for,
/// otherwise.
DetectorSignature find_detector(const Graph& graph);

/// Reads a description:
///     {"input": "x", "layout": "rows", "rows": "out", "box": "x1y1x2y2", "normalised": false, "score": 4, "class": 5}
///     {"layout": "tensors", "boxes": "b", "scores": "s", "classes": "c", "count": "n", "box": "y1x1y2x2"}
/// "box" may be x1y1x2y2, y1x1y2x2, cxcywh or xywh. Throws ModelError naming the key that is missing, unknown or wrong.
DetectorSignature read_signature(const std::filesystem::path& path);
DetectorSignature parse_signature(std::string_view json);

/// What a signature needs, taken from named outputs.
struct DetectorOutputs {
  const Tensor* boxes = nullptr;
  const Tensor* scores = nullptr;
  const Tensor* classes = nullptr;
  const Tensor* count = nullptr;
  const Tensor* rows = nullptr;
};

/// The detections of at least `min_score`, best first, boxes as fractions of the picture. `width` and `height` are the
/// size of the picture as the network saw it. Throws ModelError where tensors have another form than the signature
/// says.
std::vector<ScoredBox> decode_detections(const DetectorSignature& signature, const DetectorOutputs& outputs, int width,
                                         int height, double min_score);

}  // namespace temper
