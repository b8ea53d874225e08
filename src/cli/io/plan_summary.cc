#include "cli/io/plan_summary.h"

#include <nlohmann/json.hpp>

#include "base/memory.h"
#include "ir/constant.h"
#include "plan/profile.h"

namespace temper {
namespace {

std::map<std::string, std::size_t> census(const Graph& graph) {
  std::map<std::string, std::size_t> counts;
  for (const NodeId id : graph.order()) {
    const std::string_view name = graph.node(id).op.name();
    if (name != Constant::kName && name != PackedConstant::kName) ++counts[std::string(name)];
  }
  return counts;
}

std::string bytes(std::int64_t count) { return format_bytes(static_cast<std::size_t>(count)); }

}  // namespace

std::string describe_plan(const std::string& file, const Plan& plan) {
  const PlanInfo& info = plan.info;
  std::string text = fmt::format("{}\n  format      Temper plan, written by Temper {}\n  made of     {}\n  made for    {} ({}), {} threads, {}\n", file,
                                 info.temper_version, info.source_path, info.cpu, info.isa, info.threads, info.precision);
  if (info.peak_bytes > 0) text += fmt::format("  memory      {} when it runs: weights {}, activations {}\n", bytes(info.peak_bytes), bytes(info.weights_bytes), bytes(info.arena_bytes));
  if (info.memory_limit_bytes > 0) text += fmt::format("  limit       {} of the whole process\n", bytes(info.memory_limit_bytes));
  text += "inputs\n";
  for (const Port& port : plan.graph.inputs()) {
    const auto one = std::ranges::find(plan.profile, port.name, &InputProfile::name);
    text += fmt::format("  {}  {}{}\n", port.name, plan.graph.fact(port.value), one == plan.profile.end() ? "" : ", takes " + to_string(*one));
  }
  text += "outputs\n";
  for (const Port& port : plan.graph.outputs()) text += fmt::format("  {}  {}\n", port.name, plan.graph.fact(port.value));
  text += "operators\n";
  for (const auto& [name, count] : census(plan.graph)) text += fmt::format("  {:4}  {}\n", count, name);
  for (const auto& [what, note] : info.notes) text += fmt::format("note: {}: {}\n", what, note);
  return text;
}

nlohmann::json plan_as_json(const std::string& file, const Plan& plan) {
  const PlanInfo& info = plan.info;
  nlohmann::json json = {{"file", file}, {"format", "Temper plan"}, {"producer", "Temper " + info.temper_version}, {"source", info.source_path},
                         {"cpu", info.cpu}, {"isa", info.isa}, {"threads", info.threads}, {"precision", info.precision},
                         {"peak_bytes", info.peak_bytes}, {"weights_bytes", info.weights_bytes}, {"arena_bytes", info.arena_bytes},
                         {"memory_limit_bytes", info.memory_limit_bytes}, {"op_census", census(plan.graph)}};
  for (const InputProfile& one : plan.profile) json["profile"][one.name] = to_string(one);
  for (const Port& port : plan.graph.inputs()) json["inputs"].push_back({{"name", port.name}, {"fact", describe(plan.graph.fact(port.value))}});
  for (const Port& port : plan.graph.outputs()) json["outputs"].push_back({{"name", port.name}, {"fact", describe(plan.graph.fact(port.value))}});
  return json;
}

}  // namespace temper
