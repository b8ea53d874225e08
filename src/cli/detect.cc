#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/file.h"
#include "cli/command.h"
#include "cli/io/annotation_check.h"
#include "cli/io/arguments.h"
#include "cli/io/detector.h"
#include "cli/io/label_map.h"
#include "cli/io/picture_files.h"
#include "cli/io/picture_tensor.h"
#include "cli/io/report.h"
#include "cli/model_options.h"
#include "media/draw.h"
#include "media/picture_writer.h"

namespace temper {
namespace {
namespace fs = std::filesystem;

/// A detector with what is needed to give it pictures and read its answers.
struct Detector {
  Session session;
  PictureInput input;
  DetectorSignature signature;
  Preprocess preprocess;
};

struct Answer {
  std::vector<ScoredBox> detections;
  int width = 0;
  int height = 0;
  double elapsed_ms = 0;
};

const Tensor* output_named(const std::vector<NamedTensor>& outputs, const std::string& name) {
  if (name.empty()) return nullptr;
  for (const NamedTensor& output : outputs) {
    if (plain_name(output.name) == plain_name(name)) return &output.tensor;
  }
  throw ModelError(fmt::format("the model has no output '{}'", name));
}

Answer detect_on(Detector& detector, const std::string& encoded, const Picture& picture, double min_score) {
  PictureTensor given{.tensor = {}, .width = picture.width, .height = picture.height};
  if (detector.input.dtype == DType::kString) {
    given.tensor = encoded_tensor(encoded, detector.input);
  } else {
    given = picture_tensor(picture, detector.input, detector.preprocess);
  }
  const Stopwatch watch;
  const auto outputs = detector.session.run({{detector.input.name, std::move(given.tensor)}});
  const double elapsed_ms = watch.elapsed_ms();
  const DetectorSignature& s = detector.signature;
  const DetectorOutputs found{output_named(outputs, s.boxes), output_named(outputs, s.scores),
                              output_named(outputs, s.classes), output_named(outputs, s.count),
                              output_named(outputs, s.rows)};
  return {decode_detections(s, found, given.width, given.height, min_score), picture.width, picture.height, elapsed_ms};
}

class Detect final : public Command {
 public:
  static constexpr std::string_view kName = "detect";
  static constexpr std::string_view kSummary = "Finds objects in pictures: draws them, lists them, writes a JSON";
  static constexpr std::string_view kExample =
      "temper detect ssd.pb photos/ 'more/*.png' --labels mscoco_label_map.pbtxt --json found.json\n"
      "  draws boxes of score 0.5 and more under detected_images/ and writes them all to found.json";

  void declare(CLI::App& app) override {
    model_.declare(app);
    app.add_option("IMAGE", arguments_, "JPEG, PNG, BMP or WebP files, folders of them, or quoted patterns")
        ->required();
    app.add_option("--labels", labels_file_, "Names of classes: a .pbtxt label map, or a list with a name a line");
    app.add_option("--labels-from", labels_from_,
                   "The class number of the first line of a plain list (default: 0, or 1 where the "
                   "detector's numbers count from 1 and the list has no background)")
        ->check(CLI::Range(0, 1));
    app.add_option("--out", out_, "The folder for drawn pictures")->capture_default_str();
    app.add_flag("--no-draw", no_draw_, "Draw no pictures");
    app.add_option("--min-score", min_score_, "Leave out what scores less")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    app.add_option("--signature", signature_file_,
                   "A JSON that describes inputs and outputs (default: MODEL.detector.json beside the "
                   "model where it exists, else found by names and shapes)");
    app.add_option("--preprocess", preprocess_, "For float inputs: none (0..255), 0..1, -1..1, caffe, torch")
        ->capture_default_str();
    app.add_option("--annotations", annotations_,
                   "Compare: COCO instances .json, or a folder of KITTI .txt or PASCAL VOC .xml files");
    app.add_flag("--exif", exif_, "Turn pictures upright as their EXIF orientation says");
    declare_json(app, json_);
  }

  ExitCode run() override {
    model_.apply_quiet();
    prepare();
    Detector detector = load();
    open_labels(detector.signature);
    images_ = nlohmann::json::array();
    {
      Progress progress(pictures_.size(), "detecting");
      for (std::size_t i = 0; i < pictures_.size(); ++i) {
        progress.at(i + 1, pictures_[i].filename().string());
        std::string text = one(detector, i);
        progress.clear();
        if (!tables_off()) fmt::print("{}", text);
      }
    }
    if (!json_.empty()) write_json(json_, {{"model", model_.file}, {"images", images_}});
    return conclude();
  }

 private:
  bool tables_off() const { return model_.quiet || json_ == "-"; }

  /// Reads and checks everything that can be wrong before the model is loaded.
  void prepare() {
    if (!labels_file_.empty()) labels_ = read_label_map(labels_file_);
    if (!signature_file_.empty()) signature_ = read_signature(signature_file_);
    if (const auto beside = fs::path(model_.file).replace_extension(".detector.json");
        !signature_ && fs::is_regular_file(beside)) {
      signature_ = read_signature(beside);
    }
    parse_preprocess(preprocess_);
    pictures_ = find_pictures(arguments_);
    const auto exists = [](const fs::path& path) {
      std::error_code error;
      return fs::exists(path, error);
    };
    require(std::ranges::any_of(pictures_, exists), "{}: there is no such picture", pictures_.front().string());
    if (!json_.empty()) check_json_target(json_);
    if (no_draw_) return;
    require(!fs::exists(out_) || fs::is_directory(out_), "--out {}: is no folder", out_);
    drawn_ = drawn_paths(pictures_, out_);
    std::set<fs::path> sources;
    for (const fs::path& picture : pictures_) sources.insert(fs::weakly_canonical(picture));
    for (const fs::path& drawn : drawn_) {
      require(!sources.contains(fs::weakly_canonical(drawn)),
              "{}: the drawn picture would replace the original; name another --out folder", drawn.string());
    }
  }

  Detector load() {
    Session session = model_.load(signature_ ? signature_->outputs() : std::vector<std::string>());
    DetectorSignature signature =
        in_context([&] { return model_.file; },
                   [&] {
                     DetectorSignature found =
                         signature_ && !signature_->outputs().empty() ? *signature_ : find_detector(session.graph());
                     if (!signature_ || !signature_->outputs().empty()) return found;
                     const std::string rows = found.rows;  // a description that leaves the output's name open
                     found = *signature_;
                     found.rows = rows;
                     return found;
                   });
    PictureInput input =
        in_context([&] { return model_.file; }, [&] { return find_picture_input(session.graph(), signature.input); });
    if (signature.layout == DetectorSignature::Layout::kRows && !signature_) {
      note("{} is read as rows of x1, y1, x2, y2, score, class; --signature describes another layout", signature.rows);
    }
    return {std::move(session), std::move(input), std::move(signature), parse_preprocess(preprocess_)};
  }

  void open_labels(const DetectorSignature& signature) {
    if (!labels_.empty() && !labels_.numbered()) {
      const bool from_one =
          labels_from_ >= 0 ? labels_from_ == 1 : signature.counts_from_one && !labels_.begins_with_background();
      if (from_one) labels_ = labels_.shifted(1);
      if (from_one && labels_from_ < 0) {
        note("{}: its first line is taken as class 1, as this detector counts; --labels-from 0 takes it as class 0",
             labels_file_);
      }
    }
    if (annotations_.empty()) return;
    check_.emplace(Annotations::read(annotations_), labels_);
    note("{}", check_->rule());
  }

  /// Runs on one picture; gives what is to be printed. A picture that cannot be read or served is noted as skipped.
  std::string one(Detector& detector, std::size_t i) {
    const std::string file = pictures_[i].string();
    Picture picture;
    std::string encoded;
    try {
      encoded = read_file(pictures_[i]);
      picture = in_context([&] { return file; }, [&] { return decode_picture(encoded, {.exif_rotation = exif_}); });
    } catch (const ModelError& error) {
      skipped_.emplace_back(error.what());
      return fmt::format("{}: skipped\n", file);
    }
    const Answer answer =
        in_context([&] { return file; }, [&] { return detect_on(detector, encoded, picture, min_score_); });
    std::string text = described(file, answer);
    if (check_) text += compared(pictures_[i], answer);
    images_.push_back(as_json(file, answer));
    if (!no_draw_) draw(picture, answer, drawn_[i]);
    detection_count_ += answer.detections.size();
    return text;
  }

  std::string compared(const fs::path& picture, const Answer& answer) {
    const auto counts = check_->compare(picture, answer.detections, answer.width, answer.height);
    if (!counts) return "  not annotated\n";
    totals_ += *counts;
    ++compared_;
    return fmt::format("  {}\n", to_string(*counts));
  }

  void draw(Picture& picture, const Answer& answer, const fs::path& target) {
    std::vector<DrawnBox> boxes;
    for (const ScoredBox& d : answer.detections) {
      boxes.push_back({d.box.ymin, d.box.xmin, d.box.ymax, d.box.xmax,
                       fmt::format("{} {:.2f}", labels_.name(d.class_id), d.score),
                       static_cast<int>(d.class_id % 1000)});
    }
    draw_boxes(picture, boxes);
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    require(!error, "{}: the folder cannot be made: {}", target.parent_path().string(), error.message());
    write_picture(target, picture);
    ++drawn_count_;
  }

  std::string described(const std::string& file, const Answer& answer) const {
    std::string text = fmt::format("{}: {} x {}, {}, {:.1f} ms\n", file, answer.width, answer.height,
                                   counted(answer.detections.size(), "detection"), answer.elapsed_ms);
    Table table({">score", "label", ">left", ">top", ">right", ">bottom"});
    for (const ScoredBox& d : answer.detections) {
      const auto pixel = [](float share, int side) { return fmt::format("{:.0f}", share * static_cast<float>(side)); };
      table.add({fmt::format("{:.3f}", d.score), labels_.name(d.class_id), pixel(d.box.xmin, answer.width),
                 pixel(d.box.ymin, answer.height), pixel(d.box.xmax, answer.width), pixel(d.box.ymax, answer.height)});
    }
    return table.empty() ? text : text + table.text("  ");
  }

  nlohmann::json as_json(const std::string& file, const Answer& answer) const {
    nlohmann::json detections = nlohmann::json::array();
    for (const ScoredBox& d : answer.detections) {
      detections.push_back({{"class_id", d.class_id},
                            {"label", labels_.name(d.class_id)},
                            {"score", d.score},
                            {"box", {d.box.ymin, d.box.xmin, d.box.ymax, d.box.xmax}}});
    }
    return {{"file", file},
            {"width", answer.width},
            {"height", answer.height},
            {"ms", answer.elapsed_ms},
            {"detections", detections}};
  }

  ExitCode conclude() const {
    if (!tables_off()) {
      const std::size_t done = pictures_.size() - skipped_.size();
      fmt::print("{} in {}{}\n", counted(detection_count_, "detection"), counted(done, "picture"),
                 drawn_count_ > 0 ? fmt::format(", drawn under {}", out_) : "");
      if (check_) fmt::print("{} of {} annotated: {}\n", compared_, counted(done, "picture"), to_string(totals_));
    }
    for (const std::string& reason : skipped_) warn("skipped: {}", reason);
    if (skipped_.empty()) return ExitCode::kDone;
    warn("{} of {} skipped", skipped_.size(), counted(pictures_.size(), "picture"));
    return ExitCode::kPartly;
  }

  ModelOptions model_;
  std::vector<std::string> arguments_;
  std::string labels_file_;
  int labels_from_ = -1;
  std::string out_ = "detected_images";
  bool no_draw_ = false;
  double min_score_ = 0.5;
  std::string signature_file_;
  std::string preprocess_ = "none";
  std::string annotations_;
  bool exif_ = false;
  std::string json_;

  LabelMap labels_;
  std::optional<DetectorSignature> signature_;
  std::optional<AnnotationCheck> check_;
  std::vector<fs::path> pictures_;
  std::vector<fs::path> drawn_;
  std::vector<std::string> skipped_;
  nlohmann::json images_;
  FoundMissedFalse totals_;
  std::size_t compared_ = 0;
  std::size_t detection_count_ = 0;
  std::size_t drawn_count_ = 0;
};

}  // namespace

REGISTER_COMMAND(Detect);

}  // namespace temper
