#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "cli/command.h"
#include "cli/io/arguments.h"
#include "cli/io/npy.h"
#include "cli/io/npz.h"
#include "cli/io/report.h"
#include "cli/model_options.h"

namespace temper {
namespace {

/// Least, greatest and mean of the elements that are numbers.
struct Statistics {
  double least = NAN;
  double greatest = NAN;
  double mean = NAN;
  std::int64_t nan_count = 0;
};

Statistics statistics_of(const Tensor& tensor) {
  Statistics all;
  if (tensor.dtype() == DType::kString || tensor.dtype() == DType::kList) return all;
  double sum = 0;
  std::int64_t count = 0;
  visit_elements(tensor.dtype(), [&]<class T>(Type<T>) {
    for (const T element : tensor.data<T>()) {
      const auto value = static_cast<double>(element);
      if (std::isnan(value)) {
        ++all.nan_count;
        continue;
      }
      all.least = count == 0 ? value : std::min(all.least, value);
      all.greatest = count == 0 ? value : std::max(all.greatest, value);
      sum += value;
      ++count;
    }
  });
  if (count > 0) all.mean = sum / static_cast<double>(count);
  return all;
}

std::string number(double value) { return std::isnan(value) ? "-" : fmt::format("{:.6g}", value); }

class Run final : public Command {
 public:
  static constexpr std::string_view kName = "run";
  static constexpr std::string_view kSummary = "One inference on arrays or pictures";
  static constexpr std::string_view kExample =
      "temper run model.pb --input images=photo.jpg --output answers.npz\n"
      "  gives the picture to the input called images and writes all outputs, under their names, for numpy.load";

  void declare(CLI::App& app) override {
    model_.declare(app);
    app.add_option("--input", inputs_,
                   "[NAME=]FILE: a .npy or .npz array or a picture; NAME=NUMBER: a scalar. Once per input. NAME=FILE.npy "
                   "also cuts the model at a tensor that is no input: what computes it is left out")
        ->allow_extra_args(false);
    app.add_option("--output", output_, "Where outputs go: .npz, or .npy for one");
    app.add_option("--outputs", outputs_, "Tensors to give, by name: a,b (default: the model's own outputs)");
    app.add_option("--preprocess", preprocess_,
                   "Of pictures for float inputs: none (0..255), 0..1, -1..1, caffe, torch")
        ->capture_default_str();
    declare_json(app, json_);
  }

  ExitCode run() override {
    model_.apply_quiet();
    check_targets();
    Session session = model_.load(split_names(outputs_), given_tensors(inputs_));
    std::vector<NamedTensor> inputs;
    for (auto& [name, tensor] : read_inputs(session.graph(), inputs_, preprocess_))
      inputs.push_back({name, std::move(tensor)});
    const Stopwatch watch;
    const auto outputs = session.run(inputs);
    const double elapsed_ms = watch.elapsed_ms();
    write_outputs(outputs);
    report(outputs, elapsed_ms);
    return ExitCode::kDone;
  }

 private:
  void check_targets() const {
    if (!json_.empty()) check_json_target(json_);
    if (output_.empty()) return;
    check_writable(output_);
    const auto extension = std::filesystem::path(output_).extension();
    require(extension == ".npz" || extension == ".npy", "--output {}: a name that ends in .npz or .npy is needed",
            output_);
  }

  void write_outputs(const std::vector<NamedTensor>& outputs) const {
    if (output_.empty()) return;
    if (std::filesystem::path(output_).extension() == ".npy") {
      require(outputs.size() == 1,
              "--output {}: a .npy file holds one array, but there are {} outputs; name one with --outputs, or "
              "write a .npz",
              output_, outputs.size());
      return write_file(output_, encode_npy(outputs.front().tensor));
    }
    NamedArrays arrays;
    for (const NamedTensor& output : outputs) {
      if (output.tensor.dtype() == DType::kBFloat16) note("{}: bfloat16 is written as float32", output.name);
      arrays.emplace_back(plain_name(output.name), output.tensor);
    }
    write_npz(output_, arrays);
  }

  void report(const std::vector<NamedTensor>& outputs, double elapsed_ms) const {
    if (!json_.empty()) write_json(json_, as_json(outputs, elapsed_ms));
    if (model_.quiet || json_ == "-") return;
    Table table({"output", "dtype", "shape", ">min", ">max", ">mean", ">NaN"});
    for (const NamedTensor& output : outputs) {
      const Statistics s = statistics_of(output.tensor);
      table.add({plain_name(output.name), std::string(dtype_name(output.tensor.dtype())),
                 to_string(output.tensor.shape()), number(s.least), number(s.greatest), number(s.mean),
                 std::to_string(s.nan_count)});
    }
    fmt::print("{}{:.2f} ms\n", table.text(), elapsed_ms);
  }

  nlohmann::json as_json(const std::vector<NamedTensor>& outputs, double elapsed_ms) const {
    nlohmann::json all = nlohmann::json::array();
    for (const NamedTensor& output : outputs) {
      const Statistics s = statistics_of(output.tensor);
      const auto dims = output.tensor.shape().dims();
      all.push_back({{"name", plain_name(output.name)},
                     {"dtype", std::string(dtype_name(output.tensor.dtype()))},
                     {"shape", std::vector<std::int64_t>(dims.begin(), dims.end())},
                     {"min", s.least},
                     {"max", s.greatest},
                     {"mean", s.mean},
                     {"nan", s.nan_count}});
    }
    return {{"model", model_.file}, {"ms", elapsed_ms}, {"outputs", all}};
  }

  ModelOptions model_;
  std::vector<std::string> inputs_;
  std::string output_;
  std::string outputs_;
  std::string preprocess_ = "none";
  std::string json_;
};

}  // namespace

REGISTER_COMMAND(Run);

}  // namespace temper
