#include "eval/annotations.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "base/file.h"

namespace temper {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 8> kKittiClasses = {"car",           "van",     "truck", "pedestrian",
                                                           "personsitting", "cyclist", "tram",  "misc"};
constexpr std::array<std::string_view, 20> kVocClasses = {
    "aeroplane",   "bicycle", "bird",  "boat",      "bottle", "bus",         "car",   "cat",  "chair", "cow",
    "diningtable", "dog",     "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"};

std::vector<fs::path> files_of(const fs::path& folder, std::string_view extension) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

/// The text of the first element `tag` at or after `from` in `xml`; moves `from` behind it. For the flat files of VOC,
/// whose elements of one name do not nest.
std::optional<std::string_view> next_element(std::string_view xml, std::string_view tag, std::size_t& from) {
  const std::string open = fmt::format("<{}>", tag);
  const std::string close = fmt::format("</{}>", tag);
  const std::size_t begin = xml.find(open, from);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t end = xml.find(close, begin);
  require(end != std::string_view::npos, "<{}> does not end", tag);
  from = end + close.size();
  return xml.substr(begin + open.size(), end - begin - open.size());
}

std::string text_of(std::string_view xml, std::string_view tag) {
  std::size_t from = 0;
  const auto text = next_element(xml, tag, from);
  require(text.has_value(), "an object has no <{}>", tag);
  const std::size_t first = text->find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text->substr(first, text->find_last_not_of(" \t\r\n") + 1 - first));
}

float number_of(const std::string& text) {
  float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(error == std::errc() && end == text.data() + text.size(), "'{}' is no number", text);
  return value;
}

}  // namespace

std::string canonical_class(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80) {
      plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  static const std::map<std::string_view, std::string_view> kSpellings = {
      {"pedestrian", "person"}, {"aeroplane", "airplane"}, {"motorbike", "motorcycle"}, {"sofa", "couch"},
      {"tvmonitor", "tv"},      {"television", "tv"},      {"cellphone", "mobilephone"}};
  const auto found = kSpellings.find(plain);
  return found == kSpellings.end() ? plain : std::string(found->second);
}

void Annotations::read_coco(const fs::path& path) {
  format_ = "COCO";
  try {
    const auto json = nlohmann::json::parse(read_file(path));
    std::map<std::int64_t, std::string> categories;
    for (const auto& category : json.at("categories")) {
      const auto id = category.at("id").get<std::int64_t>();
      categories[id] = category.at("name").get<std::string>();
      classes_.insert(canonical_class(categories[id]));
      class_ids_.insert(id);
    }
    std::map<std::int64_t, std::vector<AnnotatedObject>*> images;
    for (const auto& image : json.at("images")) {
      const fs::path name = image.at("file_name").get<std::string>();
      images[image.at("id").get<std::int64_t>()] = &objects_[name.filename().string()];
    }
    for (const auto& annotation : json.at("annotations")) {
      const auto image = images.find(annotation.at("image_id").get<std::int64_t>());
      if (image == images.end()) continue;
      const auto id = annotation.at("category_id").get<std::int64_t>();
      const auto box = annotation.at("bbox").get<std::array<float, 4>>();
      const bool crowd = annotation.contains("iscrowd") && annotation.at("iscrowd") != 0;
      const auto name = categories.find(id);
      image->second->push_back({name == categories.end() ? std::to_string(id) : name->second, id,
                                Box{box[1], box[0], box[1] + box[3], box[0] + box[2]}, crowd});
    }
  } catch (const nlohmann::json::exception& error) {
    throw ModelError(fmt::format("is no COCO instances file: {}", error.what()));
  }
}

void Annotations::read_kitti(const fs::path& file) {
  auto& objects = objects_[file.stem().string()];
  std::istringstream lines(read_file(file));
  int line_number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++line_number;
    std::istringstream fields(line);
    std::string name;
    if (!(fields >> name)) continue;
    double unused = 0;
    AnnotatedObject object{name, {}, {}, false, false};
    fields >> unused >> unused >> unused >> object.box.xmin >> object.box.ymin >> object.box.xmax >> object.box.ymax;
    require(!fields.fail(), "{}: line {}: is no KITTI label (type truncated occluded alpha left top right bottom ...)",
            file.string(), line_number);
    object.ignored = object.any_class = name == "DontCare";
    objects.push_back(std::move(object));
  }
}

void Annotations::read_voc(const fs::path& file) {
  in_context([&] { return file.string(); },
             [&] {
               const std::string xml = read_file(file);
               require(xml.find("<annotation") != std::string::npos,
                       "is no PASCAL VOC annotation: it has no <annotation>");
               auto& objects = objects_[file.stem().string()];
               std::size_t from = 0;
               while (const auto object = next_element(xml, "object", from)) {
                 const std::string box = text_of(*object, "bndbox");
                 const auto side = [&](std::string_view tag) { return number_of(text_of(box, tag)); };
                 std::size_t start = 0;
                 const auto difficult = next_element(*object, "difficult", start);
                 // Pixels count from 1, and the last one belongs to the box.
                 objects.push_back({text_of(*object, "name"),
                                    {},
                                    Box{side("ymin") - 1, side("xmin") - 1, side("ymax"), side("xmax")},
                                    difficult.has_value() && difficult->find('1') != std::string_view::npos});
                 classes_.insert(canonical_class(objects.back().class_name));
               }
             });
}

Annotations Annotations::read(const fs::path& path) {
  return in_context([&] { return "annotations " + path.string(); },
                    [&] {
                      Annotations all;
                      std::error_code error;
                      require(fs::exists(path, error), "there is no such file or folder");
                      if (!fs::is_directory(path, error)) {
                        if (path.extension() != ".xml") return all.read_coco(path), all;
                        all.format_ = "PASCAL VOC";
                        all.by_stem_ = true;
                        for (const auto name : kVocClasses) all.classes_.insert(canonical_class(name));
                        return all.read_voc(path), all;
                      }
                      const auto xml_files = files_of(path, ".xml");
                      const auto text_files = files_of(path, ".txt");
                      require(
                          !xml_files.empty() || !text_files.empty(),
                          "the folder has neither PASCAL VOC .xml nor KITTI .txt files (COCO: name the .json file)");
                      all.by_stem_ = true;
                      all.format_ = xml_files.empty() ? "KITTI" : "PASCAL VOC";
                      for (const fs::path& file : xml_files) all.read_voc(file);
                      if (xml_files.empty()) {
                        for (const fs::path& file : text_files) all.read_kitti(file);
                        for (const auto name : kKittiClasses) all.classes_.insert(canonical_class(name));
                      } else {
                        for (const auto name : kVocClasses) all.classes_.insert(canonical_class(name));
                      }
                      return all;
                    });
}

const std::vector<AnnotatedObject>* Annotations::find(const fs::path& picture) const {
  const auto found = objects_.find((by_stem_ ? picture.stem() : picture.filename()).string());
  return found == objects_.end() ? nullptr : &found->second;
}

}  // namespace temper
