#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include "base/file.h"
#include "base/memory.h"
#include "cli/command.h"
#include "base/threads.h"
#include "cli/io/report.h"
#include "cli/model_options.h"
#include "cli/sample_inputs.h"
#include "engine/bind_inputs.h"

namespace temper {
namespace {

/// The `share` quantile of sorted times, between neighbours in proportion.
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - static_cast<double>(below));
}

class Bench final : public Command {
 public:
  static constexpr std::string_view kName = "bench";
  static constexpr std::string_view kSummary = "Times a model: loading, the first run, and the runs that follow";
  static constexpr std::string_view kExample =
      "temper bench ssd.pb --image photo.jpg --threads 1 --seconds 5 --json times.json\n"
      "  runs the model on the picture for five seconds; decoding the picture is not timed";

  void declare(CLI::App& app) override {
    model_.declare(app);
    app.add_option("--seconds", seconds_, "How long to measure")
        ->check(CLI::Range(0.0, 86400.0))
        ->capture_default_str();
    app.add_option("--contexts", contexts_, "Runs that happen at once, each in a thread of its own with --threads threads")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    sample_.declare(app);
    declare_json(app, json_);
  }

  ExitCode run() override {
    model_.apply_quiet();
    if (!json_.empty()) check_json_target(json_);
    const Stopwatch load_watch;
    Session session = model_.load();
    const double load_ms = load_watch.elapsed_ms();
    const auto inputs = sample_.make(session);
    const Stopwatch first_watch;
    session.run(inputs);
    const double first_ms = first_watch.elapsed_ms();
    const Stopwatch all;
    const std::vector<double> times = contexts_ > 1 ? measure_together(session, inputs) : measure(session, inputs);
    report(times, all.elapsed_ms(), load_ms, first_ms);
    return ExitCode::kDone;
  }

 private:
  /// Runs until the time is spent, at least 5 times, after 3 runs that do not count.
  std::vector<double> measure(Session& session, const std::vector<NamedTensor>& inputs) const {
    for (int i = 0; i < (seconds_ > 0 ? 3 : 0); ++i) session.run(inputs);
    std::vector<double> times;
    const Stopwatch all;
    while (times.size() < 5 || all.elapsed_ms() < seconds_ * 1000) {
      const Stopwatch one;
      session.run(inputs);
      times.push_back(one.elapsed_ms());
    }
    std::ranges::sort(times);
    return times;
  }

  /// measure() in several threads at once, over one session.
  std::vector<double> measure_together(Session& session, const std::vector<NamedTensor>& inputs) const {
    const Tensors bound = bind_inputs(session.graph(), inputs);
    std::vector<std::vector<double>> times(contexts_);
    std::vector<std::thread> threads;
    std::vector<std::exception_ptr> errors(contexts_);
    for (std::size_t c = 0; c < contexts_; ++c) {
      threads.emplace_back([&, c] {
        try {
          set_thread_count(std::max(1, model_.threads));
          ExecutionContext context(session.executor());
          context.run(bound);
          const Stopwatch all;
          while (times[c].size() < 5 || all.elapsed_ms() < seconds_ * 1000) {
            const Stopwatch one;
            context.run(bound);
            times[c].push_back(one.elapsed_ms());
          }
        } catch (...) {
          errors[c] = std::current_exception();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::exception_ptr& error : errors) {
      if (error) std::rethrow_exception(error);
    }
    std::vector<double> joined;
    for (const auto& mine : times) joined.insert(joined.end(), mine.begin(), mine.end());
    std::ranges::sort(joined);
    return joined;
  }

  void report(const std::vector<double>& times, double all_ms, double load_ms, double first_ms) const {
    const double mean_ms = std::accumulate(times.begin(), times.end(), 0.0) / static_cast<double>(times.size());
    const double runs_per_s = contexts_ > 1 ? 1000 * static_cast<double>(times.size()) / all_ms : 1000 / mean_ms;
    const double peak_mb = static_cast<double>(peak_resident_bytes()) / (1024 * 1024);
    const std::vector<std::pair<std::string, double>> figures = {
        {"median_ms", quantile(times, 0.5)},
        {"min_ms", times.front()},
        {"p90_ms", quantile(times, 0.9)},
        {"p99_ms", quantile(times, 0.99)},
        {"throughput_per_s", static_cast<double>(sample_.batch) * runs_per_s},
        {"load_ms", load_ms},
        {"first_ms", first_ms},
        {"peak_rss_mb", peak_mb}};
    nlohmann::json json = {{"model", model_.file},
                           {"backend", model_.backend},
                           {"batch", sample_.batch},
                           {"contexts", contexts_},
                           {"threads", model_.threads},
                           {"runs", times.size()}};
    for (const auto& [name, value] : figures) json[name] = value;
    if (!json_.empty()) write_json(json_, json);
    if (model_.quiet || json_ == "-") return;
    Table table({"", ">"});
    for (const auto& [name, value] : figures) table.add({name, fmt::format("{:.3f}", value)});
    table.add({"runs", std::to_string(times.size())});
    fmt::print("{}", table.text());
  }

  ModelOptions model_;
  SampleOptions sample_;
  std::size_t contexts_ = 1;
  double seconds_ = 3;
  std::string json_;
};

}  // namespace

REGISTER_COMMAND(Bench);

}  // namespace temper
