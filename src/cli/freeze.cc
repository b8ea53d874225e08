#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/memory.h"
#include "cli/command.h"
#include "cli/io/arguments.h"
#include "cli/io/report.h"
#include "cli/model_options.h"
#include "export/freeze.h"

namespace temper {
namespace {

/// "NAME" or "NAME=float32".
ImportInput parse_cut(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string::npos) return {text, {}};
  const auto dtype = find_dtype(std::string_view(text).substr(equals + 1));
  require(dtype.has_value(), "--inputs {}: '{}' is no element type", text, text.substr(equals + 1));
  return {text.substr(0, equals), Fact{*dtype, {}, {}}};
}

class Freeze final : public Command {
 public:
  static constexpr std::string_view kName = "freeze";
  static constexpr std::string_view kSummary = "Writes a TensorFlow model as one graph without variables, which TensorFlow loads";
  static constexpr std::string_view kExample =
      "temper freeze saved_model/ -o frozen.pb\n"
      "  finds the outputs, takes what they depend on, and puts the variables' values into the graph";

  void declare(CLI::App& app) override {
    app.add_option("MODEL", model_, "A SavedModel's folder, a checkpoint with its .meta, or a graph")->required();
    app.add_option("-o,--output", output_, "The graph to write: .pb")->required();
    app.add_option("--outputs", outputs_, "Tensors to give, by name: a,b (default: those of the signature, or what nothing uses)");
    app.add_option("--inputs", inputs_, "Tensors that are to be given from outside: NAME or NAME=float32, a,b; what computes them is left out");
    app.add_option("--for-tensorflow", version_, "1.15: write only what that version knows; what has no older spelling is named")->check(CLI::IsMember({"1.15"}));
    app.add_flag("--text", text_, "Write text instead of binary");
    declare_choice(app, choice_);
    app.add_flag("-q,--quiet", quiet_, "No notes and no tables");
    declare_json(app, json_);
  }

  ExitCode run() override {
    set_quiet(quiet_);
    if (!json_.empty()) check_json_target(json_);
    check_writable(output_);
    FreezeOptions options{.import = {.inputs = {}, .outputs = split_names(outputs_), .choice = choice_}, .text = text_, .for_tensorflow_1_15 = !version_.empty()};
    for (const std::string& text : split_names(inputs_)) options.import.inputs.push_back(parse_cut(text));
    const FreezeReport report = freeze_model(model_, output_, options);
    if (!json_.empty()) write_json(json_, as_json(report));
    if (!quiet_ && json_ != "-") print(report);
    return ExitCode::kDone;
  }

 private:
  void print(const FreezeReport& report) const {
    fmt::print("{}: {}, {} of {} nodes, {} from variables\n", output_, format_bytes(report.file_bytes), report.frozen_node_count, report.node_count,
               counted(report.variable_count, "constant"));
    for (const auto& [title, ports] : {std::pair("inputs", &report.inputs), std::pair("outputs", &report.outputs)}) {
      fmt::print("{}\n", title);
      Table table({"", ""});
      for (const FrozenPort& port : *ports) table.add({port.name, port.tensor});
      fmt::print("{}", table.text("  "));
    }
  }

  nlohmann::json as_json(const FreezeReport& report) const {
    const auto ports = [](const std::vector<FrozenPort>& all) {
      nlohmann::json list = nlohmann::json::array();
      for (const FrozenPort& port : all) list.push_back({{"name", port.name}, {"tensor", port.tensor}});
      return list;
    };
    return {{"model", model_}, {"format", report.format}, {"graph", output_}, {"nodes", report.node_count}, {"frozen_nodes", report.frozen_node_count},
            {"variables", report.variable_count}, {"file_bytes", report.file_bytes}, {"inputs", ports(report.inputs)}, {"outputs", ports(report.outputs)}};
  }

  std::string model_, output_, outputs_, inputs_, version_, json_;
  ModelChoice choice_;
  bool text_ = false;
  bool quiet_ = false;
};

}  // namespace
REGISTER_COMMAND(Freeze);

}  // namespace temper
