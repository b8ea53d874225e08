#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>

#include "base/file.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/io/arguments.h"
#include "cli/io/picture_tensor.h"
#include "cli/io/report.h"
#include "cli/model_options.h"

namespace temper {
namespace {

/// The `share` quantile of sorted times, between neighbours in proportion.
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - static_cast<double>(below));
}

/// Random elements, the same in every run: 0..1 of floats, 0..255 of integers as far as they go, true of bools.
Tensor random_tensor(DType dtype, const Shape& shape) {
  std::mt19937 generator(1);  // NOLINT: repeatable
  if (dtype == DType::kBool) {
    Tensor tensor(dtype, shape);
    std::ranges::fill(tensor.mutable_data<bool>(), true);
    return tensor;
  }
  Tensor tensor(dtype, shape);
  visit_numbers(dtype, [&]<class T>(Type<T>) {
    for (T& element : tensor.mutable_data<T>()) {
      const auto bits = static_cast<std::uint32_t>(generator());
      if constexpr (is_float_type<T>)
        element = static_cast<T>(static_cast<float>(bits >> 8) * 0x1p-24F);
      else
        element = static_cast<T>(bits & (dtype == DType::kInt8 ? 0x7fU : 0xffU));
    }
  });
  return tensor;
}

/// `tensor`, whose first dim is 1, repeated along it.
Tensor repeated(const Tensor& tensor, std::int64_t batch) {
  if (batch == 1 || tensor.rank() == 0 || tensor.dim(0) != 1 || tensor.dtype() == DType::kString) return tensor;
  Shape shape = tensor.shape();
  shape.set(0, batch);
  Tensor result(tensor.dtype(), shape);
  const auto out = result.mutable_bytes();
  for (std::size_t at = 0; at < out.size(); at += tensor.size_bytes())
    std::ranges::copy(tensor.bytes(), out.begin() + static_cast<std::ptrdiff_t>(at));
  return result;
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
    app.add_option("--batch", batch_, "Pictures a run")->check(CLI::Range(1, 65536))->capture_default_str();
    app.add_option("--seconds", seconds_, "How long to measure")
        ->check(CLI::Range(0.0, 86400.0))
        ->capture_default_str();
    app.add_option("--image", image_, "A picture to run on (default: random numbers)");
    app.add_option("--input", inputs_, "[NAME=]FILE or NAME=NUMBER, as for run")->allow_extra_args(false);
    app.add_option("--shape", shapes_, "NAME=1x300x300x3, for an input whose shape the model leaves open")
        ->allow_extra_args(false);
    app.add_option("--preprocess", preprocess_, "Of the picture: none (0..255), 0..1, -1..1, caffe, torch")
        ->capture_default_str();
    declare_json(app, json_);
  }

  ExitCode run() override {
    model_.apply_quiet();
    if (!json_.empty()) check_json_target(json_);
    const Stopwatch load_watch;
    Engine engine = model_.load();
    const double load_ms = load_watch.elapsed_ms();
    const auto inputs = make_inputs(engine.graph());
    const Stopwatch first_watch;
    engine.run(inputs);
    const double first_ms = first_watch.elapsed_ms();
    const std::vector<double> times = measure(engine, inputs);
    report(times, load_ms, first_ms);
    return ExitCode::kDone;
  }

 private:
  std::vector<NamedTensor> make_inputs(const Graph& graph) const {
    std::vector<std::string> given = inputs_;
    if (!image_.empty()) given.push_back(find_picture_input(graph).name + "=" + image_);
    std::vector<NamedTensor> inputs;
    for (auto& [name, tensor] : read_inputs(graph, given, preprocess_))
      inputs.push_back({name, repeated(tensor, batch_)});
    Graph shaped = graph;
    for (const std::string& text : shapes_) set_input_shape(shaped, text);
    for (const Port& port : graph.inputs()) {
      const bool known = std::ranges::any_of(inputs, [&](const NamedTensor& input) { return input.name == port.name; });
      if (!known) inputs.push_back({port.name, invented(port.name, shaped.fact(port.value))});
    }
    return inputs;
  }

  Tensor invented(const std::string& name, const Fact& fact) const {
    require(fact.dtype != DType::kString && fact.dtype != DType::kList,
            "input {} is {}; give it with --input or --image", name, fact.dtype);
    require(fact.shape.rank_known(), "input {} may have any shape; choose one with --shape {}=...", name, name);
    Shape shape;
    for (std::size_t axis = 0; axis < fact.shape.rank(); ++axis) {
      const Dim& dim = fact.shape[axis];
      require(dim.known() || axis == 0,
              "input {} is {}; choose its shape with --shape {}=..., or give it a picture with --image", name,
              fact, name);
      shape.push_back(dim.known() && !(axis == 0 && dim.is(1)) ? dim.value() : batch_);
    }
    return random_tensor(fact.dtype, shape);
  }

  /// Runs until the time is spent, at least 5 times, after 3 runs that do not count.
  std::vector<double> measure(Engine& engine, const std::vector<NamedTensor>& inputs) const {
    for (int i = 0; i < (seconds_ > 0 ? 3 : 0); ++i) engine.run(inputs);
    std::vector<double> times;
    const Stopwatch all;
    while (times.size() < 5 || all.elapsed_ms() < seconds_ * 1000) {
      const Stopwatch one;
      engine.run(inputs);
      times.push_back(one.elapsed_ms());
    }
    std::ranges::sort(times);
    return times;
  }

  void report(const std::vector<double>& times, double load_ms, double first_ms) const {
    const double mean_ms = std::accumulate(times.begin(), times.end(), 0.0) / static_cast<double>(times.size());
    const double peak_mb = static_cast<double>(peak_resident_bytes()) / (1024 * 1024);
    const std::vector<std::pair<std::string, double>> figures = {
        {"median_ms", quantile(times, 0.5)},
        {"min_ms", times.front()},
        {"p90_ms", quantile(times, 0.9)},
        {"p99_ms", quantile(times, 0.99)},
        {"throughput_per_s", 1000 * static_cast<double>(batch_) / mean_ms},
        {"load_ms", load_ms},
        {"first_ms", first_ms},
        {"peak_rss_mb", peak_mb}};
    nlohmann::json json = {{"model", model_.file},
                           {"backend", model_.backend},
                           {"batch", batch_},
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
  std::int64_t batch_ = 1;
  double seconds_ = 3;
  std::string image_;
  std::vector<std::string> inputs_;
  std::vector<std::string> shapes_;
  std::string preprocess_ = "none";
  std::string json_;
};

}  // namespace

REGISTER_COMMAND(Bench);

}  // namespace temper
