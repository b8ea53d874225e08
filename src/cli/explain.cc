#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/memory.h"
#include "cli/command.h"
#include "cli/io/report.h"
#include "cli/model_options.h"
#include "cli/sample_inputs.h"
#include "engine/peak.h"
#include "eval/cost.h"
#include "plan/profile.h"

namespace temper {
namespace {

/// What explain says of a step.
struct StepLine {
  const Node* node = nullptr;
  std::string kernel;
  double time_ms = 0;  ///< a run
  double flops = 0;
  std::int64_t bytes = 0;  ///< read and written, constants too
  std::vector<std::string> refusals;
  std::vector<Candidate> others;
};

/// Of the process: foreseen at the sizes that ran, and seen after the runs.
struct Memory {
  Footprint foreseen;
  std::int64_t peak_bytes = 0;
};

std::int64_t bytes_of(const Fact& fact) {
  if (fact.packed) return static_cast<std::int64_t>(fact.packed->bytes.size_bytes());
  const Dim elements = fact.shape.elements();
  return elements.known() ? elements.value() * static_cast<std::int64_t>(size_of(fact.dtype)) : 0;
}

/// The graph with what is known of its values on the sizes that ran.
Graph sized_graph(const Program& program) {
  Graph graph = program.graph();
  for (std::size_t i = 0; i < graph.value_count(); ++i) graph.fact(static_cast<ValueId>(i)) = program.facts()[i];
  return graph;
}

class Explain final : public Command {
 public:
  static constexpr std::string_view kName = "explain";
  static constexpr std::string_view kSummary = "What is done at each step, by which kernel, how long it takes, and why not faster";
  static constexpr std::string_view kExample =
      "temper explain ssd.plan --image photo.jpg --threads 1\n"
      "  runs the plan on the picture and lists its steps: source nodes, pass, kernel, time, memory, what refused";

  void declare(CLI::App& app) override {
    model_.declare(app);
    sample_.declare(app);
    app.add_option("--runs", runs_, "Runs to time, after two that do not count")->check(CLI::Range(1, 100000))->capture_default_str();
    declare_json(app, json_);
  }

  ExitCode run() override {
    model_.apply_quiet();
    if (!json_.empty()) check_json_target(json_);
    Session session = model_.load({}, {}, true);
    const auto inputs = sample_.make(session);
    for (int i = 0; i < 2; ++i) session.run(inputs);
    const auto before = session.profile();
    const Stopwatch watch;
    for (int i = 0; i < runs_; ++i) session.run(inputs);
    const double run_ms = watch.elapsed_ms() / runs_;
    const Memory memory{session.footprint(), static_cast<std::int64_t>(peak_resident_bytes())};
    const std::vector<StepLine> lines = collect(session, before);
    const double peak = peak_flops_per_s();
    if (!json_.empty()) write_json(json_, as_json(session, lines, memory, run_ms, peak));
    if (json_ != "-") print(session, lines, memory, run_ms, peak);
    return ExitCode::kDone;
  }

 private:
  std::vector<StepLine> collect(const Session& session, const std::vector<NodeProfile>& before) const {
    const Program& program = *session.program();
    const Graph graph = sized_graph(program);
    const auto after = session.profile();
    std::vector<StepLine> lines;
    for (std::size_t i = 0; i < after.size(); ++i) {
      const NodeProfile& one = after[i];
      StepLine line{one.node, one.kernel, static_cast<double>(one.elapsed_ns - before[i].elapsed_ns) / 1e6 / runs_, 0, 0, one.refusals, {}};
      if (const auto id = id_of(program.graph(), one.node)) {
        line.flops = product_flops(graph, graph.node(*id)).value_or(0);
        for (const ValueId value : one.node->inputs) line.bytes += bytes_of(graph.fact(value));
        for (const ValueId value : one.node->outputs) line.bytes += bytes_of(graph.fact(value));
        if (index(*id) < session.plan().tactics.size()) line.others = session.plan().tactics[index(*id)].others;
      }
      lines.push_back(std::move(line));
    }
    return lines;
  }

  /// nullopt for a node of a region.
  static std::optional<NodeId> id_of(const Graph& graph, const Node* node) {
    if (node->outputs.empty()) return std::nullopt;
    const ValueId output = node->outputs[0];
    if (index(output) >= graph.value_count()) return std::nullopt;
    const NodeId id = graph.value(output).producer;
    if (id == NodeId::kNone || &graph.node(id) != node) return std::nullopt;
    return id;
  }

  static std::string sources(const Node& node) {
    if (node.sources.empty()) return node.name;
    return fmt::format("{} (+{})", node.name, node.sources.size());
  }

  nlohmann::json as_json(const Session& session, const std::vector<StepLine>& lines, const Memory& seen, double run_ms, double peak) const {
    const Plan& plan = session.plan();
    const MemoryPlan& memory = session.program()->placement().memory;
    nlohmann::json json = {{"model", model_.file}, {"run_ms", run_ms}, {"peak_gflops", peak / 1e9}, {"steps", nlohmann::json::array()},
                           {"arena_bytes", memory.arena_bytes}, {"arena_lower_bound_bytes", memory.lower_bound_bytes},
                           {"weights_bytes", seen.foreseen.weights_bytes}, {"predicted_peak_bytes", seen.foreseen.total_bytes()},
                           {"predicted", {{"process_bytes", seen.foreseen.process_bytes}, {"code_bytes", seen.foreseen.code_bytes},
                                          {"loose_bytes", seen.foreseen.loose_bytes}, {"ends_bytes", seen.foreseen.ends_bytes},
                                          {"streams_weights", seen.foreseen.streams_weights}}},
                           {"peak_rss_bytes", seen.peak_bytes}, {"cpu", plan.info.cpu}, {"threads", plan.info.threads}};
    for (const InputProfile& one : plan.profile) json["profile"][one.name] = to_string(one);
    for (const PassNote& pass : plan.passes) json["passes"].push_back({{"name", pass.name}, {"patches", pass.patch_count}, {"left_because", pass.skips}});
    for (const StepLine& line : lines) {
      nlohmann::json step = {{"node", line.node->name}, {"sources", line.node->sources}, {"op", line.node->op.name()}, {"pass", line.node->created_by},
                             {"kernel", line.kernel}, {"ms", line.time_ms}, {"bytes", line.bytes}, {"flops", line.flops}, {"refused", line.refusals}};
      if (line.flops > 0 && line.time_ms > 0) step["share_of_peak"] = line.flops / (line.time_ms * 1e-3) / peak;
      for (const Candidate& other : line.others) step["others"].push_back({{"kernel", other.kernel}, {"ms", static_cast<double>(other.time_ns) / 1e6}, {"refusal", other.refusal}});
      json["steps"].push_back(std::move(step));
    }
    return json;
  }

  void print(const Session& session, const std::vector<StepLine>& lines, const Memory& seen, double run_ms, double peak) const {
    Table table({">#", "op", "kernel", ">ms", ">%", ">MB", ">MFLOP", ">% of peak", "source nodes", "made by"});
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const StepLine& line = lines[i];
      const std::string share = line.flops > 0 && line.time_ms > 0 ? fmt::format("{:.0f}", 100 * line.flops / (line.time_ms * 1e-3) / peak) : "";
      table.add({std::to_string(i + 1), std::string(line.node->op.name()), line.kernel, fmt::format("{:.3f}", line.time_ms),
                 fmt::format("{:.1f}", 100 * line.time_ms / run_ms), fmt::format("{:.2f}", static_cast<double>(line.bytes) / (1 << 20)),
                 line.flops > 0 ? fmt::format("{:.1f}", line.flops / 1e6) : "", share, sources(*line.node), line.node->created_by});
    }
    fmt::print("{}", table.text());
    fmt::print("{} steps, {:.3f} ms a run; peak of this machine with these threads: {:.0f} GFLOP/s (measured)\n", lines.size(), run_ms, peak / 1e9);
    print_memory(session, seen);
    print_refusals(lines);
    print_passes(session.plan());
  }

  static void print_memory(const Session& session, const Memory& seen) {
    const MemoryPlan& memory = session.program()->placement().memory;
    const auto bytes = [](std::int64_t count) { return format_bytes(static_cast<std::size_t>(count)); };
    const double ratio = memory.lower_bound_bytes > 0 ? static_cast<double>(memory.arena_bytes) / static_cast<double>(memory.lower_bound_bytes) : 1;
    fmt::print("activations {} (lower bound {}, {:.3f} of it)", bytes(memory.arena_bytes), bytes(memory.lower_bound_bytes), ratio);
    const Footprint& f = seen.foreseen;
    fmt::print("; weights {}{}\n", bytes(f.weights_bytes), f.streams_weights ? " at a time" : "");
    fmt::print("foreseen peak of the process {} ({} before the model, {} code and kernels, {} inputs and outputs, {} results not planned); seen {}\n", bytes(f.total_bytes()),
               bytes(f.process_bytes), bytes(f.code_bytes), bytes(f.ends_bytes), bytes(f.loose_bytes), bytes(seen.peak_bytes));
    for (const auto& [what, text] : session.plan().info.notes) fmt::print("{}: {}\n", what, text);
  }

  /// What would have been asked for and did not take a step, by reason.
  static void print_refusals(const std::vector<StepLine>& lines) {
    std::map<std::string, std::vector<std::size_t>> reasons;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      for (const std::string& refusal : lines[i].refusals) reasons[refusal].push_back(i + 1);
      for (const Candidate& other : lines[i].others) {
        if (!other.refusal.empty()) reasons[fmt::format("{}: {}", other.kernel, other.refusal)].push_back(i + 1);
        else if (other.time_ns > 0) reasons[fmt::format("{}: slower", other.kernel)].push_back(i + 1);
      }
    }
    for (const auto& [reason, steps] : reasons) fmt::print("not taken: {} (steps {})\n", reason, fmt::join(steps, ", "));
  }

  static void print_passes(const Plan& plan) {
    for (const PassNote& pass : plan.passes) {
      if (pass.patch_count > 0) fmt::print("pass {}: {} patches\n", pass.name, pass.patch_count);
      for (const auto& [reason, count] : pass.skips) fmt::print("pass {} left {}: {}\n", pass.name, counted(static_cast<std::size_t>(count), "node"), reason);
    }
  }

  ModelOptions model_;
  SampleOptions sample_;
  int runs_ = 20;
  std::string json_;
};

}  // namespace

REGISTER_COMMAND(Explain);

}  // namespace temper
