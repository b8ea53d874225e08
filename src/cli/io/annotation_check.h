#pragma once
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "cli/io/label_map.h"
#include "eval/annotations.h"

namespace temper {

/// What detections on pictures are worth beside annotations.
struct FoundMissedFalse {
  std::size_t found = 0;
  std::size_t missed = 0;
  std::size_t false_ones = 0;

  FoundMissedFalse& operator+=(const FoundMissedFalse& other);
};

/// "found 3, missed 1, false 0"
std::string to_string(const FoundMissedFalse& counts);

/// Compares detections with annotations at an overlap of 0.5. Classes are compared by name where there are labels, by
/// number where only the annotations have numbers, else not at all. Objects of a class that the labels lack, and
/// detections of a class that annotators did not look for, are not judged.
class AnnotationCheck {
 public:
  AnnotationCheck(Annotations annotations, LabelMap labels);

  /// "classes are compared by name"
  std::string rule() const;
  /// Boxes are fractions of the picture of `width` x `height`. None where the picture was not annotated.
  std::optional<FoundMissedFalse> compare(const std::filesystem::path& picture, std::span<const ScoredBox> detections,
                                          int width, int height) const;

 private:
  enum class By { kName, kNumber, kNothing };
  std::vector<TrueBox> truths_of(const std::vector<AnnotatedObject>& objects) const;
  std::int64_t key_of(std::string_view name) const;
  bool looked_for(std::int64_t class_id) const;

  Annotations annotations_;
  LabelMap labels_;
  By by_;
  std::map<std::string, std::int64_t> key_of_name_;
};

}  // namespace temper
