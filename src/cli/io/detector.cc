#include "cli/io/detector.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/file.h"

namespace temper {
namespace {

constexpr std::array<std::string_view, 4> kOrderNames = {"y1x1y2x2", "x1y1x2y2", "cxcywh", "xywh"};

std::string_view last_part(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

std::string output_called(const Graph& graph, std::string_view name) {
  for (const Port& port : graph.outputs()) {
    if (last_part(port.name) == name) return port.name;
  }
  return {};
}

bool may_be_rows(const Fact& fact) {
  return is_float(fact.dtype) && fact.shape.rank_known() && fact.shape.rank() == 3 && fact.shape[2].is(6) &&
         (!fact.shape[0].known() || fact.shape[0].is(1));
}

std::string listed_outputs(const Graph& graph) {
  std::string text;
  for (const Port& port : graph.outputs()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", port.name, describe(graph.fact(port.value)));
  }
  return text.empty() ? "none" : text;
}

/// Elements as float, whatever numbers they are.
std::vector<float> as_floats(const Tensor& tensor, std::string_view what) {
  require(is_number(tensor.dtype()), "{} are {}, not numbers", what, describe(tensor));
  std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
  visit_numbers(tensor.dtype(), [&]<class T>(Type<T>) {
    std::ranges::transform(tensor.data<T>(), values.begin(), [](T value) { return static_cast<float>(value); });
  });
  return values;
}

/// A detection as the tensors give it.
struct Row {
  std::array<float, 4> box{};
  float score = 0;
  float class_number = 1;
};

std::vector<Row> rows_of_tensors(const DetectorOutputs& outputs) {
  require(outputs.boxes != nullptr && outputs.scores != nullptr, "the detector gave no boxes or no scores");
  const auto scores = as_floats(*outputs.scores, "scores");
  const auto boxes = as_floats(*outputs.boxes, "boxes");
  require(boxes.size() == scores.size() * 4,
          "boxes {} and scores {} do not belong together: [1,n,4] and [1,n] are needed", describe(*outputs.boxes),
          describe(*outputs.scores));
  std::vector<float> classes(scores.size(), 1);
  if (outputs.classes != nullptr) classes = as_floats(*outputs.classes, "classes");
  require(classes.size() == scores.size(), "classes {} and scores {} do not belong together",
          outputs.classes == nullptr ? "" : describe(*outputs.classes), describe(*outputs.scores));
  std::size_t count = scores.size();
  if (outputs.count != nullptr) {
    require(outputs.count->elements() == 1, "the count of detections is {}, not one number", describe(*outputs.count));
    const double given = outputs.count->to_double("the count of detections");
    count = given > 0 ? static_cast<std::size_t>(std::min(given, static_cast<double>(count))) : 0;
  }
  std::vector<Row> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::copy_n(boxes.begin() + static_cast<std::ptrdiff_t>(i * 4), 4, rows[i].box.begin());
    rows[i].score = scores[i];
    rows[i].class_number = classes[i];
  }
  return rows;
}

std::vector<Row> rows_of_table(const DetectorSignature& signature, const DetectorOutputs& outputs) {
  require(outputs.rows != nullptr, "the detector gave no rows");
  const Tensor& table = *outputs.rows;
  const std::size_t needed =
      std::max({signature.box_column + 4, signature.score_column + 1, signature.class_column + 1});
  const bool right_form = table.rank() >= 2 && table.dim(table.rank() - 1) >= static_cast<std::int64_t>(needed) &&
                          (table.rank() == 2 || (table.rank() == 3 && table.dim(0) == 1));
  require(right_form, "the rows of detections are {}; [1,n,m] with m of at least {} is needed", describe(table),
          needed);
  const auto values = as_floats(table, "rows");
  const auto width = static_cast<std::size_t>(table.dim(table.rank() - 1));
  std::vector<Row> rows(values.size() / width);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto row = std::span(values).subspan(i * width, width);
    std::ranges::copy(row.subspan(signature.box_column, 4), rows[i].box.begin());
    rows[i].score = row[signature.score_column];
    rows[i].class_number = row[signature.class_column];
  }
  return rows;
}

/// Refuses tables that plainly mean something else than the signature says.
void check_meaning(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const bool whole = std::isnan(row.class_number) || row.class_number == std::round(row.class_number);
    require(whole, "a class number is {}, not whole: the detections have another layout; describe it with --signature",
            row.class_number);
    require(!(row.score > 1.001F) && !(row.score < -0.001F),
            "a score is {}, outside 0..1: the detections have another layout; describe it with --signature", row.score);
  }
}

/// Whether sides are fractions: none of a likely detection is far outside 0..1.
bool sides_are_fractions(const std::vector<Row>& rows) {
  return std::ranges::all_of(rows, [](const Row& row) {
    return !(row.score >= 0.05F) || std::ranges::all_of(row.box, [](float side) { return side > -1 && side < 2; });
  });
}

Box to_box(const std::array<float, 4>& b, BoxOrder order) {
  switch (order) {
    case BoxOrder::kYxYx:
      return {b[0], b[1], b[2], b[3]};
    case BoxOrder::kXyXy:
      return {b[1], b[0], b[3], b[2]};
    case BoxOrder::kCentreSize:
      return {b[1] - b[3] / 2, b[0] - b[2] / 2, b[1] + b[3] / 2, b[0] + b[2] / 2};
    case BoxOrder::kCornerSize:
      return {b[1], b[0], b[1] + b[3], b[0] + b[2]};
  }
  throw InternalError("a box order without a meaning");
}

std::int64_t class_id_of(float number) {
  if (std::isnan(number)) return 0;
  return static_cast<std::int64_t>(std::clamp(number, -1e9F, 1e9F));
}

std::size_t column_of(const nlohmann::json& json, const std::string& key, std::size_t otherwise) {
  if (!json.contains(key)) return otherwise;
  const auto& value = json.at(key);
  require(value.is_number_unsigned() && value.get<std::uint64_t>() < 10000, "'{}' is no column number", key);
  return value.get<std::size_t>();
}

std::string text_of(const nlohmann::json& json, const std::string& key) {
  if (!json.contains(key)) return {};
  require(json.at(key).is_string(), "'{}' is no string", key);
  return json.at(key).get<std::string>();
}

}  // namespace

std::vector<std::string> DetectorSignature::outputs() const {
  std::vector<std::string> names;
  for (const std::string* name : {&boxes, &scores, &classes, &count, &rows}) {
    if (!name->empty()) names.push_back(*name);
  }
  return names;
}

DetectorSignature find_detector(const Graph& graph) {
  DetectorSignature signature;
  signature.boxes = output_called(graph, "detection_boxes");
  signature.scores = output_called(graph, "detection_scores");
  if (!signature.boxes.empty() && !signature.scores.empty()) {
    signature.classes = output_called(graph, "detection_classes");
    signature.count = output_called(graph, "num_detections");
    signature.counts_from_one = true;
    return signature;
  }
  signature = {};
  std::size_t candidates = 0;
  for (const Port& port : graph.outputs()) {
    if (!may_be_rows(graph.fact(port.value))) continue;
    signature.rows = port.name;
    ++candidates;
  }
  require(candidates == 1,
          "its outputs do not look like a detector's. Looked for detection_boxes and detection_scores (with "
          "detection_classes and "
          "num_detections), or one output of rows [1,n,6]; it has {}. Describe it with --signature FILE.json",
          listed_outputs(graph));
  signature.layout = DetectorSignature::Layout::kRows;
  signature.order = BoxOrder::kXyXy;
  signature.normalised.reset();
  return signature;
}

DetectorSignature parse_signature(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  require(!json.is_discarded() && json.is_object(), "is no JSON object");
  constexpr std::array<std::string_view, 13> kKeys = {"input",   "layout",     "rows",       "boxes",      "scores",
                                                      "classes", "count",      "box",        "normalised", "score",
                                                      "class",   "box_column", "first_class"};
  for (const auto& [key, value] : json.items()) {
    require(std::ranges::find(kKeys, key) != kKeys.end(), "has an unknown key '{}'; there are {}", key,
            fmt::join(kKeys, ", "));
  }
  DetectorSignature signature;
  const std::string layout = text_of(json, "layout");
  require(layout == "rows" || layout == "tensors", "'layout' must be \"rows\" or \"tensors\"");
  const bool rows = layout == "rows";
  signature.layout = rows ? DetectorSignature::Layout::kRows : DetectorSignature::Layout::kTensors;
  signature.input = text_of(json, "input");
  signature.rows = text_of(json, "rows");
  signature.boxes = text_of(json, "boxes");
  signature.scores = text_of(json, "scores");
  signature.classes = text_of(json, "classes");
  signature.count = text_of(json, "count");
  require(rows || (!signature.boxes.empty() && !signature.scores.empty()),
          "lacks 'boxes' or 'scores', names of outputs");
  const std::string order = json.contains("box") ? text_of(json, "box") : rows ? "x1y1x2y2" : "y1x1y2x2";
  const auto found = std::ranges::find(kOrderNames, order);
  require(found != kOrderNames.end(), "'box' must be one of {}", fmt::join(kOrderNames, ", "));
  signature.order = static_cast<BoxOrder>(found - kOrderNames.begin());
  signature.normalised.reset();
  if (json.contains("normalised")) {
    require(json.at("normalised").is_boolean(), "'normalised' must be true or false");
    signature.normalised = json.at("normalised").get<bool>();
  }
  signature.box_column = column_of(json, "box_column", 0);
  signature.score_column = column_of(json, "score", 4);
  signature.class_column = column_of(json, "class", 5);
  signature.counts_from_one = column_of(json, "first_class", 0) == 1;
  return signature;
}

DetectorSignature read_signature(const std::filesystem::path& path) {
  return in_context([&] { return "detector description " + path.string(); },
                    [&] {
                      std::error_code error;
                      require(std::filesystem::exists(path, error), "there is no such file");
                      return parse_signature(read_file(path));
                    });
}

std::vector<ScoredBox> decode_detections(const DetectorSignature& signature, const DetectorOutputs& outputs, int width,
                                         int height, double min_score) {
  const bool table = signature.layout == DetectorSignature::Layout::kRows;
  const std::vector<Row> rows = table ? rows_of_table(signature, outputs) : rows_of_tensors(outputs);
  check_meaning(rows);
  const bool fractions = signature.normalised.value_or(sides_are_fractions(rows));
  const float x_unit = fractions ? 1 : static_cast<float>(std::max(width, 1));
  const float y_unit = fractions ? 1 : static_cast<float>(std::max(height, 1));
  std::vector<ScoredBox> detections;
  for (const Row& row : rows) {
    if (!(row.score >= static_cast<float>(min_score))) continue;  // a NaN score is none
    const Box box = to_box(row.box, signature.order);
    const auto clamped = [](float side) { return std::clamp(std::isnan(side) ? 0.0F : side, 0.0F, 1.0F); };
    detections.push_back({class_id_of(row.class_number),
                          row.score,
                          {clamped(box.ymin / y_unit), clamped(box.xmin / x_unit), clamped(box.ymax / y_unit),
                           clamped(box.xmax / x_unit)}});
  }
  std::ranges::stable_sort(detections, [](const ScoredBox& a, const ScoredBox& b) { return a.score > b.score; });
  return detections;
}

}  // namespace temper
