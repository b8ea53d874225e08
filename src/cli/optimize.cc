#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/io/arguments.h"
#include "cli/io/report.h"
#include "cli/model_options.h"
#include "engine/compile.h"
#include "engine/session.h"
#include "plan/file/plan_file.h"
#include "plan/profile.h"

namespace temper {
namespace {

/// Where times of kernels are kept between runs: the user's cache folder; nowhere where there is none.
std::filesystem::path default_timing_cache() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0') return std::filesystem::path(cache) / "temper" / "timings";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') return std::filesystem::path(home) / ".cache" / "temper" / "timings";
  return {};
}

Tune parse_tune(const std::string& text) { return text == "off" ? Tune::kOff : text == "full" ? Tune::kFull : Tune::kFast; }

class Optimize final : public Command {
 public:
  static constexpr std::string_view kName = "optimize";
  static constexpr std::string_view kSummary = "Makes a plan of a model for this machine: optimised, with kernels and memory settled";
  static constexpr std::string_view kExample =
      "temper optimize ssd.pb -o ssd.plan --shape image_tensor=1x300x300x3 --threads 2\n"
      "  times the kernels that could run each step and writes the plan, which every command takes in the model's place";

  void declare(CLI::App& app) override {
    app.add_option("FILE", file_, "The model: a file or a folder")->required();
    app.add_option("-o,--output", output_, "The plan to write")->required();
    app.add_option("--precision", precision_, "fp32")->check(CLI::IsMember({"fp32"}))->capture_default_str();
    app.add_option("--shape", shapes_, "NAME=1x300x300x3, or NAME=MIN:OPT:MAX of such shapes; ? leaves a dim open")->allow_extra_args(false);
    app.add_option("--max-batch", max_batch_, "The plan runs batches of 1 to this; 0: any, without a promise")->check(CLI::Range(0, 65536))->capture_default_str();
    app.add_option("--outputs", outputs_, "Tensors to give, by name: a,b (default: the model's own outputs)");
    app.add_option("--threads", threads_, "Threads the plan is for; 0: one for each core")->check(CLI::Range(0, 4096))->capture_default_str();
    app.add_option("--tune", tune_, "How kernels are chosen: off (by rule), fast, full (many timed runs)")->check(CLI::IsMember({"off", "fast", "full"}))->capture_default_str();
    app.add_option("--timing-cache", cache_, "File of kernel times kept between runs; none: do not keep (default: in the user's cache folder)");
    app.add_option("--max-workspace", workspace_, "Most scratch memory of a step, such as 64M; 0: no bound")->capture_default_str();
    app.add_option("--memory-limit", memory_, "Most memory of the whole process, such as 512M, here and when the plan runs; 0: what there is")->capture_default_str();
    app.add_option("--disable-pass", disabled_, "A pass not to run, by name; may be given again")->allow_extra_args(false);
    app.add_option("--device", device_, "cpu")->check(CLI::IsMember({"cpu"}))->capture_default_str();
    declare_choice(app, choice_);
    app.add_flag("-q,--quiet", quiet_, "No notes and no tables");
    declare_json(app, json_);
  }

  ExitCode run() override {
    set_quiet(quiet_);
    if (!json_.empty()) check_json_target(json_);
    check_writable(output_);
    require(!is_plan_file(file_), "{}: is a plan already; give the model that it was made of", file_);
    require(!std::filesystem::exists(output_) || is_plan_file(output_), "-o {}: is there and is no plan; choose another name", output_);
    CompileOptions options = compile_options();
    const Stopwatch watch;
    Plan plan;
    {
      Progress progress(100, "optimising");
      options.progress = [&](std::string_view stage, double share) { progress.at(static_cast<std::size_t>(share * 100), stage); };
      plan = compile(file_, options);
    }
    save_plan(plan, output_);
    report(plan, watch.elapsed_ms());
    return ExitCode::kDone;
  }

 private:
  CompileOptions compile_options() const {
    CompileOptions options{.outputs = split_names(outputs_), .choice = choice_, .disabled_passes = disabled_, .max_batch = max_batch_, .threads = threads_,
                           .tune = parse_tune(tune_), .max_workspace_bytes = parse_size(workspace_), .memory_limit_bytes = parse_size(memory_)};
    options.scratch_folder = std::filesystem::absolute(output_).parent_path();
    for (const std::string& text : shapes_) options.profile.push_back(parse_profile(text));
    if (cache_.empty()) options.timing_cache = default_timing_cache();
    else if (cache_ != "none") options.timing_cache = cache_;
    return options;
  }

  /// Of a process like this one; 0 where it was not foreseen.
  static std::int64_t whole_peak_bytes(const Plan& plan) {
    return plan.info.peak_bytes > 0 ? plan.info.peak_bytes + static_cast<std::int64_t>(baseline_resident_bytes()) : 0;
  }

  void report(const Plan& plan, double elapsed_ms) const {
    const auto bytes = [](std::int64_t count) { return format_bytes(static_cast<std::size_t>(count)); };
    std::size_t step_count = 0;
    for (const Tactic& tactic : plan.tactics) step_count += !tactic.kernel.empty();
    if (!json_.empty()) {
      nlohmann::json json = {{"model", file_}, {"plan", output_}, {"seconds", elapsed_ms / 1000}, {"threads", plan.info.threads}, {"cpu", plan.info.cpu},
                             {"arena_bytes", plan.info.arena_bytes}, {"weights_bytes", plan.info.weights_bytes}, {"peak_bytes", whole_peak_bytes(plan)},
                             {"peak_rss_mb", static_cast<double>(peak_resident_bytes()) / (1 << 20)}, {"file_bytes", std::filesystem::file_size(output_)}};
      for (const InputProfile& one : plan.profile) json["profile"][one.name] = to_string(one);
      write_json(json_, json);
    }
    if (quiet_ || json_ == "-") return;
    for (const auto& [what, text] : plan.info.notes) note("{}: {}", what, text);
    fmt::print("{}: {} in {:.1f} s, {} chosen kernels for {} threads\n", output_, bytes(static_cast<std::int64_t>(std::filesystem::file_size(output_))),
               elapsed_ms / 1000, step_count, plan.info.threads);
    for (const InputProfile& one : plan.profile) fmt::print("  input {}: {}\n", one.name, to_string(one));
    if (plan.info.peak_bytes > 0) {
      fmt::print("  memory when it runs: {} (weights {}, activations {})\n", bytes(whole_peak_bytes(plan)), bytes(plan.info.weights_bytes), bytes(plan.info.arena_bytes));
    }
  }

  std::string file_, output_, outputs_, cache_, json_;
  std::string precision_ = "fp32", tune_ = "fast", device_ = "cpu", workspace_ = "0", memory_ = "0";
  std::vector<std::string> shapes_, disabled_;
  std::int64_t max_batch_ = 0;
  int threads_ = 0;
  bool quiet_ = false;
  ModelChoice choice_;
};

}  // namespace
REGISTER_COMMAND(Optimize);

}  // namespace temper
