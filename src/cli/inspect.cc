#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/memory.h"
#include "cli/command.h"
#include "cli/io/arguments.h"
#include "cli/io/plan_summary.h"
#include "cli/io/report.h"
#include "cli/model_options.h"
#include "eval/cost.h"
#include "import/import.h"
#include "plan/file/plan_file.h"

namespace temper {
namespace {

/// The graph's cost, or why it is not known.
struct Estimate {
  std::optional<GraphCost> cost;
  std::string failure;
  std::string assumption;
  std::vector<SourcePort> outputs;  ///< with what the graph tells of them; empty where it is not known
};

/// Unknown first dims of inputs become 1.
std::string assume_batch_of_one(Graph& graph) {
  std::string assumed;
  for (const Port& port : graph.inputs()) {
    Fact& fact = graph.fact(port.value);
    if (!fact.shape.rank_known() || fact.shape.rank() == 0 || fact.shape[0].known()) continue;
    fact.shape.set(0, 1);
    assumed += fmt::format("{}{} {}", assumed.empty() ? "" : ", ", port.name, to_string(fact.shape));
  }
  return assumed;
}

class Inspect final : public Command {
 public:
  static constexpr std::string_view kName = "inspect";
  static constexpr std::string_view kSummary =
      "Says what a model holds: inputs, outputs, operators, cost, what is unsupported";
  static constexpr std::string_view kExample =
      "temper inspect ssd.pb --shape image_tensor=1x300x300x3\n"
      "  describes the model; FLOPs and memory are those of a picture of 300 x 300";

  void declare(CLI::App& app) override {
    app.add_option("FILE", file_, "The model (a file or a folder) or plan")->required();
    app.add_option("--outputs", outputs_,
                   "Look at what these tensors depend on: a,b (default: the model's own outputs)");
    app.add_option("--shape", shapes_, "NAME=1x300x300x3, for the estimates, where the model leaves shapes open")
        ->allow_extra_args(false);
    declare_choice(app, choice_);
    app.add_flag("-q,--quiet", quiet_, "No notes");
    declare_json(app, json_);
  }

  ExitCode run() override {
    set_quiet(quiet_);
    if (!json_.empty()) check_json_target(json_);
    if (is_plan_file(file_)) return inspect_plan();
    ImportOptions options;
    options.outputs = split_names(outputs_);
    options.choice = choice_;
    const ModelSummary summary = summarise_model(file_, options);
    const Estimate estimate = summary.unsupported.empty() ? estimated(options) : Estimate{};
    if (!json_.empty()) write_json(json_, as_json(summary, estimate));
    if (json_ != "-") print(summary, estimate);
    const bool whole = summary.unsupported.empty() && estimate.failure.empty();
    return whole ? ExitCode::kDone : ExitCode::kPartly;
  }

 private:
  ExitCode inspect_plan() const {
    require(outputs_.empty() && shapes_.empty(), "{}: is a plan: its outputs and shapes were settled when it was made", file_);
    const Plan plan = load_plan(file_, WeightsCheck::kAlways);
    if (!json_.empty()) write_json(json_, plan_as_json(file_, plan));
    if (json_ != "-") fmt::print("{}", describe_plan(file_, plan));
    return ExitCode::kDone;
  }

  Estimate estimated(const ImportOptions& options) const {
    Estimate estimate;
    Graph graph;
    try {
      graph = import_model(file_, options);
    } catch (const ModelError& error) {
      estimate.failure = error.what();
      return estimate;
    }
    for (const Port& port : graph.outputs()) estimate.outputs.push_back({port.name, graph.fact(port.value)});
    set_shapes(graph, shapes_);
    Graph assumed = graph;
    try {
      estimate.assumption = assume_batch_of_one(assumed);
      if (!estimate.assumption.empty()) assumed.infer();
      graph = std::move(assumed);
    } catch (const ModelError&) {  // a batch of one is not what this graph takes
      estimate.assumption.clear();
    }
    estimate.cost = estimate_cost(graph);
    return estimate;
  }

  /// A file says nothing of its outputs' shapes; the graph does.
  static const std::vector<SourcePort>& outputs_of(const ModelSummary& summary, const Estimate& estimate) {
    return estimate.outputs.empty() ? summary.outputs : estimate.outputs;
  }

  static std::vector<std::pair<std::string, std::size_t>> by_count(const ModelSummary& summary) {
    std::vector<std::pair<std::string, std::size_t>> ops(summary.op_census.begin(), summary.op_census.end());
    std::ranges::stable_sort(ops, [](const auto& a, const auto& b) { return a.second > b.second; });
    return ops;
  }

  void print(const ModelSummary& summary, const Estimate& estimate) const {
    fmt::print("{}\n  format      {}\n  producer    {}\n", file_, summary.format,
               summary.producer.empty() ? "not said" : summary.producer);
    fmt::print("  nodes       {}, of which outputs depend on {}{}\n", summary.node_count, summary.live_node_count,
               summary.function_count > 0 ? fmt::format("; {}", counted(summary.function_count, "function")) : "");
    fmt::print("  parameters  {} ({})\n", summary.parameter_count, format_bytes(summary.parameter_bytes));
    print_variables(summary);
    print_estimate(summary, estimate);
    print_signatures(summary);
    for (const auto& [title, ports] :
         {std::pair("inputs", &summary.inputs), std::pair("outputs", &outputs_of(summary, estimate))}) {
      fmt::print("{}\n", title);
      Table table({"", ""});
      for (const SourcePort& port : *ports) table.add({port.name, describe(port.fact)});
      fmt::print("{}", table.text("  "));
    }
    fmt::print("operators\n");
    Table census({">", ""});
    for (const auto& [op, count] : by_count(summary)) census.add({std::to_string(count), op});
    fmt::print("{}", census.text("  "));
    if (!summary.unsupported.empty()) print_unsupported(summary);
    if (!estimate.failure.empty()) fmt::print("cannot be run\n  {}\n", estimate.failure);
  }

  static void print_variables(const ModelSummary& summary) {
    if (summary.variable_count == 0 && summary.unused_variables.empty()) return;
    constexpr std::size_t kShown = 3;
    const auto& unused = summary.unused_variables;
    const auto shown = std::span(unused).first(std::min(kShown, unused.size()));
    fmt::print("  variables   {}{}\n", summary.variable_count,
               unused.empty() ? "" : fmt::format("; outputs do not need {} more in the checkpoint: {}{}", unused.size(), fmt::join(shown, ", "), unused.size() > kShown ? ", ..." : ""));
  }

  static void print_signatures(const ModelSummary& summary) {
    if (summary.signatures.empty()) return;
    fmt::print("signatures\n");
    Table table({"", "", ""});
    const auto names = [](const std::vector<SourcePort>& ports) {
      std::vector<std::string_view> all;
      for (const SourcePort& port : ports) all.push_back(port.name);
      return fmt::format("{}", fmt::join(all, ", "));
    };
    for (const SignatureSummary& signature : summary.signatures) {
      table.add({signature.name, fmt::format("({}) -> {}", names(signature.inputs), names(signature.outputs)), signature.chosen ? "*" : ""});
    }
    fmt::print("{}", table.text("  "));
  }

  static void print_estimate(const ModelSummary& summary, const Estimate& estimate) {
    if (!estimate.cost) return;
    const GraphCost& cost = *estimate.cost;
    const std::string bodies = cost.has_regions ? "; bodies of loops and branches once each" : "";
    const std::string open = cost.uncounted_products > 0 ? fmt::format("; {} of open shape left out, see --shape",
                                                                       counted(cost.uncounted_products, "product"))
                                                         : "";
    fmt::print("  FLOPs       {:.4g} (convolutions and matrix products{}{})\n", cost.flops, bodies, open);
    const std::string unsized =
        cost.unsized_values > 0 ? fmt::format("; {} of open size left out", counted(cost.unsized_values, "value")) : "";
    fmt::print("  memory      {} = parameters + {} of activations{}\n",
               format_bytes(summary.parameter_bytes + cost.peak_activation_bytes),
               format_bytes(cost.peak_activation_bytes), unsized);
    if (!estimate.assumption.empty()) fmt::print("              for {}\n", estimate.assumption);
  }

  static void print_unsupported(const ModelSummary& summary) {
    fmt::print("unsupported\n");
    Table table({"operator", ">count", "where"});
    for (const UnsupportedOp& op : summary.unsupported) {
      constexpr std::size_t kShown = 3;
      const std::vector<std::string> shown(
          op.nodes.begin(), op.nodes.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, op.nodes.size())));
      table.add({op.op, std::to_string(op.nodes.size()),
                 fmt::format("{}{}", fmt::join(shown, ", "), op.nodes.size() > kShown ? ", ..." : "")});
    }
    fmt::print("{}", table.text("  "));
  }

  nlohmann::json as_json(const ModelSummary& summary, const Estimate& estimate) const {
    const auto ports = [](const std::vector<SourcePort>& all) {
      nlohmann::json list = nlohmann::json::array();
      for (const SourcePort& port : all) {
        nlohmann::json shape;  // null where the rank is unknown; null for an unknown dim
        if (port.fact.shape.rank_known()) {
          shape = nlohmann::json::array();
          for (const Dim& dim : port.fact.shape.dims())
            shape.push_back(dim.known() ? nlohmann::json(dim.value()) : nlohmann::json());
        }
        list.push_back({{"name", port.name}, {"dtype", std::string(dtype_name(port.fact.dtype))}, {"shape", shape}});
      }
      return list;
    };
    nlohmann::json unsupported = nlohmann::json::array();
    for (const UnsupportedOp& op : summary.unsupported)
      unsupported.push_back({{"op", op.op}, {"count", op.nodes.size()}, {"nodes", op.nodes}});
    nlohmann::json json = {{"model", file_},
                           {"format", summary.format},
                           {"producer", summary.producer},
                           {"nodes", summary.node_count},
                           {"live_nodes", summary.live_node_count},
                           {"functions", summary.function_count},
                           {"parameters", summary.parameter_count},
                           {"parameter_bytes", summary.parameter_bytes},
                           {"inputs", ports(summary.inputs)},
                           {"outputs", ports(outputs_of(summary, estimate))},
                           {"ops", summary.op_census},
                           {"unsupported", unsupported}};
    if (!summary.signatures.empty() || summary.variable_count > 0) {
      json["variables"] = summary.variable_count;
      json["unused_variables"] = summary.unused_variables;
      json["signatures"] = nlohmann::json::object();
      for (const SignatureSummary& signature : summary.signatures) {
        json["signatures"][signature.name] = {{"inputs", ports(signature.inputs)}, {"outputs", ports(signature.outputs)}, {"chosen", signature.chosen}};
      }
    }
    if (estimate.cost) {
      json["flops"] = estimate.cost->flops;
      json["products_of_open_shape"] = estimate.cost->uncounted_products;
      json["activation_bytes"] = estimate.cost->peak_activation_bytes;
      json["values_of_open_size"] = estimate.cost->unsized_values;
    }
    if (!estimate.failure.empty()) json["failure"] = estimate.failure;
    return json;
  }

  std::string file_;
  std::string outputs_;
  std::vector<std::string> shapes_;
  bool quiet_ = false;
  ModelChoice choice_;
  std::string json_;
};

}  // namespace

REGISTER_COMMAND(Inspect);

}  // namespace temper
