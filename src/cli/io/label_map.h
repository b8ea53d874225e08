#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace temper {

/// Names of classes by the number that a model gives them.
class LabelMap {
 public:
  LabelMap() = default;
  explicit LabelMap(std::map<std::int64_t, std::string> names, bool numbered = true)
      : names_(std::move(names)), numbered_(numbered) {}

  bool empty() const { return names_.empty(); }
  std::size_t size() const { return names_.size(); }
  const std::map<std::int64_t, std::string>& names() const { return names_; }
  /// Whether the file itself gave the numbers; otherwise they are places in a list, from 0.
  bool numbered() const { return numbered_; }
  /// The name of a class; its number as text where it has none.
  std::string name(std::int64_t id) const;
  /// Whether the first class is a background or a placeholder: "background", "???", "none_of_the_above" and the like.
  bool begins_with_background() const;
  /// The same names under numbers that are greater by `offset`.
  LabelMap shifted(std::int64_t offset) const;

 private:
  std::map<std::int64_t, std::string> names_;
  bool numbered_ = true;
};

/// Reads a label map: `item { id: 1 name: "x" display_name: "y" }` blocks (the .pbtxt of the Object Detection API; the
/// display name is preferred), or a plain list, a name a line, each with or without its number before it ("0 person",
/// "1: person", "2,person"). Throws ModelError, naming file and line, where it is missing, empty or damaged, or a
/// number comes twice.
LabelMap read_label_map(const std::filesystem::path& path);

/// read_label_map of a file's content.
LabelMap parse_label_map(std::string_view text);

}  // namespace temper
