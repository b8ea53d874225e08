#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "cli/command.h"
#include "cli/io/arguments.h"
#include "cli/io/label_map.h"
#include "cli/io/picture_files.h"
#include "cli/io/picture_tensor.h"
#include "cli/io/ranking.h"
#include "cli/io/report.h"
#include "cli/model_options.h"

namespace temper {
namespace {
namespace fs = std::filesystem;

bool may_be_scores(const Fact& fact) {
  if (!is_number(fact.dtype)) return false;
  if (!fact.shape.rank_known()) return true;
  const auto& dims = fact.shape.dims();
  if (dims.empty() || dims.back().is(1)) return false;
  return std::all_of(dims.begin(), dims.end() - 1, [](const Dim& dim) { return !dim.known() || dim.is(1); });
}

class Classify final : public Command {
 public:
  static constexpr std::string_view kName = "classify";
  static constexpr std::string_view kSummary = "Says what pictures show: the best classes with their scores";
  static constexpr std::string_view kExample =
      "temper classify mobilenet.pb photos/ --labels imagenet_labels.txt --preprocess -1..1 --top 5\n"
      "  lists the five best classes of every picture in the folder";

  void declare(CLI::App& app) override {
    model_.declare(app);
    app.add_option("IMAGE", arguments_, "JPEG, PNG, BMP or WebP files, folders of them, or quoted patterns")
        ->required();
    app.add_option("--labels", labels_file_, "Names of classes: a list with a name a line, or a .pbtxt label map");
    app.add_option("--top", top_, "How many classes to list")->check(CLI::Range(1, 1000000))->capture_default_str();
    app.add_option("--preprocess", preprocess_,
                   "For float inputs: none (0..255), 0..1, -1..1, caffe, torch (default: none)");
    app.add_option("--resize-mode", resize_mode_, "stretch, or crop: keep proportions and cut out the middle")
        ->capture_default_str();
    app.add_option("--outputs", output_, "The output that holds the scores (default: the one of that shape)");
    app.add_flag("--exif", exif_, "Turn pictures upright as their EXIF orientation says");
    declare_json(app, json_);
  }

  ExitCode run() override {
    model_.apply_quiet();
    prepare();
    Session session = model_.load(split_names(output_));
    const auto input = in_context([&] { return model_.file; }, [&] { return find_picture_input(session.graph()); });
    const std::string output = in_context([&] { return model_.file; }, [&] { return score_output(session.graph()); });
    if (preprocess_.empty() && is_float(input.dtype)) {
      note("pixels are given as 0..255; a model trained otherwise needs --preprocess 0..1, -1..1, caffe or torch");
    }
    nlohmann::json images = nlohmann::json::array();
    Progress progress(pictures_.size(), "classifying");
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
      progress.at(i + 1, pictures_[i].filename().string());
      if (auto answer = one(session, input, output, pictures_[i])) {
        progress.clear();
        if (!tables_off()) print(*answer);
        images.push_back(std::move(*answer));
      }
    }
    progress.clear();
    if (!json_.empty()) write_json(json_, {{"model", model_.file}, {"images", images}});
    for (const std::string& reason : skipped_) warn("skipped: {}", reason);
    if (skipped_.empty()) return ExitCode::kDone;
    warn("{} of {} skipped", skipped_.size(), counted(pictures_.size(), "picture"));
    return ExitCode::kPartly;
  }

 private:
  bool tables_off() const { return model_.quiet || json_ == "-"; }

  void prepare() {
    if (!labels_file_.empty()) labels_ = read_label_map(labels_file_);
    if (!preprocess_.empty()) parse_preprocess(preprocess_);
    parse_resize_mode(resize_mode_);
    pictures_ = find_pictures(arguments_);
    const auto exists = [](const fs::path& path) {
      std::error_code error;
      return fs::exists(path, error);
    };
    require(std::ranges::any_of(pictures_, exists), "{}: there is no such picture", pictures_.front().string());
    if (!json_.empty()) check_json_target(json_);
  }

  std::string score_output(const Graph& graph) const {
    std::vector<std::string> able;
    std::string all;
    for (const Port& port : graph.outputs()) {
      const Fact& fact = graph.fact(port.value);
      all += fmt::format("{}{} {}", all.empty() ? "" : ", ", port.name, describe(fact));
      if (may_be_scores(fact)) able.push_back(port.name);
    }
    require(!able.empty(), "no output looks like the scores of classes, [1,classes]; it has {}", all);
    require(able.size() == 1, "several outputs could be the scores of classes: {}; name one with --outputs", all);
    return able.front();
  }

  /// The picture's entry in the JSON; none where it is skipped.
  std::optional<nlohmann::json> one(Session& session, const PictureInput& input, const std::string& output,
                                    const fs::path& path) {
    std::string encoded;
    Picture picture;
    try {
      encoded = read_file(path);
      picture =
          in_context([&] { return path.string(); }, [&] { return decode_picture(encoded, {.exif_rotation = exif_}); });
    } catch (const ModelError& error) {
      skipped_.emplace_back(error.what());
      return std::nullopt;
    }
    return in_context(
        [&] { return path.string(); },
        [&] {
          const Preprocess preprocess = preprocess_.empty() ? Preprocess::kNone : parse_preprocess(preprocess_);
          Tensor tensor = input.dtype == DType::kString
                              ? encoded_tensor(std::move(encoded), input)
                              : picture_tensor(picture, input, preprocess, parse_resize_mode(resize_mode_)).tensor;
          const Stopwatch watch;
          const auto outputs = session.run({{input.name, std::move(tensor)}});
          const double elapsed_ms = watch.elapsed_ms();
          const auto found = std::ranges::find(outputs, output, &NamedTensor::name);
          invariant(found != outputs.end(), "output {} was not given", output);
          auto answer =
              ranked(in_context([&] { return "output " + output; }, [&] { return class_scores(found->tensor); }));
          return std::optional<nlohmann::json>({{"file", path.string()},
                                                {"width", picture.width},
                                                {"height", picture.height},
                                                {"ms", elapsed_ms},
                                                {"classes", answer}});
        });
  }

  nlohmann::json ranked(std::vector<float> scores) {
    const bool first = !fitted_.has_value();
    if (first) {
      std::string remark;
      fitted_ = fitted_labels(labels_, scores.size(), remark);
      if (!remark.empty()) note("{}", remark);
    }
    if (!are_probabilities(scores)) {
      if (!std::exchange(said_softmax_, true)) note("the scores are no probabilities; their softmax is shown");
      scores = softmax_of(scores);
    }
    nlohmann::json classes = nlohmann::json::array();
    for (const std::size_t place : best_places(scores, top_)) {
      classes.push_back(
          {{"class_id", place}, {"label", fitted_->name(static_cast<std::int64_t>(place))}, {"score", scores[place]}});
    }
    return classes;
  }

  static void print(const nlohmann::json& answer) {
    fmt::print("{}: {} x {}, {:.1f} ms\n", answer["file"].get<std::string>(), answer["width"].get<int>(),
               answer["height"].get<int>(), answer["ms"].get<double>());
    Table table({">score", "label"});
    for (const auto& one : answer["classes"]) {
      table.add({fmt::format("{:.4f}", one["score"].get<double>()), one["label"].get<std::string>()});
    }
    fmt::print("{}", table.text("  "));
  }

  ModelOptions model_;
  std::vector<std::string> arguments_;
  std::string labels_file_;
  std::size_t top_ = 5;
  std::string preprocess_;
  std::string resize_mode_ = "stretch";
  std::string output_;
  bool exif_ = false;
  std::string json_;

  LabelMap labels_;
  std::optional<LabelMap> fitted_;
  bool said_softmax_ = false;
  std::vector<fs::path> pictures_;
  std::vector<std::string> skipped_;
};

}  // namespace

REGISTER_COMMAND(Classify);

}  // namespace temper
