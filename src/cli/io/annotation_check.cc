#include "cli/io/annotation_check.h"

#include <fmt/format.h>

namespace temper {

FoundMissedFalse& FoundMissedFalse::operator+=(const FoundMissedFalse& other) {
  found += other.found;
  missed += other.missed;
  false_ones += other.false_ones;
  return *this;
}

std::string to_string(const FoundMissedFalse& counts) {
  return fmt::format("found {}, missed {}, false {}", counts.found, counts.missed, counts.false_ones);
}

AnnotationCheck::AnnotationCheck(Annotations annotations, LabelMap labels)
    : annotations_(std::move(annotations)), labels_(std::move(labels)) {
  by_ = !labels_.empty() ? By::kName : annotations_.class_ids().empty() ? By::kNothing : By::kNumber;
  for (const auto& [id, name] : labels_.names()) {
    key_of_name_.emplace(canonical_class(name), static_cast<std::int64_t>(key_of_name_.size()));
  }
}

std::string AnnotationCheck::rule() const {
  switch (by_) {
    case By::kName:
      return "classes are compared by name";
    case By::kNumber:
      return "classes are compared by number; with --labels they are compared by name";
    case By::kNothing:
      break;
  }
  return "classes are not compared, since their names are not known without --labels";
}

std::int64_t AnnotationCheck::key_of(std::string_view name) const {
  const auto found = key_of_name_.find(canonical_class(name));
  return found == key_of_name_.end() ? -1 : found->second;
}

bool AnnotationCheck::looked_for(std::int64_t class_id) const {
  if (by_ == By::kNothing) return true;
  if (by_ == By::kNumber) return annotations_.class_ids().contains(class_id);
  return annotations_.classes().contains(canonical_class(labels_.name(class_id)));
}

std::vector<TrueBox> AnnotationCheck::truths_of(const std::vector<AnnotatedObject>& objects) const {
  std::vector<TrueBox> truths;
  for (const AnnotatedObject& object : objects) {
    TrueBox truth{0, object.box, object.ignored, object.any_class};
    if (by_ == By::kNumber) truth.class_id = object.class_id.value_or(-1);
    if (by_ == By::kName) truth.class_id = key_of(object.class_name);
    if (by_ != By::kNothing && truth.class_id < 0) truth.ignored = true;
    truths.push_back(truth);
  }
  return truths;
}

std::optional<FoundMissedFalse> AnnotationCheck::compare(const std::filesystem::path& picture,
                                                         std::span<const ScoredBox> detections, int width,
                                                         int height) const {
  const auto* objects = annotations_.find(picture);
  if (objects == nullptr) return std::nullopt;
  const std::vector<TrueBox> truths = truths_of(*objects);
  std::vector<ScoredBox> scaled;
  std::vector<bool> judged;
  const auto w = static_cast<float>(width);
  const auto h = static_cast<float>(height);
  for (const ScoredBox& detection : detections) {
    ScoredBox one = detection;
    one.box = {one.box.ymin * h, one.box.xmin * w, one.box.ymax * h, one.box.xmax * w};
    if (by_ == By::kName) one.class_id = key_of(labels_.name(detection.class_id));
    if (by_ == By::kNothing) one.class_id = 0;
    scaled.push_back(one);
    judged.push_back(looked_for(detection.class_id));
  }
  const Matching matching = match_boxes(scaled, truths);
  FoundMissedFalse counts;
  for (std::size_t i = 0; i < scaled.size(); ++i) {
    const int truth = matching.truth_of_detection[i];
    if (truth >= 0) ++counts.found;
    if (truth == Matching::kFalse && judged[i]) ++counts.false_ones;
  }
  for (std::size_t i = 0; i < truths.size(); ++i) {
    if (!truths[i].ignored && matching.detection_of_truth[i] < 0) ++counts.missed;
  }
  return counts;
}

}  // namespace temper
