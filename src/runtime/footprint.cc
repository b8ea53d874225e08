#include "runtime/footprint.h"

#include <algorithm>

#include "base/memory.h"
#include "plan/profile.h"
#include "plan/specialise.h"

namespace temper {
namespace {

/// What a kernel that is made at run time takes for its code and descriptions.
constexpr std::int64_t kKernelBytes = 48 << 10;
/// What lists of steps, facts and tensors take.
constexpr std::int64_t kStepBytes = 4 << 10;

std::int64_t bytes_of(const Fact& fact) {
  if (fact.packed) return static_cast<std::int64_t>(fact.packed->bytes.size_bytes());
  if (fact.constant && fact.dtype != DType::kString && fact.dtype != DType::kList) return static_cast<std::int64_t>(fact.constant->size_bytes());
  return 0;
}

/// Constants that live steps read, each once.
std::int64_t weights_of(const Program& program, bool largest_step) {
  std::vector<bool> seen(program.facts().size());
  std::int64_t all = 0, largest = 0;
  for (const Program::Step& step : program.steps()) {
    std::int64_t mine = 0;
    for (const ValueId input : step.node->inputs) {
      if (seen[index(input)]) continue;
      seen[index(input)] = true;
      mine += bytes_of(program.facts()[index(input)]);
    }
    all += mine;
    largest = std::max(largest, mine);
  }
  return largest_step ? largest : all;
}

std::int64_t planned_bytes(const Program& program, const std::vector<Port>& ports) {
  std::int64_t sum = 0;
  for (const Port& port : ports) {
    const Fact& fact = program.facts()[index(port.value)];
    if (program.placement().places[index(port.value)].planned()) sum += size_bytes(fact);
  }
  return sum;
}

/// The steps at which most of the arena is in use.
std::string largest_steps(const Program& program) {
  std::vector<std::pair<std::int64_t, const Node*>> sizes;
  for (const Program::Step& step : program.steps()) {
    std::int64_t sum = 0;
    if (step.kind != Program::Kind::kPlanned || step.elided) continue;
    for (const auto& ids : {step.node->inputs, step.node->outputs}) {
      for (const ValueId id : ids) {
        if (program.placement().places[index(id)].planned()) sum += size_bytes(program.facts()[index(id)]);
      }
    }
    sizes.emplace_back(sum, step.node);
  }
  std::ranges::sort(sizes, std::greater{}, [](const auto& size) { return size.first; });
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, sizes.size()); ++i) {
    lines.push_back(fmt::format("'{}' ({}, {})", sizes[i].second->name, sizes[i].second->op.name(), format_bytes(static_cast<std::size_t>(sizes[i].first))));
  }
  return fmt::format("{}", fmt::join(lines, ", "));
}

/// What a step reads and writes, as far as that is known; an output may take the place of an input of its size.
std::int64_t least_bytes(const Node& node, const Facts& facts) {
  std::vector<std::int64_t> in;
  std::int64_t sum = 0, shared = 0;
  const auto size_of_value = [&](ValueId value) {
    const Fact& fact = facts[index(value)];
    return fact.dtype != DType::kString && fact.dtype != DType::kList && fact.shape.known() ? size_bytes(fact) : 0;
  };
  for (const ValueId input : node.inputs) in.push_back(size_of_value(input));
  for (const std::int64_t size : in) sum += size;
  for (const ValueId output : node.outputs) {
    const std::int64_t size = size_of_value(output);
    sum += size;
    if (std::ranges::find(in, size) != in.end()) shared = std::max(shared, size);
  }
  return sum - shared;
}

}  // namespace

Footprint footprint_of(const Program& program, bool streams_weights) {
  Footprint footprint;
  std::int64_t kernels = 0;
  for (const Program::Step& step : program.steps()) kernels += step.selection.kernel != nullptr;
  footprint.code_bytes = static_cast<std::int64_t>(baseline_resident_bytes()) + kernels * kKernelBytes +
                         static_cast<std::int64_t>(program.steps().size()) * kStepBytes;
  footprint.weights_bytes = weights_of(program, streams_weights);
  footprint.arena_bytes = program.placement().memory.arena_bytes;
  footprint.ends_bytes = planned_bytes(program, program.graph().inputs()) + planned_bytes(program, program.graph().outputs());
  footprint.streams_weights = streams_weights;
  return footprint;
}

Footprint fit(const Program& program, std::size_t limit_bytes) {
  const Footprint whole = footprint_of(program, false);
  const auto limit = static_cast<std::int64_t>(limit_bytes);
  if (limit == 0 || whole.total_bytes() <= limit) return whole;
  const Footprint streamed = footprint_of(program, true);
  if (streamed.total_bytes() <= limit) return streamed;
  const auto text = [](std::int64_t bytes) { return format_bytes(static_cast<std::size_t>(bytes)); };
  throw ModelError(fmt::format(
      "needs {} of memory at these sizes, but {} is allowed: {} for the program and its kernels, {} for the weights of one step at a time (all: {}), "
      "{} for activations, {} for inputs and outputs; the largest steps are {}; smaller inputs, a smaller batch or --max-workspace 0 would help",
      text(streamed.total_bytes()), text(limit), text(streamed.code_bytes), text(streamed.weights_bytes), text(whole.weights_bytes),
      text(streamed.arena_bytes), text(streamed.ends_bytes), largest_steps(program)));
}

void fit(Executor& executor, const Plan& plan, std::size_t limit_bytes) {
  if (limit_bytes == 0) return;
  const auto inputs = opt_facts(executor.graph(), plan.profile);
  if (inputs && fit(*executor.program_for(*inputs), limit_bytes).streams_weights) executor.stream_constants();
}

void require_room(const Graph& graph, const Facts& facts, std::size_t limit_bytes) {
  if (limit_bytes == 0) return;
  const auto room = static_cast<std::int64_t>(limit_bytes) - static_cast<std::int64_t>(baseline_resident_bytes());
  for (const NodeId id : live_nodes(graph, facts)) {
    const Node& node = graph.node(id);
    if (node.op.view()) continue;
    const std::int64_t needed = least_bytes(node, facts);
    require(needed <= room, "needs more than the {} of memory that are allowed: '{}' ({}) alone reads and writes {} at these sizes, beside {} for the program; smaller inputs or a smaller batch would help",
            format_bytes(limit_bytes), node.name, node.op.name(), format_bytes(static_cast<std::size_t>(needed)), format_bytes(baseline_resident_bytes()));
  }
}

}  // namespace temper
