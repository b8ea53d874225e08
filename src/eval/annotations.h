#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "eval/match.h"

namespace temper {

/// A class name in the form in which names are compared: lower case, without spaces and punctuation, and one of the
/// spellings of COCO, PASCAL VOC and KITTI ("Pedestrian" and "person", "diningtable" and "dining table" are the same).
std::string canonical_class(std::string_view name);

/// An object that an annotator marked. Sides are in pixels.
struct AnnotatedObject {
  std::string class_name;
  std::optional<std::int64_t> class_id;  ///< where the format numbers its classes
  Box box;
  bool ignored = false;
  bool any_class = false;
};

/// What annotators marked on pictures, whatever the format: a COCO instances .json, a folder of KITTI label .txt files,
/// or a folder of PASCAL VOC .xml files (or one such file).
class Annotations {
 public:
  /// Throws ModelError, naming the file and what is wrong, where there are none or they are damaged.
  static Annotations read(const std::filesystem::path& path);

  const std::string& format() const { return format_; }
  /// The objects on a picture, found by its file name (KITTI, VOC: without extension); null where it was not annotated.
  const std::vector<AnnotatedObject>* find(const std::filesystem::path& picture) const;
  /// Classes that annotators looked for, in canonical form.
  const std::set<std::string>& classes() const { return classes_; }
  /// The numbers of those classes, where the format has them.
  const std::set<std::int64_t>& class_ids() const { return class_ids_; }

 private:
  void read_coco(const std::filesystem::path& path);
  void read_kitti(const std::filesystem::path& file);
  void read_voc(const std::filesystem::path& file);

  std::string format_;
  bool by_stem_ = false;
  std::map<std::string, std::vector<AnnotatedObject>> objects_;
  std::set<std::string> classes_;
  std::set<std::int64_t> class_ids_;
};

}  // namespace temper
